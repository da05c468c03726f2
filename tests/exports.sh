#!/usr/bin/env bash
# A statistician's foreign program (frictionless) reads what `brisk export days` writes, and refuses a
# broken copy of it.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --quiet --workspace --all-features --bin brisk
brisk=target/debug/brisk
"$brisk" demo --once --days 10 --data "$work/data" >"$work/table" 2>"$work/talk"
"$brisk" export days --format csv --output "$work/days" --data "$work/data"
"${BRISK_TEST_PYTHON:-python3}" tests/export_frictionless.py "$work/days"
