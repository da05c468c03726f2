#!/usr/bin/env python3
"""The day table by polars: expressions only.

    polars_days.py INPUT OUTPUT.csv [--threads N]

Participant and minute become one number, `at`: consecutive recorded minutes of one person differ by 1, and nothing else
does. Whatever looks at runs needs only the minutes with steps and the ends of segments, an eighth of the rows: a run of
zeros lies between two of these. A bout needs no loop either. Brisk minutes with less than three others between them form a
cluster; the rule can begin only one bout in it, at the first minute whose own ten hold eight brisk ones, and that bout
lasts until the cluster's end.
"""

import day_table

if __name__ == "__main__":
    arguments = day_table.arguments(__doc__.splitlines()[0])

import polars as pl
from day_table import (
    BAND_FLOORS,
    BOUT_BRISK,
    BOUT_END,
    BOUT_WINDOW,
    BRISK,
    COLUMNS,
    MET_FLOORS,
    VALID_HOURS,
    VALID_WEAR,
    VIGOROUS,
    ZEROS_LONG,
    ZEROS_SHORT,
)

DAY = 1440
PERSON = 100_000 * DAY  # more than the minutes from 1970 to 2199
BANDS = [name for name in COLUMNS if name.startswith("m_")]

at, day, steps = pl.col("at"), pl.col("day"), pl.col("steps")


def scan(path):
    """Participant, minute since 1970, steps."""
    if day_table.is_parquet(path):
        table = pl.scan_parquet(path)
        per_minute = {"ms": 60_000, "us": 60_000_000, "ns": 60_000_000_000}[table.collect_schema()["timestamp"].time_unit]
        minute = pl.col("timestamp").to_physical() // per_minute
    else:
        # Read as text and turned into stamps after: five times as fast as the CSV reader's own stamps.
        table = pl.scan_csv(path, schema={"participant_id": pl.String, "timestamp": pl.String, "steps": pl.Int32})
        stamp = pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", cache=False)
        minute = stamp.to_physical() // 60_000
    return table.select(
        "participant_id",
        (pl.col("participant_id").rle_id().cast(pl.Int64) * PERSON + minute).alias("at"),
        steps.cast(pl.Int32),
    )


def by_day(runs):
    """Runs from `start` to before `end`, one row for each day in which they have `here` minutes."""
    return (
        runs.with_columns(pl.int_ranges(pl.col("start") // DAY, (pl.col("end") - 1) // DAY + 1).alias("day"))
        .explode("day")
        .with_columns(
            (pl.min_horizontal(pl.col("end"), (day + 1) * DAY) - pl.max_horizontal(pl.col("start"), day * DAY)).alias("here")
        )
    )


def day_rows(minutes):
    """The day table, from every recorded minute."""
    minutes = minutes.lazy().with_columns((at // DAY).alias("day"))
    recorded = minutes.group_by("day").agg(
        pl.col("participant_id").first(),
        pl.len().cast(pl.Int32).alias("minutes_recorded"),
        steps.sum().alias("total_steps"),
    )
    breaks = at.diff().fill_null(0) != 1
    events = (
        minutes.select("at", "day", "steps", breaks.alias("first"), breaks.shift(-1, fill_value=True).alias("last"))
        .filter((steps > 0) | pl.col("first") | pl.col("last"))
        .collect()
        .lazy()
    )

    stepped = events.filter(steps > 0)
    measures = stepped.group_by("day").agg(
        pl.len().cast(pl.Int32).alias("stepped"),
        *((steps >= floor).sum().cast(pl.Int32).alias(f"from_{floor}") for floor in [*BAND_FLOORS[2:], 110, VIGOROUS]),
        steps.max().alias("max"),
        steps.top_k(30).sum().alias("sum30"),
        steps.top_k(60).sum().alias("sum60"),
        (at // 60).n_unique().cast(pl.Int32).alias("hours_with_steps"),
    )

    start, end = at.shift(1) + (steps.shift(1) > 0), at + (steps == 0)
    zeros = by_day(
        events.select(start.alias("start"), end.alias("end"), "first").filter(
            ~pl.col("first") & (pl.col("end") - pl.col("start") >= ZEROS_SHORT)
        )
    )
    not_worn = zeros.group_by("day").agg(
        pl.col("here").sum().alias("zeros60"),
        pl.col("here").filter(pl.col("end") - pl.col("start") >= ZEROS_LONG).sum().alias("zeros90"),
    )

    brisk = events.select(
        "at",
        "steps",
        pl.col("first").cum_sum().alias("segment"),
        pl.when("last").then(at).fill_null(strategy="backward").alias("segment_last"),
    ).filter(steps >= BRISK)
    begins = (at.shift(1 - BOUT_BRISK) - at < BOUT_WINDOW) & (at + BOUT_WINDOW - 1 <= pl.col("segment_last"))
    apart = (at.diff() > BOUT_END) | (pl.col("segment").diff() != 0)
    bouts = by_day(
        brisk.select("at", apart.fill_null(False).cum_sum().alias("cluster"), begins.fill_null(False).alias("begins"))
        .group_by("cluster")
        .agg(at.filter(pl.col("begins")).min().alias("start"), (at.max() + 1).alias("end"))
        .drop_nulls("start")
    )
    bout_days = bouts.group_by("day").agg(
        pl.col("here").sum().alias("bout_min"),
        pl.len().cast(pl.Int32).alias("bout_count"),
        pl.col("here").max().alias("longest_bout_min"),
    )

    met = 2 * pl.col(f"from_{MET_FLOORS[0]}") + pl.sum_horizontal(f"from_{floor}" for floor in MET_FLOORS)
    at_least = lambda floor: pl.col("stepped" if floor == 1 else f"from_{floor}")
    bands = [
        (at_least(floor) - at_least(above) if above else at_least(floor)).alias(name)
        for name, floor, above in zip(BANDS[1:], BAND_FLOORS[1:], [*BAND_FLOORS[2:], None])
    ]
    peak = lambda total, most: pl.when(pl.col("minutes_recorded") >= most).then(pl.col(total) / most)
    return (
        recorded.join(measures, on="day", how="left")
        .join(not_worn, on="day", how="left")
        .join(bout_days, on="day", how="left")
        .sort("day")
        .with_columns(pl.exclude("day", "participant_id", "minutes_recorded", "total_steps").fill_null(0))
        .with_columns(
            (day % (PERSON // DAY)).cast(pl.Int32).cast(pl.Date).alias("local_date"),
            (pl.col("minutes_recorded") - pl.col("stepped")).alias("m_0"),
            *bands,
            at_least(BRISK).alias("brisk_min"),
            at_least(VIGOROUS).alias("vigorous_min"),
            peak("max", 1).alias("peak1_spm"),
            peak("sum30", 30).alias("peak30_spm"),
            peak("sum60", 60).alias("peak60_spm"),
            met.alias("met_min_floor"),
            (pl.col("minutes_recorded") - pl.col("zeros60")).alias("wear60_min"),
            (pl.col("minutes_recorded") - pl.col("zeros90")).alias("wear90_min"),
        )
        .with_columns(
            (pl.col("wear60_min") >= VALID_WEAR).alias("valid60"),
            (pl.col("wear90_min") >= VALID_WEAR).alias("valid90"),
            ((pl.col("wear60_min") >= VALID_WEAR) | (pl.col("hours_with_steps") >= VALID_HOURS)).alias("valid_day"),
        )
        .select(COLUMNS)
        .collect()
    )


if __name__ == "__main__":
    day_rows(scan(arguments.input).collect()).write_csv(arguments.output)
