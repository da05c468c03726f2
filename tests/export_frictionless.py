#!/usr/bin/env python3
"""A foreign validator's word on an export: `export_frictionless.py FOLDER`.

FOLDER holds days.csv, codebook.csv and datapackage.json. The package must be valid by frictionless
(pip package `frictionless`), and broken copies of it must be refused, so that the check can fail.
Exits 0 when all is as it should be, 1 when not, 2 when it was called wrongly.
"""

import csv
import hashlib
import json
import pathlib
import shutil
import sys
import tempfile

from frictionless import Package, system


def errors_of(folder):
    """Types of the errors that frictionless finds; empty for a valid package."""
    with system.use_context(trusted=True):
        report = Package(str(folder / "datapackage.json")).validate()
    found = [error.type for task in report.tasks for error in task.errors]
    return found + [error.type for error in report.errors]


def change_rows(change, repair_hash=True):
    """A way to break days.csv; with its size and hash put right, so that only the rows are wrong."""

    def apply(folder):
        path = folder / "days.csv"
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        names = list(rows[0])
        change(rows)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names, lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(rows)
        if repair_hash:
            package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
            resource = package["resources"][0]
            resource["bytes"] = path.stat().st_size
            resource["hash"] = "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
            (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")

    return apply


def set_first(name, value):
    def change(rows):
        rows[0][name] = value

    return change


BROKEN = {
    "nothing but its rows written again": (change_rows(lambda rows: None), False),
    "a digit changed and the hash not": (change_rows(set_first("day_index", "999"), repair_hash=False), True),
    "a day twice": (change_rows(lambda rows: rows.append(dict(rows[0]))), True),
    "steps below zero": (change_rows(set_first("total_steps", "-5")), True),
    "steps that are a text": (change_rows(set_first("total_steps", "many")), True),
    "a state that is none": (change_rows(set_first("data_state", "fine")), True),
    "a flag that is none": (change_rows(set_first("flags", "lucky")), True),
    "a yes that is not 1": (change_rows(set_first("valid_day", "yes")), True),
    "a date of another land": (change_rows(set_first("local_date", "10/25/2026")), True),
    "a stamp without its zone": (change_rows(set_first("computed_at", "2026-10-26 05:00")), True),
    "no participant": (change_rows(set_first("participant_id", "")), True),
    "a name for a pseudonym": (change_rows(set_first("participant_id", "Kari Nordmann")), True),
}


def main():
    if len(sys.argv) != 2 or not (pathlib.Path(sys.argv[1]) / "datapackage.json").is_file():
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(sys.argv[1])
    failed = 0
    found = errors_of(folder)
    print(f"{'ok' if not found else 'FAILED'}: the export is valid {sorted(set(found)) or ''}")
    failed += bool(found)
    for name, (spoil, refused) in BROKEN.items():
        with tempfile.TemporaryDirectory() as copy:
            copy = pathlib.Path(copy) / "copy"
            shutil.copytree(folder, copy)
            spoil(copy)
            found = errors_of(copy)
        as_wanted = bool(found) == refused
        failed += not as_wanted
        print(f"{'ok' if as_wanted else 'FAILED'}: {name} is {'refused' if refused else 'accepted'} {sorted(set(found)) or ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
