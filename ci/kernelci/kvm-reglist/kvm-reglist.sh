#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs reglist-suite and leaves its results as output/result.txt (a line `ID pass|fail|skip` for each case), and what is to be
# said of them as output/reglist.log. Asks of the machine no more than a shell and sed; wget or curl where -u is given.
#
#     kvm-reglist.sh [-u URL] [-a ARGUMENTS]
#
# Ends with 0 if there are results, whatever they say, for they are reported each by itself; else with the suite's exit code.
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

# On the console too: it is all that is left of a machine that goes down. KMSG=1 is how test-definitions ask for the kernel's log.
kmsg=
[ -z "${KMSG:-}" ] || kmsg=--kmsg
code=0
# shellcheck disable=SC2086 # Arguments are words.
{ reglist-suite --format ktap $kmsg $arguments && echo 0 > output/code || echo $? > output/code; } 2>&1 | tee output/reglist.log
code=$(cat output/code)
rm output/code

# KTAP's lines, a case's number left out. SKIP comes before ok.
sed -n \
  -e 's/^ok [0-9]* \([a-zA-Z0-9_.-]*\) # SKIP.*/\1 skip/p;t' \
  -e 's/^ok [0-9]* \([a-zA-Z0-9_.-]*\).*/\1 pass/p;t' \
  -e 's/^not ok [0-9]* \([a-zA-Z0-9_.-]*\).*/\1 fail/p' output/reglist.log > output/result.txt
# A case that never came to its end has failed. Every planned one is named before the first begins.
sed -n 's/^# plan //p' output/reglist.log | tr ' ' '\n' | while read -r id; do
  grep -qE "^$id (pass|fail|skip)$" output/result.txt || echo "$id fail"
done > output/missing.txt
cat output/missing.txt >> output/result.txt
rm output/missing.txt
[ -s output/result.txt ] || exit "$code"
