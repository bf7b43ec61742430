#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs reglist-suite. Writes the results to output/result.txt (a line `ID pass|fail|skip` for each case) and the KTAP with all findings
# to output/reglist.log. Needs a shell, sed, grep and tee; with -u also wget or curl.
#
#     kvm-reglist.sh [-u URL] [-a ARGUMENTS]
#
# Ends with 0 if there are results, even failed ones: each result is reported on its own. Otherwise ends with the suite's exit code.
set -eu

url='' arguments='--subject kvm'
while getopts u:a: option; do
  case $option in
  u) url=$OPTARG ;;
  a) arguments=$OPTARG ;;
  *) exit 64 ;;
  esac
done
mkdir -p output
rm -f output/result.txt output/reglist.log
PATH=$PWD:$PATH
if [ -n "$url" ]; then
  wget -q -O reglist-suite "$url" || curl -fsSL -o reglist-suite "$url"
  chmod 755 reglist-suite
fi

# Also on the console, which is all that remains of a machine that crashes. test-definitions set KMSG=1 for results in the kernel log.
kmsg=
[ -z "${KMSG:-}" ] || kmsg=--kmsg
code=0
# shellcheck disable=SC2086 # Arguments are words.
{ reglist-suite --format ktap $kmsg $arguments && echo 0 > output/code || echo $? > output/code; } 2>&1 | tee output/reglist.log
code=$(cat output/code)
rm output/code

# From KTAP lines, without the number of the case. SKIP must come before ok.
sed -n \
  -e 's/^ok [0-9]* \([a-zA-Z0-9_.-]*\) # SKIP.*/\1 skip/p;t' \
  -e 's/^ok [0-9]* \([a-zA-Z0-9_.-]*\).*/\1 pass/p;t' \
  -e 's/^not ok [0-9]* \([a-zA-Z0-9_.-]*\).*/\1 fail/p' output/reglist.log > output/result.txt
# A planned case without a result has failed. The suite prints the whole plan before the first case.
sed -n 's/^# plan //p' output/reglist.log | tr ' ' '\n' | while read -r id; do
  grep -qE "^$id (pass|fail|skip)$" output/result.txt || echo "$id fail"
done > output/missing.txt
cat output/missing.txt >> output/result.txt
rm output/missing.txt
[ -s output/result.txt ] || exit "$code"
