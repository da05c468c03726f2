#!/usr/bin/env python3
"""Foreign programs' word on the files of an export: `files.py FOLDER BY_MONTH`.

FOLDER holds tables as CSV and Parquet with their packages and scripts, BY_MONTH one file a month of days (Parquet).
frictionless, pyarrow and DuckDB read every table, and each refuses spoiled copies; the scripts for R and SPSS run, and
their tables bear the labels of the codebook; Stata's is read and its labels compared with the codebook. Last of all the
lines of docs/statistician.md run as they stand there.

Exits 0 when all is as it should be, 1 when not.
"""

import csv
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import duckdb
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pyreadstat
from frictionless import Package

TABLES = {"days": "", "weeks": "_weeks", "minutes": "_minutes", "raw": "_raw", "goals": "_goals", "diary": "_diary"}
AUDIT = ("audit", "_audit")
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/statistician.md"
REASONS = {"counter not worn", "counter lost", "nothing has arrived", "left the study", "something failed"}

failed = 0


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'FAILED'}: {what} {'' if holds else detail}".rstrip())


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)


def labels(entry):
    pairs = [pair.split("=", 1) for pair in entry["codes"].split("|") if pair] if entry["name"] != "flags" else []
    return {code: meaning.replace('"', "'").encode()[:80].decode(errors="ignore") for code, meaning in pairs}


def frictionless_reads(folder, name, end):
    def errors(place):
        report = Package(str(place / f"datapackage{end}.json")).validate()
        return {error.type for task in report.tasks for error in task.errors} | {error.type for error in report.errors}

    check(f"{name}: frictionless takes the package", not (found := errors(folder)), found)
    minima = [entry["minimum"] for entry in rows_of(folder / f"codebook{end}.csv")]
    number = minima.index("0" if "0" in minima else "1")

    def spoil(line, column, text):
        cells = line.rstrip(b"\r\n").split(b",")
        cells[column] = text
        return b",".join(cells) + b"\r\n"

    spoiled = {
        "hash-count": lambda lines: lines[:1] + lines[:0:-1] if len(lines) > 2 else [lines[0].lower(), lines[1] + b" "],
        "primary-key": lambda lines: lines + lines[-1:],
        "constraint-error": lambda lines: lines[:1] + [spoil(lines[1], number, b"-5")] + lines[2:],
        "type-error": lambda lines: lines[:1] + [spoil(lines[1], number, b"many")] + lines[2:],
    }
    for kind, change in spoiled.items():
        if kind == "hash-count" and len((folder / f"{name}.csv").read_bytes().splitlines()) < 4:
            continue
        with tempfile.TemporaryDirectory() as place:
            place = pathlib.Path(place)
            lines = (folder / f"{name}.csv").read_bytes().splitlines(keepends=True)
            lines = change(lines[:500] if name in ("minutes", "raw") and kind != "hash-count" else lines)
            (place / f"{name}.csv").write_bytes(b"".join(lines))
            package = json.loads((folder / f"datapackage{end}.json").read_text())
            if kind != "hash-count":
                del package["resources"][0]["hash"], package["resources"][0]["bytes"]
            (place / f"datapackage{end}.json").write_text(json.dumps(package))
            check(f"{name}: frictionless finds out a {kind}", kind in (found := errors(place)), found)


def arrow_and_duckdb_read(folder, name, end):
    path = folder / f"{name}.parquet"
    table = pyarrow.parquet.read_table(path)
    rows = rows_of(folder / f"{name}.csv")
    check(f"{name}: pyarrow reads as many rows as the CSV has", table.num_rows == len(rows), table.num_rows)
    check(f"{name}: and the same columns", table.column_names == list(rows[0]), table.column_names)
    numbers = [entry["name"] for entry in rows_of(folder / f"codebook{end}.csv") if entry["type"] == "integer"]
    sums = ", ".join(f'sum("{name}"::HUGEINT), count("{name}")' for name in numbers)
    of = [duckdb.sql(f"SELECT {sums} FROM {source}").fetchall() for source in
          (f"read_csv('{folder}/{name}.csv', header = true)", f"'{path}'")] if numbers else [0, 0]
    check(f"{name}: DuckDB finds the same sums in CSV and Parquet", of[0] == of[1], of)
    with tempfile.TemporaryDirectory() as place:
        half = pathlib.Path(place) / "half.parquet"
        half.write_bytes(path.read_bytes()[:-9])
        for program, read in (("pyarrow", pyarrow.parquet.read_table),
                              ("DuckDB", lambda path: duckdb.sql(f"FROM '{path}'").fetchall())):
            try:
                read(half)
                refused = False
            except (pyarrow.ArrowInvalid, duckdb.Error, OSError):
                refused = True
            check(f"{name}: {program} refuses half a file", refused)


