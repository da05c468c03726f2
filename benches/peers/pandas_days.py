#!/usr/bin/env python3
"""The day table by pandas, with numpy where a column needs arithmetic only.

    pandas_days.py INPUT OUTPUT.csv [--threads N]

How bouts and runs of zeros follow from the minutes with steps and the ends of segments is told in polars_days.py.
"""

import day_table

if __name__ == "__main__":
    arguments = day_table.arguments(__doc__.splitlines()[0])

import numpy as np
import pandas as pd
import pyarrow as pa
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


def read(path, threads):
    """Who (a category), minute since 1970, steps."""
    if day_table.is_parquet(path):
        table = pd.read_parquet(
            path, engine="pyarrow", read_dictionary=["participant_id"], use_threads=threads > 1
        )
    else:
        table = pd.read_csv(path, engine="pyarrow")
    unit = np.timedelta64(1, "m") // np.timedelta64(1, np.datetime_data(table["timestamp"].dtype)[0])
    minute = table["timestamp"].to_numpy().view(np.int64) // unit
    return table["participant_id"].astype("category"), minute, table["steps"].to_numpy()


def by_day(start, end):
    """Runs from `start` to before `end`, one row for each day in which they have `here` minutes; `run` is all of it."""
    first, last = start // DAY, (end - 1) // DAY
    runs = pd.DataFrame({"start": start, "end": end, "run": end - start}).loc[
        np.repeat(np.arange(start.size), last - first + 1)
    ]
    day = runs.index.to_series().groupby(level=0).cumcount().to_numpy() + runs["start"].to_numpy() // DAY
    runs["day"] = day
    runs["here"] = np.minimum(runs["end"], (day + 1) * DAY) - np.maximum(runs["start"], day * DAY)
    return runs


def top(steps, day, recorded, most):
    """Mean of the `most` highest of each day; `steps` sorted by day and falling."""
    rank = pd.Series(day).groupby(day, sort=False).cumcount().to_numpy()
    total = pd.Series(steps[rank < most]).groupby(day[rank < most], sort=False).sum()
    return (total.reindex(recorded.index, fill_value=0) / most).where(recorded >= most)


def day_rows(who, minute, steps):
    """The day table, from every recorded minute."""
    codes = who.cat.codes.to_numpy().astype(np.int64)
    at = codes * PERSON + minute
    breaks = np.flatnonzero(np.diff(at) != 1) + 1
    starts = at[np.concatenate([[0], breaks])]
    ends = at[np.concatenate([breaks - 1, [at.size - 1]])] + 1
    days = by_day(starts, ends).groupby("day")["here"].sum().to_frame("minutes_recorded")
    recorded = days["minutes_recorded"]

    # The minutes with steps and the ends of segments.
    edge = np.zeros(at.size, bool)
    edge[0] = edge[-1] = True
    edge[breaks] = edge[breaks - 1] = True
    kept = np.flatnonzero((steps > 0) | edge)
    event_at, event_steps = at[kept], steps[kept]
    segment = np.searchsorted(starts, event_at, side="right")

    zeros_from = event_at[:-1] + (event_steps[:-1] > 0)
    zeros_to = event_at[1:] + (event_steps[1:] == 0)
    long_enough = (segment[1:] == segment[:-1]) & (zeros_to - zeros_from >= ZEROS_SHORT)
    zeros = by_day(zeros_from[long_enough], zeros_to[long_enough])
    for name, shortest in (("wear60_min", ZEROS_SHORT), ("wear90_min", ZEROS_LONG)):
        off = zeros[zeros["run"] >= shortest].groupby("day")["here"].sum()
        days[name] = recorded - off.reindex(days.index, fill_value=0)

    stepped = event_steps > 0
    at, steps, segment = event_at[stepped], event_steps[stepped], segment[stepped]
    day = at // DAY
    row = days.index.get_indexer(day)
    count = lambda where: np.bincount(row[where], minlength=len(days))
    days["total_steps"] = np.bincount(row, steps, len(days)).astype(np.int64)
    band = np.searchsorted(BAND_FLOORS, steps, side="right") - 1
    bands = np.bincount(row * len(BANDS) + band, minlength=len(days) * len(BANDS)).reshape(-1, len(BANDS))
    for index, name in enumerate(BANDS):
        days[name] = bands[:, index]
    days["m_0"] = recorded - bands.sum(axis=1)
    days["brisk_min"] = count(steps >= BRISK)
    days["vigorous_min"] = count(steps >= VIGOROUS)
    days["met_min_floor"] = 2 * count(steps >= MET_FLOORS[0]) + sum(count(steps >= floor) for floor in MET_FLOORS)
    days["hours_with_steps"] = count(np.flatnonzero(np.diff(at // 60, prepend=-1)))

    order = np.argsort(day * 100_000 - steps)
    for most in (1, 30, 60):
        days[f"peak{most}_spm"] = top(steps[order], day[order], recorded, most)

    brisk = steps >= BRISK
    at, segment = at[brisk], segment[brisk]
    eighth = np.full(at.size, np.iinfo(np.int64).max)
    eighth[: 1 - BOUT_BRISK] = at[BOUT_BRISK - 1 :]
    begins = (eighth - at < BOUT_WINDOW) & (at + BOUT_WINDOW <= ends[segment - 1])
    apart = (np.diff(at, prepend=-PERSON) > BOUT_END) | (np.diff(segment, prepend=-1) != 0)
    clusters = pd.DataFrame({"cluster": np.cumsum(apart), "at": at})
    start = clusters[begins].groupby("cluster")["at"].min()
    end = clusters.groupby("cluster")["at"].max().loc[start.index] + 1
    bouts = by_day(start.to_numpy(), end.to_numpy()).groupby("day")["here"]
    for name, value in (("bout_min", bouts.sum()), ("bout_count", bouts.size()), ("longest_bout_min", bouts.max())):
        days[name] = value.reindex(days.index, fill_value=0)

    days["valid60"] = (days["wear60_min"] >= VALID_WEAR).astype(int)
    days["valid90"] = (days["wear90_min"] >= VALID_WEAR).astype(int)
    days["valid_day"] = days["valid60"] | (days["hours_with_steps"] >= VALID_HOURS).astype(int)
    number = days.index.to_numpy()
    days["participant_id"] = who.cat.categories.take(number // (PERSON // DAY))
    days["local_date"] = (number % (PERSON // DAY)).astype("datetime64[D]").astype(str)
    return days[COLUMNS]


def main():
    pa.set_cpu_count(arguments.threads)
    pa.set_io_thread_count(max(arguments.threads, 1))
    day_rows(*read(arguments.input, arguments.threads)).to_csv(arguments.output, index=False)


if __name__ == "__main__":
    main()
