#!/usr/bin/env python3
"""The day table by numba: pyarrow reads, one compiled pass computes, people side by side on the threads.

    numba_days.py INPUT OUTPUT.csv [--threads N]
"""

import day_table
from day_table import (
    BOUT_BRISK,
    BOUT_END,
    BOUT_WINDOW,
    BRISK,
    COLUMNS,
    VALID_HOURS,
    VALID_WEAR,
    VIGOROUS,
    ZEROS_LONG,
    ZEROS_SHORT,
)

if __name__ == "__main__":
    arguments = day_table.arguments(__doc__.splitlines()[0])

import numpy as np
import pyarrow as pa
from numba import njit, prange

MEASURES = COLUMNS[2:]
PEAK = MEASURES.index("peak1_spm")
MINUTES, STEPS, BAND, BRISK_MIN, VIGOROUS_MIN, BOUT, MET, WEAR, HOURS = (
    MEASURES.index(name)
    for name in (
        "minutes_recorded total_steps m_0 brisk_min vigorous_min bout_min met_min_floor wear60_min hours_with_steps".split()
    )
)
DAY = 1440


@njit(cache=True, inline="always")
def lay_on_days(start, end, first_day, out, columns_from, is_bout, long_zeros):
    """Gives the minutes from `start` to before `end`, a bout or a run of zeros, to the days in which they lie."""
    while start < end:
        day = start // DAY
        until = min(end, (day + 1) * DAY)
        row = out[day - first_day]
        here = until - start
        if is_bout:
            row[columns_from] += here
            row[columns_from + 1] += 1
            if here > row[columns_from + 2]:
                row[columns_from + 2] = here
        else:
            row[columns_from] -= here
            if long_zeros:
                row[columns_from + 1] -= here
        start = until


@njit(cache=True)
def close_day(histogram, row, peaks):
    """The peaks from how often each cadence occurred, highest first; empties the histogram."""
    taken = 0
    total = 0
    sum30 = 0
    highest = 0
    for steps in range(histogram.size - 1, 0, -1):
        count = histogram[steps]
        if count == 0:
            continue
        histogram[steps] = 0
        if taken == 0:
            highest = steps
        if taken < 30:
            sum30 += min(count, 30 - taken) * steps
        if taken < 60:
            total += min(count, 60 - taken) * steps
        taken += count
    recorded = row[MINUTES]
    peaks[0] = highest if recorded >= 1 else np.nan
    peaks[1] = sum30 / 30 if recorded >= 30 else np.nan
    peaks[2] = total / 60 if recorded >= 60 else np.nan


@njit(cache=True)
def one_person(minutes, steps, first_day, bands, mets, out, peaks):
    """One pass over a person's sorted minutes. `out` has a row for each day of the span, with zeros in it."""
    histogram = np.zeros(max(int(steps.max()) + 1, 2), np.int64)
    day = -1
    day_end = -1
    hour = -1
    before = minutes[0] - 2
    zero_start = -1  # first minute of the run of zeros under way
    # Brisk minutes since three in a row were not, oldest first; a bout cannot begin outside of them.
    bout_start = -1
    last_brisk = -1
    recent = 0  # bit i: the minute i before this one was brisk
    recorded = 0  # minutes of this segment so far, this one not
    row = out[0]
    for index in range(minutes.size):
        minute = minutes[index]
        count = steps[index]
        if minute != before + 1:
            if zero_start >= 0:
                if before + 1 - zero_start >= ZEROS_SHORT:
                    lay_on_days(zero_start, before + 1, first_day, out, WEAR, False, before + 1 - zero_start >= ZEROS_LONG)
                zero_start = -1
            if bout_start >= 0:
                lay_on_days(bout_start, last_brisk + 1, first_day, out, BOUT, True, False)
                bout_start = -1
            recent = 0
            recorded = 0
        if minute >= day_end:
            if day >= 0:
                close_day(histogram, row, peaks[day - first_day])
            day = minute // DAY
            day_end = (day + 1) * DAY
            row = out[day - first_day]
        before = minute
        recorded += 1
        recent = (recent << 1) & 0x3FF
        row[MINUTES] += 1
        row[WEAR] += 1
        row[WEAR + 1] += 1
        if count == 0:
            row[BAND] += 1
            if zero_start < 0:
                zero_start = minute
        else:
            if zero_start >= 0:
                if minute - zero_start >= ZEROS_SHORT:
                    lay_on_days(zero_start, minute, first_day, out, WEAR, False, minute - zero_start >= ZEROS_LONG)
                zero_start = -1
            row[STEPS] += count
            histogram[count] += 1
            row[BAND + bands[min(count, 255)]] += 1
            if minute // 60 != hour:
                hour = minute // 60
                row[HOURS] += 1
            if count >= BRISK:
                row[BRISK_MIN] += 1
                row[MET] += mets[min(count, 255)]
                if count >= VIGOROUS:
                    row[VIGOROUS_MIN] += 1
                recent |= 1
                last_brisk = minute
        if bout_start >= 0:
            if minute - last_brisk >= BOUT_END:
                lay_on_days(bout_start, last_brisk + 1, first_day, out, BOUT, True, False)
                bout_start = -1
                # The minutes of a bout begin no other one.
                recent = 0
        elif recent >= 0x200 and recorded >= BOUT_WINDOW:
            # The minute nine before this one was brisk, and the ten are recorded.
            window = recent
            brisk = 0
            while window:
                window &= window - 1
                brisk += 1
            if brisk >= BOUT_BRISK:
                bout_start = minute - (BOUT_WINDOW - 1)
    if zero_start >= 0 and before + 1 - zero_start >= ZEROS_SHORT:
        lay_on_days(zero_start, before + 1, first_day, out, WEAR, False, before + 1 - zero_start >= ZEROS_LONG)
    if bout_start >= 0:
        lay_on_days(bout_start, last_brisk + 1, first_day, out, BOUT, True, False)
    close_day(histogram, row, peaks[day - first_day])


