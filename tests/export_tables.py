#!/usr/bin/env python3
"""Foreign programs' word on the three tables: `export_tables.py FOLDER`.

FOLDER holds days, weeks and persons as CSV and Parquet with their codebooks and packages, as `tests/tables.rs`
writes them (see tests/tables.sh). Checked, each with a spoiled copy that must be found out:

* pyarrow: the Parquet schema has the types of the codebook, and every value is the one of the CSV; an empty
  cell is null, and never zero;
* DuckDB: reads both files as the same table;
* pandas: means, medians, sums, 5:2 weights and adherences of weeks and persons, computed again from days.csv;
* frictionless: the Data Packages are valid.

Exits 0 when all is as it should be, 1 when not, 2 when it was called wrongly.
"""

import csv
import datetime
import json
import math
import pathlib
import sys

import duckdb
import pandas
import pyarrow
import pyarrow.parquet
from frictionless import Package, system

TABLES = {"days": "codebook.csv", "weeks": "codebook_weeks.csv", "persons": "codebook_persons.csv"}
TYPES = {
    "string": pyarrow.string(),
    "number": pyarrow.float64(),
    "boolean": pyarrow.bool_(),
    "date": pyarrow.date32(),
    "datetime": pyarrow.timestamp("ms", tz="UTC"),
}
KEYS = {"days": ["participant_id", "local_date"], "weeks": ["participant_id", "week_index"], "persons": ["participant_id"]}
# As the test enrols its people; the others' weeks are counted otherwise.
ENROLLED = {"P-1": datetime.date(2026, 1, 8)}
WEEKS_BY = {"P-1": "enrolment", "P-2": "calendar", "P-3": "first_day"}

failed = 0


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'FAILED'}: {what} {'' if holds else detail}".rstrip())


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def wanted_type(entry):
    if entry["type"] == "integer":
        wide = entry["unit"] == "steps" or entry["name"].startswith("goal_")
        return pyarrow.int64() if wide else pyarrow.int32()
    return TYPES[entry["type"]]


def typed(text, entry):
    """A cell of the CSV as the value that stands for it."""
    if text == "":
        return "" if entry["name"] == "flags" else None
    match entry["type"]:
        case "integer":
            return int(text)
        case "number":
            return float(text)
        case "boolean":
            return {"1": True, "0": False}[text]
        case "date":
            return datetime.date.fromisoformat(text)
        case "datetime":
            return datetime.datetime.fromisoformat(text)
    # What a spreadsheet would run as a formula is guarded in CSV alone.
    return text[1:] if text[0] == "'" and text[1] in "=+-@" else text


def differences(rows, table, codebook):
    """Cells of the CSV that are another value in Parquet."""
    found = []
    for number, (row, other) in enumerate(zip(rows, table.to_pylist(), strict=True)):
        for entry in codebook:
            name = entry["name"]
            want, have = typed(row[name], entry), other[name]
            if want != have or type(want) is not type(have):
                found.append((number, name, want, have))
    return found


