#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Fills in a job of this folder: URLs for @KERNEL@, @IMAGE@ and @SUITE@, and the ids of the expected cases for @CASES@
# (for @CASES_@ with _ for each dot, as LAVA's monitors write them).
#
#     reglist-suite --list | ci/lava/job.sh TEMPLATE [KERNEL=URL] [IMAGE=URL] [SUITE=URL] > job.yaml
set -euo pipefail

if [ $# -lt 1 ] || [ -t 0 ]; then
  sed -n '3,6s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
template=$1
shift
job=$(cat "$template")
cases=$(sed -n 's/: test$//p' | paste -sd ' ')
if [ -z "$cases" ]; then
  echo "${0##*/}: no cases on the standard input [pipe the output of reglist-suite --list into it]" >&2
  exit 64
fi
list="[${cases// /, }]"
job=${job//"'@CASES@'"/"$list"}
job=${job//"'@CASES_@'"/"${list//./_}"}
for word in "$@"; do
  job=${job//"@${word%%=*}@"/"${word#*=}"}
done
if grep -v '^#' <<< "$job" | grep -o '@[A-Z_]*@' >&2; then
  echo "${0##*/}: these words have no value [give WORD=VALUE for each]" >&2
  exit 64
fi
printf '%s\n' "$job"