def the_audit_trail_is_read(folder):
    """CSV and JSON Lines; it is not analysed, and so has no Parquet and no scripts."""
    name, end = AUDIT
    frictionless_reads(folder, name, end)
    columns = ", ".join(f'coalesce("{entry["name"]}"::VARCHAR, \'\')' for entry in rows_of(folder / f"codebook{end}.csv"))
    csv_rows, lines = [duckdb.sql(f"SELECT {columns} FROM {source} ORDER BY ALL").fetchall() for source in
                       (f"read_csv('{folder}/{name}.csv', header = true, all_varchar = true)",
                        f"read_json('{folder}/{name}.jsonl', format = 'newline_delimited', convert_strings_to_integers = false, "
                        "maximum_depth = 1)")]
    check(f"{name}: DuckDB finds the same cells in CSV and JSON Lines", len(csv_rows) > 10 and len(csv_rows) == len(lines),
          (len(csv_rows), len(lines)))
    try:
        half = (folder / f"{name}.jsonl").read_bytes()[:-9]
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
            file.write(half)
            file.flush()
            duckdb.sql(f"FROM read_json('{file.name}', format = 'newline_delimited')").fetchall()
        refused = False
    except duckdb.Error:
        refused = True
    check(f"{name}: DuckDB refuses half a file", refused)
    manifest = json.loads((folder / "manifest.json").read_text())["tables"][f"{name}.csv"]
    heads = {row["participant_id"]: row["row_hash"] for row in rows_of(folder / f"{name}.csv")}
    check(f"{name}: the manifest has the newest hash of each", heads ==
          {chain["participant_id"]: chain["head_hash"] for chain in manifest["chains"]}, heads)
    check(f"{name}: and as many rows", manifest["rows"] == sum(chain["rows"] for chain in manifest["chains"]) == len(csv_rows))


def r_reads(folder, name, end):
    codebook = rows_of(folder / f"codebook{end}.csv")
    count = len(rows_of(folder / f"{name}.csv"))
    tell = f"""source('import{end}.R')
    cat(nrow({name}), '\\n', sep = '')
    for (column in names({name})) {{
        labels <- attr({name}[[column]], 'labels')
        cat(column, attr({name}[[column]], 'label'), paste(labels, names(labels), sep = '=', collapse = '|'),
            sep = '\\t'); cat('\\n') }}"""
    told = run(["Rscript", "-e", tell], folder)
    check(f"{name}: import.R runs", told.returncode == 0, told.stderr[-600:])
    lines = told.stdout.splitlines() or [""]
    check(f"{name}: R has {count} rows", lines[0] == str(count), lines[0])
    has = {line.split("\t")[0]: line.split("\t")[1:] for line in lines[1:]}
    for entry in codebook:
        label, values = has.get(entry["name"], ["", ""])
        wanted = labels(entry)
        same = {tuple(pair.split("=", 1)) for pair in values.split("|") if pair}
        if label != entry["label"] or (wanted and same != set(wanted.items())):
            check(f"{name}: R labels {entry['name']} as the codebook does", False, (label, same))
    wrong = run(["Rscript", "-e", f"source('import{end}.R')"], folder.parent)
    check(f"{name}: R says so when the table is not there", wrong.returncode != 0)


def spss_reads(folder, name, end):
    codebook = rows_of(folder / f"codebook{end}.csv")
    with tempfile.TemporaryDirectory() as place:
        syntax = pathlib.Path(place) / "run.sps"
        saved = pathlib.Path(place) / "table.sav"
        syntax.write_text(f"INSERT FILE='import{end}.sps'.\nSAVE OUTFILE='{saved}'.\n")
        told = run(["pspp", str(syntax)], folder)
        check(f"{name}: import.sps runs under pspp", told.returncode == 0 and saved.exists(), told.stdout[-600:])
        table, about = pyreadstat.read_sav(str(saved), user_missing=True)
    count = len(rows_of(folder / f"{name}.csv"))
    check(f"{name}: pyreadstat finds {count} rows in the .sav", len(table) == count, len(table))
    for entry in codebook:
        column = entry["name"]
        if about.column_names_to_labels.get(column) != entry["label"]:
            check(f"{name}: SPSS labels {column}", False, about.column_names_to_labels.get(column))
        has = {str(int(code)) if isinstance(code, float) else code: label
               for code, label in about.variable_value_labels.get(column, {}).items()}
        if labels(entry) and has != labels(entry):
            check(f"{name}: SPSS labels the values of {column}", False, (has, labels(entry)))


