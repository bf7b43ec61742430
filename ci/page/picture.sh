#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Makes report.png, the picture in the README: the top of the report page of a run.
#
#   ci/page/picture.sh            the model with the fault position-for-index
#   ci/page/picture.sh EVENTS     another run, by its events.jsonl
set -euo pipefail
source=${1:+$(realpath -- "$1")}
cd "$(dirname "$0")/../.."
root=$PWD
. ci/page/browser.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
reglist=${REGLIST:-}
if [ -z "$reglist" ]; then
  cargo build --locked --release
  reglist=$(realpath -- "${CARGO_TARGET_DIR:-target}/release/reglist")
fi
# In the directory of the events, so that the page names a file without its path. Exit code 1 is expected: a run with failures
# makes the better picture.
cd "$work"
if [ -n "$source" ]; then
  cp "$source" run.jsonl
else
  "$reglist" run --subject model --fault position-for-index --events run.jsonl >/dev/null || [ $? -eq 1 ]
fi
"$reglist" report --html report.html run.jsonl >/dev/null || [ $? -eq 1 ]

CHROMIUM="$browser" MODULES="$place" node "$root/ci/page/picture.mjs" report.html "$root/ci/page/report.png"
