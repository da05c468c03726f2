#!/usr/bin/env bash
# A real browser opens the page of `brisk aggregate --report`: everybody is on it, it asks for nothing from anywhere, and
# it prints.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --quiet --workspace --all-features --bin brisk
python3 - "$work/minutes.csv" <<'PYTHON'
import sys
from datetime import datetime, timedelta
with open(sys.argv[1], "w") as out:
    out.write("participant_id,timestamp,steps\n")
    for person in range(12):
        at = datetime(2026, 3, 27)
        for minute in range(10 * 1440):
            walk = 480 <= minute % 1440 < 480 + 5 * person
            out.write(f"p{person:02},{at + timedelta(minutes=minute)},{112 if walk else 0}\n")
    out.write("p00,yesterday,7\n")
PYTHON
# The row of yesterday is set aside: 1.
status=0
target/debug/brisk aggregate "$work/minutes.csv" -o "$work/days.csv" --report "$work/report.html" 2>"$work/talk" || status=$?
[ "$status" = 1 ]

chromium() {
    command chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-sync \
        --disable-background-networking --disable-component-update --user-data-dir="$work/profile" "$@"
}
chromium --enable-logging=stderr --v=0 --dump-dom "file://$work/report.html" >"$work/dom" 2>"$work/said"
if grep -E 'CONSOLE|Refused to|net::ERR' "$work/said"; then
    echo "the browser complains about the report" >&2
    exit 1
fi
for person in $(seq -w 0 11); do
    grep -q "p$person" "$work/dom"
done
grep -q 'not a time stamp that is known' "$work/dom"
grep -q '</html>' "$work/dom"
chromium --print-to-pdf="$work/report.pdf" --no-pdf-header-footer "file://$work/report.html" 2>/dev/null
pages=$(grep -ac '/Type */Page\b' "$work/report.pdf" || true)
[ "$pages" -ge 2 ] || { echo "the report prints on $pages pages" >&2; exit 1; }
echo "the report opens in $(command chromium --version 2>/dev/null), and prints on $pages pages"