def everybody(bounds, minutes, steps, first_rows, first_days, bands, mets, out, peaks):
    for number in prange(bounds.size - 1):
        start, end = bounds[number], bounds[number + 1]
        rows = slice(first_rows[number], first_rows[number + 1])
        one_person(minutes[start:end], steps[start:end], first_days[number], bands, mets, out[rows], peaks[rows])


one_by_one = njit(cache=True)(everybody)
side_by_side = njit(cache=True, parallel=True)(everybody)


@njit(cache=True)
def boundaries(codes):
    """Where each person begins; and the end."""
    found = [0]
    for index in range(1, codes.size):
        if codes[index] != codes[index - 1]:
            found.append(index)
    found.append(codes.size)
    return np.array(found)


@njit(cache=True)
def whole_minutes(stamps, unit):
    minutes = np.empty(stamps.size, np.int32)
    for index in range(stamps.size):
        minutes[index] = stamps[index] // unit
    return minutes


def read(path, threads):
    """The table, the names as a dictionary."""
    if day_table.is_parquet(path):
        from pyarrow import parquet

        return parquet.read_table(path, read_dictionary=["participant_id"], use_threads=threads > 1)
    from pyarrow import csv

    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(use_threads=threads > 1, block_size=4 << 20),
        convert_options=csv.ConvertOptions(
            column_types={
                "participant_id": pa.dictionary(pa.int32(), pa.string()),
                "timestamp": pa.timestamp("s"),
                "steps": pa.int32(),
            }
        ),
    )


def day_rows(table, threads):
    """The day table as arrow columns."""
    ids = table["participant_id"].unify_dictionaries().combine_chunks()
    codes = ids.indices.to_numpy()
    names = ids.dictionary
    stamps = table["timestamp"].combine_chunks()
    unit = {"s": 60, "ms": 60_000, "us": 60_000_000, "ns": 60_000_000_000}[stamps.type.unit]
    minutes = whole_minutes(stamps.view(pa.int64()).to_numpy(), unit)
    steps = table["steps"].combine_chunks().to_numpy()

    bounds = boundaries(codes)
    first_days = minutes[bounds[:-1]] // DAY
    spans = minutes[bounds[1:] - 1] // DAY - first_days + 1
    first_rows = np.concatenate([[0], np.cumsum(spans)])
    out = np.zeros((first_rows[-1], len(MEASURES)), np.int32)
    peaks = np.full((first_rows[-1], 3), np.nan)
    levels = np.arange(256)
    bands = (np.searchsorted(day_table.BAND_FLOORS, levels, side="right") - 1).astype(np.int32)
    mets = np.searchsorted(day_table.MET_FLOORS, levels, side="right")
    mets = np.where(mets > 0, mets + 2, 0).astype(np.int32)
    kernel = side_by_side if threads > 1 else one_by_one
    kernel(bounds, minutes, steps, first_rows, first_days, bands, mets, out, peaks)

    kept = out[:, MINUTES] > 0
    who = np.repeat(codes[bounds[:-1]], spans)[kept]
    date = (np.arange(kept.size) - np.repeat(first_rows[:-1] - first_days, spans))[kept]
    out, peaks = out[kept], peaks[kept]
    columns = {
        "participant_id": names.take(pa.array(who)),
        "local_date": pa.array(date.astype("datetime64[D]")),
    }
    columns |= {name: out[:, index] for index, name in enumerate(MEASURES)}
    for index, name in enumerate(MEASURES[PEAK : PEAK + 3]):
        columns[name] = pa.array(peaks[:, index], from_pandas=True)
    columns["valid60"] = (out[:, WEAR] >= VALID_WEAR).astype(np.int8)
    columns["valid90"] = (out[:, WEAR + 1] >= VALID_WEAR).astype(np.int8)
    columns["valid_day"] = columns["valid60"] | (out[:, HOURS] >= VALID_HOURS).astype(np.int8)
    return pa.table(columns).select(COLUMNS)


def main():
    pa.set_cpu_count(arguments.threads)
    from pyarrow import csv

    csv.write_csv(day_rows(read(arguments.input, arguments.threads), arguments.threads), arguments.output)


if __name__ == "__main__":
    main()
