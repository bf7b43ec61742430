#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Opens the pages of `reglist report --html` in a headless Chromium, from files: a correct kernel, the posted patch with its lines, both compared, the
# model with a fault, an incomplete run, a run without its list, a kernel without the ioctl. `check.sh DIR` writes pages, screenshots and
# a print to DIR.
set -euo pipefail
cd "$(dirname "$0")/../.."

. ci/page/browser.sh

kept="${1:-}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$kept" ]; then
  mkdir -p "$kept"
fi

cargo build --locked --release
reglist="${CARGO_TARGET_DIR:-target}/release/reglist"
# Exit code 1 is expected of the runs with failures.
"$reglist" lab --reference --results "$work/reference" >/dev/null
"$reglist" lab --patch ci/lab/variants/posted-v5.patch --coverage --results "$work/v5" >/dev/null || [ $? -eq 1 ]
"$reglist" run --subject model --fault efault-lost --events "$work/model.jsonl" >/dev/null || [ $? -eq 1 ]
"$reglist" report --format ktap "$work/v5/events.jsonl" >"$work/ktap.log" || [ $? -eq 1 ]
head -n 1 "$work/reference/events.jsonl" >"$work/unknown.jsonl"
echo '{"event":"run_finished","verdict":"not_implemented","totals":{"pass":0,"fail":0,"skip":0,"error":0}}' >>"$work/unknown.jsonl"

mkdir "$work/pages"
page() {
  local name=$1 code=0
  shift
  "$reglist" report --html "$work/pages/$name.html" "$@" >/dev/null 2>"$work/said" || code=$?
  case $code in
    0 | 1 | 4) ;;
    *) cat "$work/said" >&2; return 1 ;;
  esac
}
page reference "$work/reference/events.jsonl"
page v5 "$work/v5/events.jsonl"
page reference-v5 "$work/reference/events.jsonl" "$work/v5/events.jsonl"
page v5-reference "$work/v5/events.jsonl" "$work/reference/events.jsonl"
page same "$work/v5/events.jsonl" "$work/v5/events.jsonl"
page model "$work/model.jsonl"
page broken-off ci/formats/broken-off.jsonl
page ktap "$work/ktap.log"
page not-implemented "$work/unknown.jsonl"
page not-implemented-v5 "$work/unknown.jsonl" "$work/v5/events.jsonl"
# The lab must write a page too.
[ -s "$work/reference/report.html" ]

export CHROMIUM="$browser" PROFILE="$work/profile" MODULES="$place" SHOTS="$kept"
node ci/page/check.mjs "$work"/pages/*.html
if [ -n "$kept" ]; then
  cp "$work"/pages/*.html "$kept"
fi
