#!/usr/bin/env python3
"""Compares two day tables in the columns that every peer computes; says what differs and exits 1.

    check_equal.py A.csv B.csv

Rows are matched by participant and date, in any order. Peaks may differ by 0.001 for their rounding. A row without a
minute (`minutes_recorded` 0) says that a day is missing; tables may hold such rows or leave them out.
"""

import csv
import sys

from day_table import COLUMNS

KEYS = COLUMNS[:2]
PEAKS = {"peak1_spm", "peak30_spm", "peak60_spm"}
TRUTH = {"true": "1", "false": "0"}


def days(path):
    """Rows by key; columns beyond ours are passed over."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or [])]
        if missing:
            sys.exit(f"{path} has no column {', '.join(missing)}")
        found = {}
        for row in rows:
            if row["minutes_recorded"] == "0":
                continue
            key = tuple(row[name] for name in KEYS)
            if key in found:
                sys.exit(f"{path} has {key[0]} {key[1]} twice")
            found[key] = row
        return found


def same(name, one, other):
    if one == other:
        return True
    if name in PEAKS:
        return bool(one and other) and abs(float(one) - float(other)) <= 1e-3
    return TRUTH.get(one.lower(), one) == TRUTH.get(other.lower(), other)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    path, other_path = sys.argv[1:]
    one, other = days(path), days(other_path)
    said = []
    for here, there, where, not_there in ((one, other, path, other_path), (other, one, other_path, path)):
        only = sorted(here.keys() - there.keys())
        if only:
            said.append(f"{len(only)} days of {where} are not in {not_there}, the first: {' '.join(only[0])}")
    if not one:
        said.append(f"{path} has no days")
    for name in COLUMNS[2:]:
        differ = [key for key in one if key in other and not same(name, one[key][name], other[key][name])]
        if differ:
            key = differ[0]
            said.append(
                f"{name} differs in {len(differ)} days, the first: {' '.join(key)}, "
                f"{one[key][name] or 'none'} against {other[key][name] or 'none'}"
            )
    for line in said:
        print(line)
    if not said:
        print(f"{len(one)} days are equal in {len(COLUMNS) - 2} columns")
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()