def stata_is_written(folder, name, end):
    script = (folder / f"import{end}.do").read_text()
    for entry in rows_of(folder / f"codebook{end}.csv"):
        column = entry["name"]
        if f'label variable {column} "{entry["label"]}"' not in script:
            check(f"{name}: Stata labels {column}", False)
        wanted = labels(entry)
        if not wanted:
            continue
        numbered = entry["type"] != "string"
        values = wanted if numbered else dict(zip(map(str, range(1, 99)), wanted.values()))
        defined = f"label define {column} " + " ".join(f'{code} "{label}"' for code, label in values.items())
        check(f"{name}: Stata labels the values of {column}",
              any(line in (defined, defined + ", modify") for line in script.splitlines()), defined)
    check(f"{name}: every quote of the Stata script is closed",
          all(line.count('"') % 2 == 0 for line in script.splitlines()))


def documented(folder, by_month):
    """The lines that the page for statisticians shows, as they stand there."""
    blocks = re.findall(r"```(r|python|stata|spss)\n(.*?)```", DOCS.read_text(), re.DOTALL)
    found = {kind for kind, _ in blocks}
    check("docs: R, Python, Stata and SPSS are shown", found == {"r", "python", "stata", "spss"}, found)
    for number, (kind, text) in enumerate(blocks, 1):
        lines = text.strip().splitlines()
        check(f"docs: block {number} has at most three lines", len(lines) <= 3, len(lines))
        here = by_month if "**" in text else folder
        if kind == "r":
            done = run(["Rscript", "-e", text + "\nstopifnot(nrow(days) > 0)"], here)
        elif kind == "python":
            done = run([sys.executable, "-c", text + "\nassert len(days) > 0"], here)
        elif kind == "spss":
            with tempfile.TemporaryDirectory() as place:
                syntax = pathlib.Path(place) / "run.sps"
                syntax.write_text(text)
                done = run(["pspp", str(syntax)], here)
                (here / "days.sav").unlink(missing_ok=True)
        else:
            check("docs: Stata runs the script that is there", all(
                (here / script).exists() for script in re.findall(r"^do (\S+)$", text, re.MULTILINE)))
            continue
        check(f"docs: block {number} ({kind}) runs", done.returncode == 0, (done.stdout + done.stderr)[-600:])


def with_a_day_that_never_came(folder, place):
    """A copy in which nothing has arrived of the first day."""
    copied = pathlib.Path(shutil.copytree(folder, place / "copy"))
    rows = rows_of(copied / "days.csv")
    optional = [entry["name"] for entry in rows_of(copied / "codebook.csv") if entry["empty_when"] != "never"]
    rows[0].update({name: "" for name in optional}, data_state="not_synced")
    with (copied / "days.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return copied


def reasons_are_carried_over(folder):
    with tempfile.TemporaryDirectory() as place:
        copied = with_a_day_that_never_came(folder, pathlib.Path(place))
        (copied / "run.sps").write_text("INSERT FILE='import.sps'.\nSAVE OUTFILE='days.sav'.\n")
        run(["pspp", "run.sps"], copied)
        table, about = pyreadstat.read_sav(str(copied / "days.sav"), user_missing=True)
        check("days: nothing has arrived is -3 in SPSS", table["total_steps"][0] == -3.0, table["total_steps"][0])
        check("days: and user-missing", about.missing_ranges["total_steps"] == [{"lo": -5.0, "hi": -1.0}])
        check("days: SPSS labels every reason", set(about.variable_value_labels["total_steps"].values()) == REASONS)
        told = run(["Rscript", "-e", "source('import.R'); cat(haven::na_tag(days$total_steps[1:2]))"], copied)
        check("days: nothing has arrived is .c in R", told.stdout.strip() == "c NA", told.stdout + told.stderr[-300:])


def main():
    folder, by_month = map(pathlib.Path, sys.argv[1:])
    for program in ("Rscript", "pspp"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing; tests/run installs it")
    for name, end in TABLES.items():
        if not (folder / f"{name}.csv").exists():
            check(f"{name}.csv is there", False)
            continue
        frictionless_reads(folder, name, end)
        arrow_and_duckdb_read(folder, name, end)
        r_reads(folder, name, end)
        spss_reads(folder, name, end)
        stata_is_written(folder, name, end)
    the_audit_trail_is_read(folder)
    whole = duckdb.sql(f"SELECT * EXCLUDE (computed_at) FROM '{folder}/days.parquet'").fetchall()
    parts = duckdb.sql(f"SELECT * EXCLUDE (month, study_id, computed_at) FROM read_parquet('{by_month}/days/**/*.parquet', "
                       "hive_partitioning = true) ORDER BY participant_id, local_date").fetchall()
    check("by month: DuckDB reads the months as one table", whole == parts, (len(whole), len(parts)))
    reasons_are_carried_over(folder)
    documented(folder, by_month)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
