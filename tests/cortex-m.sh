#!/usr/bin/env bash
# What a counter's firmware links compiles for a Cortex-M4 that has no operating system: no std, no allocator.
#
# With the rustup target (rustup target add thumbv7em-none-eabihf) that is all. Without, Debian's own compiler
# builds the core library from its own source; its two packages are installed when they are missing (as root).
set -euo pipefail
cd "$(dirname "$0")/.."

target=thumbv7em-none-eabihf
packages=(-p firmware-protocol -p step-log-firmware)
export CARGO_TARGET_DIR="$PWD/target/cortex-m"

if rustup target list --installed 2> /dev/null | grep -qx "$target"; then
  cargo build --release --target "$target" "${packages[@]}"
else
  source=/usr/lib/rustlib/src/rust/library/core/src/lib.rs
  if ! [ -x /usr/bin/rustc ] || ! [ -e "$source" ]; then
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends rustc-web rust-web-src
  fi
  # Building the core library is not stable yet: hence the bootstrap switch.
  RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 cargo build --release -Zbuild-std=core --target "$target" "${packages[@]}"
fi
echo "compiled for $target"
