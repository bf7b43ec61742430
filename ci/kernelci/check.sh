#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs the script of the test definition on the model: every case must have one line in result.txt, and faults must fail. SUITE is the
# path of reglist-suite; without it, cargo builds it.
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

# run PASSED FAILED ARGUMENTS: runs the script and compares the counts in result.txt.
run() {
  ./kvm-reglist.sh -a "$3" > run.log 2>&1
  local passed failed
  passed=$(grep -c ' pass$' output/result.txt || true)
  failed=$(grep -c ' fail$' output/result.txt || true)
  echo "$3: $passed passed, $failed failed"
  if [ "$passed" != "$1" ] || [ "$failed" != "$2" ] || [ -n "$(cut -d' ' -f1 output/result.txt | sort | uniq -d)" ]; then
    cat run.log output/result.txt >&2
    echo "expected $1 passed, $2 failed, each case once" >&2
    exit 1
  fi
}
cases=$(./reglist-suite --subject model --list | wc -l)
run "$cases" 0 '--subject model'
# The fault fails one case in each of the seven configurations.
run $((cases - 7)) 7 '--subject model --fault efault-lost'
# A suite that is killed early: every case without a result must fail.
mv reglist-suite suite
printf '#!/bin/sh\n./suite "$@" | head -n 20\nexit 1\n' > reglist-suite
chmod 755 reglist-suite
done=$(./suite --subject model --format ktap 2> /dev/null | head -n 20 | grep -c '^ok ' || true)
run "$done" $((cases - done)) '--subject model --timeout 60'
if ./kvm-reglist.sh -a '--no-such-option' > run.log 2>&1; then
  echo 'the script passed although the suite did not run' >&2
  exit 1
fi