def parquet_is_the_csv(folder, name):
    codebook = read_csv(folder / TABLES[name])
    rows = read_csv(folder / f"{name}.csv")
    table = pyarrow.parquet.read_table(folder / f"{name}.parquet")
    schema = {field.name: (field.type, field.nullable) for field in table.schema}
    wanted = {entry["name"]: (wanted_type(entry), entry["name"] not in KEYS[name]) for entry in codebook}
    check(f"{name}: pyarrow finds the types of the codebook", schema == wanted,
          [(key, schema.get(key), wanted[key]) for key in wanted if schema.get(key) != wanted[key]])
    check(f"{name}: columns stand in their order", list(schema) == list(rows[0]))
    check(f"{name}: pyarrow reads the values of the CSV", not (bad := differences(rows, table, codebook)), bad[:5])
    empty = sum(row[entry["name"]] == "" for row in rows for entry in codebook if entry["name"] != "flags")
    nulls = sum(column.null_count for column in table.columns)
    check(f"{name}: {empty} empty cells are {nulls} nulls", 0 < empty == nulls)
    spoiled = [dict(row) for row in rows]
    zeros = {"integer": "0", "number": "0", "date": "1970-01-01"}
    at, column, zero = next((i, e["name"], zeros[e["type"]]) for i, row in enumerate(rows) for e in codebook
                            if e["type"] in zeros and row[e["name"]] == "")
    spoiled[at][column] = zero
    check(f"{name}: {zero} for an empty {column} is found out", len(differences(spoiled, table, codebook)) == 1)

    metadata = {key.decode(): value.decode() for key, value in table.schema.metadata.items() if key != b"ARROW:schema"}
    in_file = [entry["name"] for entry in json.loads(metadata["codebook"])]
    check(f"{name}: the file carries rules and codebook",
          metadata["rules"] == "brisk/1" and metadata["rules_hash"] == "0123456789abcdef" and in_file == list(schema))

    base = f"FROM read_csv('{folder}/{name}.csv', all_varchar = true, header = true)"
    types = ", ".join(f'"{entry["name"]}"' for entry in codebook)
    casts = ", ".join(
        f'''coalesce("{e["name"]}", '') AS "{e["name"]}"''' if e["name"] == "flags"
        else f'''regexp_replace("{e["name"]}", '^''([=+@-])', '\\1') AS "{e["name"]}"''' if e["type"] == "string"
        else f'''CAST("{e["name"]}" AS {({"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
                                          "datetime": "TIMESTAMPTZ"}[e["type"]])}) AS "{e["name"]}"'''
        for e in codebook)
    file = f"SELECT {types} FROM read_parquet('{folder}/{name}.parquet')"
    connection = duckdb.connect()
    left = connection.execute(f"SELECT count(*) FROM (SELECT {casts} {base} EXCEPT ALL {file})").fetchone()[0]
    right = connection.execute(f"SELECT count(*) FROM ({file} EXCEPT ALL SELECT {casts} {base})").fetchone()[0]
    check(f"{name}: DuckDB reads the same rows from both", (left, right) == (0, 0), (left, right))
    kinds = dict(connection.execute(f"SELECT name, type FROM parquet_schema('{folder}/{name}.parquet')").fetchall())
    check(f"{name}: DuckDB reads {len(codebook)} columns", len(kinds) == len(codebook) + 1)


def summary(days, days_of_week):
    """The numbers of a week or a person that both tables have, from rows of days."""
    valid = days[days.valid_day == 1]
    steps = valid.total_steps.dropna()
    weekday, weekend = valid[valid.weekday < 6].total_steps.dropna(), valid[valid.weekday > 5].total_steps.dropna()
    brisk = valid.brisk_min.dropna()
    met, not_met = (days.goal_state == "met").sum(), (days.goal_state == "not_met").sum()
    none = float("nan")
    return {
        days_of_week: len(days),
        "days_with_data": (days.data_state != "not_synced").sum(),
        "valid_days": len(valid),
        "valid_weekdays": (valid.weekday < 6).sum(),
        "valid_weekend_days": (valid.weekday > 5).sum(),
        "steps_mean_valid": steps.mean(),
        "steps_median_valid": steps.median(),
        "steps_mean_5to2": (5 * weekday.mean() + 2 * weekend.mean()) / 7,
        "days_met": met,
        "days_judged": met + not_met,
        "attainment": met / (met + not_met) if met + not_met else none,
        "minutes_recorded": days.minutes_recorded.sum(),
        "brisk_valid_days": len(brisk),
    }


def of_week(days):
    week = summary(days, "days_in_week")
    valid = days[days.valid_day == 1]
    lower = (days.brisk_lower + days.vigorous_min.fillna(0)).sum(min_count=1)
    unknown = 2 * (days.day_len_min - days.minutes_recorded)
    upper = (days.brisk_upper + days.vigorous_min + unknown).sum() if len(valid) == 7 else float("nan")
    return week | {
        "valid_week": int(len(valid) >= 4),
        "steps_sum": days.total_steps.sum(min_count=1),
        "steps_days": days.total_steps.count(),
        "brisk_min_sum": days.brisk_min.sum(min_count=1),
        "brisk_days": days.brisk_min.count(),
        "brisk_min_per_valid_day_x7": 7 * valid.brisk_min.mean(),
        "bout_min_sum": days.bout_min.sum(min_count=1),
        "leisure_brisk_min_sum": days.leisure_brisk_min.sum(min_count=1),
        "moderate_eq_lower": lower,
        "moderate_eq_upper": upper,
        "met_150": "yes" if lower >= 150 else "no" if upper < 150 else "cannot_tell",
    }


