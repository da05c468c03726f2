#!/usr/bin/env bash
# Installs the FHIR server of the tests into target/fhir-server; does nothing when it is there. Needs Node 20 and npm.
#
#   tests/exports/fhir_server/install.sh [FOLDER]     prints nothing but errors
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../../../target/fhir-server}

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
(
    # Tests run side by side: the first installs, the others wait.
    flock 9
    if ! cmp -s "$here/package.json" "$folder/installed.json"; then
        cp "$here/package.json" "$folder/package.json"
        npm install --prefix "$folder" --no-package-lock --no-audit --no-fund --loglevel=error >&2
        cp "$here/package.json" "$folder/installed.json"
    fi
) 9>"$folder/.lock"
# Node looks for packages beside the program.
cp "$here/server.mjs" "$folder/.server.$$" && mv "$folder/.server.$$" "$folder/server.mjs"
