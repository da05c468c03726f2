#!/usr/bin/env python3
"""Writes synthetic minute steps of a study: seeded, so that the same arguments give the same rows.

    make_input.py --people 20 --days 365 --seed 1 --format csv --out minutes.csv
    make_input.py --format csv --zst --copies 100 --out minutes.csv.zst
    make_input.py --format parquet --writer polars --out minutes.parquet

Columns `participant_id, timestamp, steps`; one row a recorded minute, sorted by participant and time; stamps as they
stand, without a zone. 85 % of the minutes are zero: nights, sitting, and days on which the counter lay in a drawer. The
rest is pottering at low cadence and walks of 5 to 40 minutes at 90 to 130 steps a minute with short stops; no minute
reaches 190. A few minutes, hours and days are absent. Invented from seeds; nobody's record.

Memory does not grow with the number of people: one person's year is made, written and dropped.

Parquet as its writers leave it by default, in the types that each reads from the CSV form: `--writer pyarrow` (the
default; snappy, dictionaries, milliseconds), `polars` (zstd, microseconds), `duckdb` (snappy, microseconds).
`--encoding delta`: by pyarrow, stamps as DELTA_BINARY_PACKED without a dictionary, zstd.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAY_MIN = 1440
FIRST_DAY = np.datetime64("2023-01-01")
MOST_STEPS = 189
HEADER = b"participant_id,timestamp,steps\n"


def steps_of(random, days):
    """One person's steps in every minute of `days` days."""
    steps = np.zeros((days, DAY_MIN), np.int64)
    wake = np.clip(random.normal(7.0, 0.8, days) * 60, 240, 660).astype(int)
    sleep = np.clip(random.normal(22.9, 0.9, days) * 60, wake + 600, 1439).astype(int)
    minute = np.arange(DAY_MIN)
    awake = (minute >= wake[:, None]) & (minute < sleep[:, None])

    # Pottering comes in spells: a busy hour has many minutes with a few steps, a sitting one hardly any.
    busy = np.repeat(random.beta(1.1, 4.4, (days, DAY_MIN // 15)), 15, axis=1)
    moving = awake & (random.random((days, DAY_MIN)) < busy)
    pottering = np.minimum(1 + random.exponential(22, (days, DAY_MIN)), 95).astype(np.int64)
    steps[moving] = pottering[moving]
    # Somebody gets up at night.
    up = ~awake & (random.random((days, DAY_MIN)) < 0.004)
    steps[up] = pottering[up] // 2

    flat = steps.reshape(-1)
    for _ in range(random.poisson(1.3 * days)):
        day = random.integers(days)
        start = day * DAY_MIN + random.integers(wake[day], DAY_MIN)  # late walks may cross midnight
        length = random.integers(5, 41)
        walk = random.normal(random.uniform(90, 130), 6, length).astype(np.int64)
        stops = random.random(length) < 0.08
        walk[stops] = walk[stops] * random.integers(0, 70, stops.sum()) // 100
        walk[0] = walk[0] * random.integers(20, 100) // 100
        end = min(start + length, flat.size)
        flat[start:end] = walk[: end - start]
    for _ in range(random.poisson(0.05 * days)):
        start = random.integers(flat.size)
        flat[start : start + random.integers(3, 20)] = random.integers(140, MOST_STEPS + 1)  # a run
    # In a drawer.
    for day in np.flatnonzero(random.random(days) < 0.04):
        steps[day, random.integers(0, 700) :] = 0
    return np.clip(flat, 0, MOST_STEPS)


def recorded_of(random, minutes):
    """Which minutes are there: a few are lost alone, by the hour, and now and then for a day or two."""
    kept = np.ones(minutes, bool)
    days = minutes // DAY_MIN
    for count, shortest, longest in ((0.05 * days, 1, 4), (0.02 * days, 5, 600), (0.004 * days, 1500, 3000)):
        for _ in range(random.poisson(count)):
            start = random.integers(minutes)
            kept[start : start + random.integers(shortest, longest)] = False
    kept[random.integers(0, 900)] = True  # somebody without a minute would be nobody
    return kept


def person(seed, number, days):
    """Indices of the recorded minutes, and the steps in them."""
    random = np.random.default_rng([seed, number])
    steps = steps_of(random, days)
    recorded = np.flatnonzero(recorded_of(random, steps.size))
    return recorded, steps[recorded]


def name(number):
    return f"P{number + 1:05d}"


class CsvText:
    """Rows as text: the stamps of the span are written once, and every person's rows are put together from them."""

    def __init__(self, days):
        stamps = np.datetime_as_string(
            FIRST_DAY.astype("datetime64[m]") + np.arange(days * DAY_MIN), unit="s"
        ).astype("S19")
        self.stamps = stamps.view(np.uint8).reshape(-1, 19).copy()
        self.stamps[:, 10] = ord(" ")

    def rows(self, number, recorded, steps):
        id_ = np.frombuffer(name(number).encode() + b",", np.uint8)
        width = id_.size
        text = np.empty((recorded.size, width + 19 + 1 + 3 + 1), np.uint8)
        text[:, :width] = id_
        text[:, width : width + 19] = self.stamps[recorded]
        text[:, -5] = ord(",")
        text[:, -4] = steps // 100 + ord("0")
        text[:, -3] = steps // 10 % 10 + ord("0")
        text[:, -2] = steps % 10 + ord("0")
        text[:, -1] = ord("\n")
        kept = np.ones(text.shape, bool)
        kept[:, -4] = steps >= 100
        kept[:, -3] = steps >= 10
        return text[kept].tobytes()


def write_csv(arguments, people):
    packing = "gzip" if arguments.gz else "zstd" if arguments.zst else None
    text = CsvText(arguments.days)
    out = pa.output_stream(arguments.part, compression=packing)
    with out:
        out.write(HEADER)
        for number in range(people):
            out.write(text.rows(number, *person(arguments.seed, number, arguments.days)))


SCHEMA = pa.schema([("participant_id", pa.string()), ("timestamp", pa.timestamp("ms")), ("steps", pa.int64())])
ROW_GROUP = 1 << 20  # what pyarrow makes of a whole table by default


def tables(arguments, people):
    """Tables of exactly one row group, the last one shorter."""
    waiting, rows = [], 0
    for number in range(people):
        recorded, steps = person(arguments.seed, number, arguments.days)
        stamps = (FIRST_DAY.astype("datetime64[m]") + recorded).astype("datetime64[ms]")
        ids = pa.DictionaryArray.from_arrays(np.zeros(recorded.size, np.int32), [name(number)]).cast(pa.string())
        waiting.append(pa.table([ids, pa.array(stamps), pa.array(steps)], schema=SCHEMA))
        rows += recorded.size
        while rows >= ROW_GROUP:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, ROW_GROUP)
            waiting, rows = [whole.slice(ROW_GROUP)], rows - ROW_GROUP
    if rows:
        yield pa.concat_tables(waiting)


def write_parquet(arguments, people):
    options = {}
    if arguments.encoding == "delta":
        options = {
            "compression": "zstd",
            "use_dictionary": ["participant_id", "steps"],
            "column_encoding": {"timestamp": "DELTA_BINARY_PACKED"},
        }
    first = arguments.part if arguments.writer == "pyarrow" else arguments.part.with_suffix(".pyarrow")
    with pq.ParquetWriter(first, SCHEMA, **options) as writer:
        for table in tables(arguments, people):
            writer.write_table(table)
    if arguments.writer == "polars":
        import polars as pl

        stamps = pl.col("timestamp").cast(pl.Datetime("us"))
        pl.scan_parquet(first).with_columns(stamps).sink_parquet(arguments.part)
    elif arguments.writer == "duckdb":
        import duckdb

        duckdb.sql(
            f"COPY (SELECT participant_id, timestamp::TIMESTAMP AS timestamp, steps FROM read_parquet('{first}'))"
            f" TO '{arguments.part}' (FORMAT parquet)"
        )
    if first != arguments.part:
        os.unlink(first)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--copies", type=int, default=1, help="so many times the people, each with their own rows")
    parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
    parser.add_argument("--gz", action="store_true", help="CSV through gzip")
    parser.add_argument("--zst", action="store_true", help="CSV through zstd")
    parser.add_argument("--writer", choices=["pyarrow", "polars", "duckdb"], default="pyarrow")
    parser.add_argument("--encoding", choices=["default", "delta"], default="default")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.encoding == "delta" and arguments.writer != "pyarrow":
        parser.error("--encoding delta is written by pyarrow")
    if (arguments.gz or arguments.zst) and arguments.format == "parquet":
        parser.error("--gz and --zst pack CSV; Parquet is packed inside")
    if min(arguments.people, arguments.days, arguments.copies) < 1:
        parser.error("--people, --days and --copies are at least 1")

    # A run that is broken off leaves no file that looks whole.
    arguments.part = arguments.out.with_name(f".{arguments.out.name}.{os.getpid()}.part")
    people = arguments.people * arguments.copies
    write = write_csv if arguments.format == "csv" else write_parquet
    write(arguments, people)
    os.replace(arguments.part, arguments.out)


if __name__ == "__main__":
    sys.exit(main())
