#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Fuzzes the readers of foreign data.
#   check.sh                     20000 inputs for each reader, at most 8 s each; not optimized, to build quickly
#   check.sh RUNS [READER...]    RUNS inputs for each reader, or for the named ones
set -euo pipefail
cd "$(dirname "$0")"

runs="${1:-20000}"
limit=8
if [ $# -gt 0 ]; then
  limit=0
  export CARGO_PROFILE_RELEASE_OPT_LEVEL=2
fi
readers=("${@:2}")
[ ${#readers[@]} -gt 0 ] || readers=(corpus/*)
host=$(rustc -vV | sed -n 's/^host: //p')
target="$(realpath -m "${CARGO_TARGET_DIR:-../../target}")/fuzz"

# The coverage that libFuzzer needs, as cargo-fuzz asks for it. With --target, build scripts have none.
export RUSTFLAGS="${RUSTFLAGS:-} -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
cargo build --locked --release --target "$host" --target-dir "$target"

# New inputs stay out of the repository, and crashes stay.
grown=$(mktemp -d)
trap 'rm -rf "$grown"' EXIT
mkdir -p "$target/crashes"
export NO_COLOR=1
# `specs` writes files.
[ ! -d /dev/shm ] || export TMPDIR=/dev/shm
for reader in "${readers[@]}"; do
  export READER="${reader##*/}"
  case $READER in
  mail) most=2000 ;;   # each input needs processes of git
  page) most=100000 ;; # the same reader as log; a page takes ten times as long
  *) most=$runs ;;
  esac
  printf '\n-- %s\n' "$READER"
  mkdir "$grown/$READER"
  "$target/$host/release/reglist-fuzz" -runs=$((runs < most ? runs : most)) -max_total_time="$limit" -seed=1 -max_len=8192 \
    -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=0 -artifact_prefix="$target/crashes/$READER-" \
    "$grown/$READER" "corpus/$READER" 2>&1 | grep -v '^INFO\|^WARNING: Failed to find function'
done
