#!/usr/bin/env python3
"""The day table by DuckDB: SQL only.

    duckdb_days.py INPUT OUTPUT.csv [--threads N]

The file is sorted, so the windows have no PARTITION BY and no ORDER BY: DuckDB then streams them, where it would sort ten
million rows. What looks at runs needs only the minutes with steps and the ends of segments; how the rest follows from them is
told in polars_days.py.
"""

import day_table

if __name__ == "__main__":
    arguments = day_table.arguments(__doc__.splitlines()[0])

import duckdb
from day_table import BOUT_BRISK, BOUT_END, BOUT_WINDOW, BRISK, COLUMNS, VALID_HOURS, VALID_WEAR, ZEROS_LONG, ZEROS_SHORT

EVENTS = """
CREATE TEMP TABLE events AS
SELECT
    who, minute, steps, first, last,
    sum(first::INTEGER) OVER (ROWS UNBOUNDED PRECEDING) AS segment,
    lag(minute + (steps > 0)::INTEGER) OVER () AS zeros_from,
    minute + (steps = 0)::INTEGER AS zeros_to
FROM (
    SELECT
        who, minute, steps,
        minute IS DISTINCT FROM lag(minute) OVER () + 1 OR who <> lag(who) OVER () AS first,
        minute IS DISTINCT FROM lead(minute) OVER () - 1 OR who <> lead(who) OVER () AS last
    FROM (
        SELECT participant_id AS who, (epoch_ms(timestamp) // 60000)::INTEGER AS minute, steps::INTEGER AS steps
        FROM {input}
    )
)
WHERE steps > 0 OR first OR last
"""

# Runs from `start` to before `end` become one row for each day in which they have `here` minutes.
BY_DAY = """
    SELECT *, least("end", (day + 1) * 1440) - greatest(start, day * 1440) AS here
    FROM (SELECT *, unnest(range(start // 1440, ("end" - 1) // 1440 + 1)) AS day FROM {runs})
"""

