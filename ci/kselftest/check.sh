#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs the drop-in on the model, under the unmodified run_kselftest.sh of the kernel source in the lab's cache: copied by hand, and
# installed by the kernel's own make. SUITE is the path of reglist-suite; without it, cargo builds it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

for tool in make perl rsync; do
  if ! command -v "$tool" > /dev/null; then
    apt-get update -q
    apt-get install -yq --no-install-recommends make perl rsync
  fi
done
if [ -z "${SUITE:-}" ]; then
  cargo build -q --locked --release -p reglist-suite
  SUITE=${CARGO_TARGET_DIR:-target}/release/reglist-suite
fi
kernel=
for script in "${XDG_CACHE_HOME:-$HOME/.cache}"/reglist/sources/*/tree/tools/testing/selftests/run_kselftest.sh; do
  kernel=${script%/tools/testing/*}
  [ -r "$script" ] && break
done
if [ ! -r "$kernel/tools/testing/selftests/run_kselftest.sh" ]; then
  echo 'no kernel source in the cache [run reglist lab once]' >&2
  exit 5
fi
version=$(sed -n 's/^\(VERSION\|PATCHLEVEL\|SUBLEVEL\) = //p' "$kernel/Makefile" | paste -sd .)
echo "run_kselftest.sh of Linux $version"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
selftests=$kernel/tools/testing/selftests

# By hand, as in ci/README.md.
mkdir "$work/copied"
cp -r "$selftests/run_kselftest.sh" "$selftests/kselftest" "$here/kselftest-list.txt" "$here/kvm_reglist" "$work/copied"
cp "$SUITE" "$work/copied/kvm_reglist/reglist-suite"

# By the kernel's make, in a copy of the files that it needs.
tree=$work/tree
mkdir -p "$tree/tools/testing/selftests"
cp -r "$kernel/scripts" "$kernel/Makefile" "$tree"
cp -r "$kernel/tools/scripts" "$tree/tools"
find "$selftests" -maxdepth 1 -type f -exec cp -t "$tree/tools/testing/selftests" {} +
cp -r "$selftests/kselftest" "$here/kvm_reglist" "$tree/tools/testing/selftests"
cp "$SUITE" "$tree/tools/testing/selftests/kvm_reglist/reglist-suite"
make -s -C "$tree/tools/testing/selftests" TARGETS=kvm_reglist INSTALL_PATH="$work/installed" install > "$work/make.log" 2>&1 || {
  cat "$work/make.log" >&2
  exit 1
}
diff "$here/kselftest-list.txt" "$work/installed/kselftest-list.txt"

# expect WHAT LINE: the log of the last run must have a line that matches LINE.
expect() {
  grep -Eq -- "$2" "$work/log" && return
  cat "$work/log" >&2
  echo "$1: no line matches $2" >&2
  exit 1
}

# run WHERE CODE ARGUMENTS...: runs the whole list with arguments for the suite; it must end with CODE.
run() {
  local where=$1 want=$2 code=0
  shift 2
  # Through a pipe: run_kselftest.sh reopens its standard output for each test and would overwrite a file.
  # Where /dev/stdout is not this pipe, as in a bare container, what a test prints goes to output.log.
  KSELFTEST_REGLIST_SH_ARGS="$*" sh -c 'if test -p /dev/stdout; then exec "$0"; else exec "$0" -s; fi' \
    "$work/$where/run_kselftest.sh" 2>&1 < /dev/null | cat > "$work/log" || code=$?
  if [ -e "$work/$where/output.log" ]; then
    cat "$work/$where/output.log" >> "$work/log"
  fi
  if [ "$code" != "$want" ]; then
    cat "$work/log" >&2
    echo "run_kselftest.sh ended with $code, expected $want" >&2
    exit 1
  fi
  grep -E '^(not )?ok |^# # Totals' "$work/log"
}

cases=$("$SUITE" --subject model --list | wc -l)
for where in copied installed; do
  run "$where" 0 --subject model
  expect 'the settings' '^# timeout set to 300$'
  expect 'all pass' '^ok 1 selftests: kvm_reglist: reglist\.sh$'
  expect 'the plan' "^# 1\.\.$cases\$"
  expect 'totals' "^# # Totals: pass:$cases fail:0 "
done
run copied 1 --subject model --fault efault-lost
expect 'a case failed' '^# not ok [0-9]+ [a-z_]+\.efault\.'
expect 'the test failed' '^not ok 1 selftests: kvm_reglist: reglist\.sh # exit=1$'
run copied 0 --subject model --model-host plain --config pmu
expect 'nothing tested' '^ok 1 selftests: kvm_reglist: reglist\.sh # SKIP$'
echo "run_kselftest.sh reports all $cases cases correctly"
