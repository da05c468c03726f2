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


@njit(cache=True)
def lay_bout(start, end, first_day, out):
    """Gives the minutes of a bout to the days in which they lie."""
    while start < end:
        until = min(end, (start // DAY + 1) * DAY)
        row = out[start // DAY - first_day]
        row[BOUT] += until - start
        row[BOUT + 1] += 1
        row[BOUT + 2] = max(row[BOUT + 2], until - start)
        start = until


@njit(cache=True)
def lay_zeros(start, end, first_day, out):
    """Takes the minutes of a run of zeros from the wear of the days in which they lie, when it is long enough."""
    run = end - start
    if run < ZEROS_SHORT:
        return
    while start < end:
        until = min(end, (start // DAY + 1) * DAY)
        row = out[start // DAY - first_day]
        row[WEAR] -= until - start
        if run >= ZEROS_LONG:
            row[WEAR + 1] -= until - start
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
    size = minutes.size
    day = -1
    day_end = -1
    hour = -1
    before = minutes[0] - 2
    zero_start = -1  # first minute of the run of zeros under way
    bout_start = -1
    last_brisk = -1
    recent = 0  # bit i: the minute i before this one was brisk, of its segment and of no earlier bout
    row = out[0]
    index = 0
    while index < size:
        minute = minutes[index]
        count = steps[index]
        if minute != before + 1:
            if zero_start >= 0:
                lay_zeros(zero_start, before + 1, first_day, out)
                zero_start = -1
            if bout_start >= 0:
                lay_bout(bout_start, last_brisk + 1, first_day, out)
                bout_start = -1
            recent = 0
        if minute >= day_end:
            if day >= 0:
                close_day(histogram, row, peaks[day - first_day])
            day = minute // DAY
            day_end = (day + 1) * DAY
            row = out[day - first_day]
        recent = (recent << 1) & 0x3FF
        if count == 0:
            if zero_start < 0:
                zero_start = minute
            # The zeros that follow on the same day, in one go. Behind three of them nothing of a bout goes on.
            run = 1
            if recent & 7 == 0 and bout_start < 0:
                most = min(size - index, day_end - minute)
                while run < most and steps[index + run] == 0 and minutes[index + run] == minute + run:
                    run += 1
                recent = (recent << min(run - 1, 10)) & 0x3FF
            row[BAND] += run
            row[MINUTES] += run
            index += run
            before = minute + run - 1
        else:
            if zero_start >= 0:
                lay_zeros(zero_start, minute, first_day, out)
                zero_start = -1
            row[MINUTES] += 1
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
            index += 1
            before = minute
        if bout_start >= 0:
            if before - last_brisk >= BOUT_END:
                lay_bout(bout_start, last_brisk + 1, first_day, out)
                bout_start = -1
                recent = 0
        elif recent >= 0x200:
            # The minute nine before this one was brisk, so the ten are recorded.
            window = recent
            brisk = 0
            while window:
                window &= window - 1
                brisk += 1
            if brisk >= BOUT_BRISK:
                bout_start = before - (BOUT_WINDOW - 1)
    if zero_start >= 0:
        lay_zeros(zero_start, before + 1, first_day, out)
    if bout_start >= 0:
        lay_bout(bout_start, last_brisk + 1, first_day, out)
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
    """Where the code changes."""
    found = [0 for _ in range(0)]
    for index in range(1, codes.size):
        if codes[index] != codes[index - 1]:
            found.append(index)
    return np.array(found, np.int64)


@njit(cache=True)
def narrowed(stamps, unit, steps, minutes_out, steps_out):
    """Whole minutes and small steps."""
    for index in range(stamps.size):
        minutes_out[index] = stamps[index] // unit
    for index in range(steps.size):
        steps_out[index] = steps[index]


UNITS = {"s": 60, "ms": 60_000, "us": 60_000_000, "ns": 60_000_000_000}


def batches(path, threads):
    """The file in pieces, so that memory is used again and not asked for anew: the names as a dictionary.

    Arrow reads CSV on several threads only as a whole; then there is one piece of many chunks.
    """
    if day_table.is_parquet(path):
        from pyarrow import parquet

        file = parquet.ParquetFile(path, read_dictionary=["participant_id"], memory_map=True)
        if threads == 1:
            yield from file.iter_batches(1 << 16, use_threads=False)
        else:
            yield from file.iter_batches(1 << 20, use_threads=True)
        return
    from pyarrow import csv

    options = {
        "read_options": csv.ReadOptions(use_threads=threads > 1, block_size=1 << 20),
        "convert_options": csv.ConvertOptions(
            column_types={
                "participant_id": pa.dictionary(pa.int32(), pa.string()),
                "timestamp": pa.timestamp("s"),
                "steps": pa.int32(),
            }
        ),
    }
    if threads == 1:
        yield from csv.open_csv(path, **options)
    else:
        yield from csv.read_csv(path, **options).to_batches()


class Days:
    """Gathers whole people, and gives them to the kernel a million minutes at a time."""

    def __init__(self, threads):
        self.kernel = side_by_side if threads > 1 else one_by_one
        self.most = (1 << 20) * threads
        self.room(self.most)
        self.names, self.starts, self.rows = [], [], 0
        self.done = []
        levels = np.arange(256)
        self.bands = (np.searchsorted(day_table.BAND_FLOORS, levels, side="right") - 1).astype(np.int32)
        mets = np.searchsorted(day_table.MET_FLOORS, levels, side="right")
        self.mets = np.where(mets > 0, mets + 2, 0).astype(np.int32)

    def room(self, rows):
        minutes, steps = np.empty(rows, np.int32), np.empty(rows, np.int32)
        if hasattr(self, "rows"):
            minutes[: self.rows], steps[: self.rows] = self.minutes[: self.rows], self.steps[: self.rows]
        self.minutes, self.steps = minutes, steps

    def add(self, batch):
        ids, stamps, steps = (batch.column(name) for name in ("participant_id", "timestamp", "steps"))
        codes = ids.indices.to_numpy()
        if self.rows + codes.size > self.most:
            self.compute(self.starts[-1])
        while self.rows + codes.size > self.minutes.size:
            self.room(2 * self.minutes.size)
        here = slice(self.rows, self.rows + codes.size)
        unit = UNITS[stamps.type.unit]
        stamps = np.frombuffer(stamps.buffers()[1], np.int64)[stamps.offset : stamps.offset + codes.size]
        narrowed(stamps, unit, steps.to_numpy(), self.minutes[here], self.steps[here])
        first = ids.dictionary[codes[0]].as_py()
        if not self.names or self.names[-1] != first:
            self.names.append(first)
            self.starts.append(self.rows)
        for at in boundaries(codes):
            self.names.append(ids.dictionary[codes[at]].as_py())
            self.starts.append(self.rows + at)
        self.rows += codes.size

    def compute(self, end):
        """The days of the people whose minutes lie before `end`; the others move to the front."""
        whole = [(name, start) for name, start in zip(self.names, self.starts) if start < end]
        if not whole:
            return
        names = np.array([name for name, _ in whole])
        bounds = np.array([start for _, start in whole] + [end])
        first_days = self.minutes[bounds[:-1]] // DAY
        spans = self.minutes[bounds[1:] - 1] // DAY - first_days + 1
        first_rows = np.concatenate([[0], np.cumsum(spans)])
        out = np.zeros((first_rows[-1], len(MEASURES)), np.int32)
        peaks = np.full((first_rows[-1], 3), np.nan)
        self.kernel(bounds, self.minutes, self.steps, first_rows, first_days, self.bands, self.mets, out, peaks)
        out[:, WEAR : WEAR + 2] += out[:, MINUTES, None]

        kept = out[:, MINUTES] > 0
        who = np.repeat(names, spans)[kept]
        date = (np.arange(kept.size) - np.repeat(first_rows[:-1] - first_days, spans))[kept]
        self.done.append((who, date.astype("datetime64[D]"), out[kept], peaks[kept]))

        rest = self.rows - end
        self.minutes[:rest] = self.minutes[end : self.rows].copy()
        self.steps[:rest] = self.steps[end : self.rows].copy()
        self.names = self.names[len(whole) :]
        self.starts = [start - end for start in self.starts[len(whole) :]]
        self.rows = rest

    def table(self):
        self.compute(self.rows)
        who, date, out, peaks = (np.concatenate(parts) for parts in zip(*self.done))
        columns = {"participant_id": pa.array(who), "local_date": pa.array(date)}
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

    days = Days(arguments.threads)
    for batch in batches(arguments.input, arguments.threads):
        if batch.num_rows:
            days.add(batch)
    csv.write_csv(days.table(), arguments.output)


if __name__ == "__main__":
    main()
