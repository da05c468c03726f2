#!/usr/bin/env bash
# People's ways through the pages in a real Chromium, and every page looked at by axe-core: tests/browser/.
# Arguments go to pytest, such as -k swim.
set -euo pipefail
cd "$(dirname "$0")/.."

AXE_VERSION=4.14.1

python=${BRISK_TEST_PYTHON:-target/venv/bin/python}
if ! grep -qs "\"version\": \"$AXE_VERSION\"" target/web-tools/node_modules/axe-core/package.json; then
    npm install --prefix target/web-tools --no-save --no-audit --no-fund --silent "axe-core@$AXE_VERSION"
fi
cargo build --quiet --workspace --all-features --bin brisk
export BRISK_BIN="${CARGO_TARGET_DIR:-$PWD/target}/debug/brisk"
exec "$python" -m pytest -p no:cacheprovider --durations=5 -q tests/browser "$@"
