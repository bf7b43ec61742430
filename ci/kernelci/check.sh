#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs the test definition's steps, as far as they are this folder's own, on the suite's model: every case has one line in
# result.txt, and the faulty ones fail. SUITE names reglist-suite; without it, cargo builds it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
if [ -z "${SUITE:-}" ]; then
  cargo build -q --locked --release -p reglist-suite
  SUITE=${CARGO_TARGET_DIR:-target}/release/reglist-suite
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/kvm-reglist/* "$work"
cp "$SUITE" "$work/reglist-suite"
cd "$work"

# run PASSED FAILED ARGUMENTS: counts of a run's result.txt.
run() {
  ./kvm-reglist.sh -a "$3" > run.log 2>&1
  local passed failed
  passed=$(grep -c ' pass$' output/result.txt || true)
  failed=$(grep -c ' fail$' output/result.txt || true)
  echo "$3: $passed passed, $failed failed"
  if [ "$passed" != "$1" ] || [ "$failed" != "$2" ] || [ -n "$(cut -d' ' -f1 output/result.txt | sort | uniq -d)" ]; then
    cat run.log output/result.txt >&2
    echo "not $1 passed and $2 failed, each once" >&2
    exit 1
  fi
}
cases=$(./reglist-suite --subject model --list | wc -l)
run "$cases" 0 '--subject model'
# The fault shows in one case of each of the seven configurations.
run $((cases - 7)) 7 '--subject model --fault efault-lost'
# What was cut off: a suite that dies after the plan leaves a fail for each case.
mv reglist-suite suite
printf '#!/bin/sh\n./suite "$@" | head -n 20\nexit 1\n' > reglist-suite
chmod 755 reglist-suite
done=$(./suite --subject model --format ktap 2> /dev/null | head -n 20 | grep -c '^ok ' || true)
run "$done" $((cases - done)) '--subject model --timeout 60'
if ./kvm-reglist.sh -a '--no-such-option' > run.log 2>&1; then
  echo 'a suite that does not run must not pass' >&2
  exit 1
fi