DAYS = f"""
COPY (
WITH segments AS (
    SELECT segment, any_value(who) AS who, min(minute) AS start, max(minute) + 1 AS "end" FROM events GROUP BY segment
),
recorded AS (
    SELECT who, day, sum(here)::INTEGER AS minutes_recorded FROM ({BY_DAY.format(runs="segments")}) GROUP BY who, day
),
measures AS (
    SELECT
        who, minute // 1440 AS day,
        count(*) AS stepped, sum(steps) AS total_steps,
        count(*) FILTER (steps < 20) AS m_1_19,
        count(*) FILTER (steps >= 20 AND steps < 40) AS m_20_39,
        count(*) FILTER (steps >= 40 AND steps < 60) AS m_40_59,
        count(*) FILTER (steps >= 60 AND steps < 80) AS m_60_79,
        count(*) FILTER (steps >= 80 AND steps < 100) AS m_80_99,
        count(*) FILTER (steps >= 100 AND steps < 120) AS m_100_119,
        count(*) FILTER (steps >= 120) AS m_120p,
        count(*) FILTER (steps >= {BRISK}) AS brisk_min,
        count(*) FILTER (steps >= 130) AS vigorous_min,
        3 * count(*) FILTER (steps >= 100) + count(*) FILTER (steps >= 110) + count(*) FILTER (steps >= 120)
            + count(*) FILTER (steps >= 130) AS met_min_floor,
        max(steps, 60) AS highest,
        bit_count(bit_or(1 << (minute // 60 % 24))) AS hours_with_steps
    FROM events WHERE steps > 0 GROUP BY who, day
),
zeros AS (
    SELECT who, zeros_from AS start, zeros_to AS "end", zeros_to - zeros_from AS run
    FROM events WHERE NOT first AND zeros_to - zeros_from >= {ZEROS_SHORT}
),
not_worn AS (
    SELECT who, day, sum(here) AS zeros60, coalesce(sum(here) FILTER (run >= {ZEROS_LONG}), 0) AS zeros90
    FROM ({BY_DAY.format(runs="zeros")}) GROUP BY who, day
),
brisk AS (
    SELECT
        events.who, minute, events.segment,
        lag(events.segment) OVER in_order IS DISTINCT FROM events.segment
            OR minute - lag(minute) OVER in_order > {BOUT_END} AS apart,
        lead(events.segment, {BOUT_BRISK - 1}) OVER in_order = events.segment
            AND lead(minute, {BOUT_BRISK - 1}) OVER in_order - minute < {BOUT_WINDOW}
            AND minute + {BOUT_WINDOW} <= "end" AS begins
    FROM events JOIN segments USING (segment) WHERE steps >= {BRISK} WINDOW in_order AS (ORDER BY events.segment, minute)
),
clusters AS (
    SELECT *, sum(apart::INTEGER) OVER (ORDER BY segment, minute ROWS UNBOUNDED PRECEDING) AS cluster FROM brisk
),
bouts AS (
    SELECT any_value(who) AS who, min(minute) FILTER (begins) AS start, max(minute) + 1 AS "end"
    FROM clusters GROUP BY cluster HAVING start IS NOT NULL
),
bout_days AS (
    SELECT who, day, sum(here) AS bout_min, count(*) AS bout_count, max(here) AS longest_bout_min
    FROM ({BY_DAY.format(runs="bouts")}) GROUP BY who, day
),
joined AS (
    SELECT
        who AS participant_id, DATE '1970-01-01' + day::INTEGER AS local_date, minutes_recorded,
        minutes_recorded - coalesce(stepped, 0) AS m_0,
        total_steps, m_1_19, m_20_39, m_40_59, m_60_79, m_80_99, m_100_119, m_120p, brisk_min, vigorous_min,
        met_min_floor, hours_with_steps, bout_min, bout_count, longest_bout_min,
        coalesce(highest, []) AS highest,
        minutes_recorded - coalesce(zeros60, 0) AS wear60_min,
        minutes_recorded - coalesce(zeros90, 0) AS wear90_min
    FROM recorded LEFT JOIN measures USING (who, day) LEFT JOIN not_worn USING (who, day) LEFT JOIN bout_days USING (who, day)
),
finished AS (
    SELECT
        * REPLACE (coalesce(total_steps, 0) AS total_steps, coalesce(hours_with_steps, 0) AS hours_with_steps),
        CASE WHEN minutes_recorded >= 1 THEN coalesce(highest[1], 0) END AS peak1_spm,
        CASE WHEN minutes_recorded >= 30 THEN coalesce(list_sum(highest[:30]), 0) / 30 END AS peak30_spm,
        CASE WHEN minutes_recorded >= 60 THEN coalesce(list_sum(highest), 0) / 60 END AS peak60_spm,
        (wear60_min >= {VALID_WEAR})::INTEGER AS valid60,
        (wear90_min >= {VALID_WEAR})::INTEGER AS valid90,
        (wear60_min >= {VALID_WEAR} OR coalesce(hours_with_steps, 0) >= {VALID_HOURS})::INTEGER AS valid_day
    FROM joined
)
SELECT {{columns}} FROM finished ORDER BY participant_id, local_date
) TO '{{output}}' (FORMAT csv, HEADER)
"""


def quoted(path):
    return str(path).replace("'", "''")


def main():
    if day_table.is_parquet(arguments.input):
        source = f"read_parquet('{quoted(arguments.input)}')"
    else:
        source = (
            f"read_csv('{quoted(arguments.input)}', header = true, auto_detect = false, delim = ',', quote = '',"
            " escape = '', columns = {'participant_id': 'VARCHAR', 'timestamp': 'TIMESTAMP', 'steps': 'INTEGER'})"
        )
    text = {"participant_id", "local_date", "peak1_spm", "peak30_spm", "peak60_spm"}
    columns = ", ".join(name if name in text else f"coalesce({name}, 0) AS {name}" for name in COLUMNS)
    database = duckdb.connect(config={"threads": arguments.threads})
    database.execute(EVENTS.format(input=source))
    database.execute(DAYS.format(columns=columns, output=quoted(arguments.output)))


if __name__ == "__main__":
    main()
