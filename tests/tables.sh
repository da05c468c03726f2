#!/usr/bin/env bash
# Foreign programs read the tables of days, weeks and persons: pyarrow and DuckDB find in the Parquet files what
# the CSV files hold, pandas computes weeks and persons again from the days, and frictionless takes the packages.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

BRISK_TABLES_DIR="$work" cargo test --quiet --test tables -- --exact the_three_tables_stand_in_a_folder_in_every_form
"${BRISK_TEST_PYTHON:-python3}" tests/export_tables.py "$work"