def of_person(days, weeks, enrolled):
    valid = days[days.valid_day == 1]
    first = enrolled or days.local_date.min()
    asked = days[days.local_date >= first]
    enrolled_days = (days.local_date.max() - first).days + 1
    return summary(days, "days") | {
        "weeks": len(weeks),
        "valid_weeks": sum(week["valid_week"] for week in weeks),
        "weeks_met_150": sum(week["met_150"] == "yes" for week in weeks),
        "weeks_judged_150": sum(week["met_150"] != "cannot_tell" for week in weeks),
        "brisk_min_mean_valid": valid.brisk_min.mean(),
        "brisk_min_per_week": 7 * valid.brisk_min.mean(),
        "bout_min_mean_valid": valid.bout_min.mean(),
        "peak1_spm_mean_valid": valid.peak1_spm.mean(),
        "peak30_spm_mean_valid": valid.peak30_spm.mean(),
        "peak60_spm_mean_valid": valid.peak60_spm.mean(),
        "wear_min_mean_valid": valid.wear_min.mean(),
        "hours_with_steps_mean_valid": valid.hours_with_steps.mean(),
        "enrolled_days": enrolled_days,
        "wear_adherence": (asked.valid_day == 1).sum() / enrolled_days,
        "sync_adherence": (asked.data_state != "not_synced").sum() / enrolled_days,
        "completeness": days.minutes_recorded.sum() / days.day_len_min.sum(),
    }


def unequal(row, wanted):
    found = []
    for name, want in wanted.items():
        have = row[name]
        if isinstance(want, str):
            same = have == want
        else:
            missing = want is None or math.isnan(want)
            same = pandas.isna(have) if missing else not pandas.isna(have) and abs(have - want) <= 0.000051
        if not same:
            found.append((row["participant_id"], name, have, want))
    return found


def computed_again(folder):
    read = {name: pandas.read_csv(folder / f"{name}.csv") for name in TABLES}
    days = read["days"]
    days["local_date"] = pandas.to_datetime(days.local_date).dt.date
    bad_weeks, bad_persons, found_out = [], [], 0
    weeks_of = {person: [] for person in WEEKS_BY}
    for (person, start), row in read["weeks"].set_index(["participant_id", "week_start"], drop=False).iterrows():
        start = datetime.date.fromisoformat(start)
        inside = (days.participant_id == person) & (days.local_date >= start) & (days.local_date < start + datetime.timedelta(7))
        wanted = of_week(days[inside])
        weeks_of[person].append(wanted)
        bad_weeks += unequal(row, wanted)
        found_out += len(unequal(row, {name: want + 1 for name, want in wanted.items() if name == "valid_days"}))
        if WEEKS_BY[person] == "calendar":
            bad_weeks += [] if start.isocalendar().weekday == 1 else [(person, start)]
        if person in ENROLLED:
            index = (start - ENROLLED[person]).days // 7 + 1
            bad_weeks += [] if row["week_index"] == index else [(person, start, index)]
    for _, row in read["persons"].iterrows():
        person = row["participant_id"]
        mine = days[days.participant_id == person]
        bad_persons += unequal(row, of_person(mine, weeks_of[person], ENROLLED.get(person)))
    count = len(read["weeks"])
    covered = sum(week["days_in_week"] for weeks in weeks_of.values() for week in weeks)
    check(f"pandas computes the same {count} weeks from {len(days)} days", not bad_weeks and covered == len(days), bad_weeks[:5])
    check(f"pandas computes the same {len(read['persons'])} persons", not bad_persons, bad_persons[:5])
    check("a day too many is found out in every week", found_out == count, found_out)
    states = set(read["weeks"].met_150)
    check("weeks of every kind are among them", states == {"yes", "no", "cannot_tell"}, states)


def main():
    if len(sys.argv) != 2 or not (pathlib.Path(sys.argv[1]) / "weeks.parquet").is_file():
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(sys.argv[1])
    for name in TABLES:
        parquet_is_the_csv(folder, name)
    computed_again(folder)
    for name in ("datapackage.json", "datapackage_weeks.json", "datapackage_persons.json"):
        with system.use_context(trusted=True):
            report = Package(str(folder / name)).validate()
        found = [error.message for task in report.tasks for error in task.errors] + [e.message for e in report.errors]
        check(f"{name} is valid", not found, found[:3])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
