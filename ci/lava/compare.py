#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Compares LAVA's results of a run with the suite's events, case by case.

    compare.py lava-run.log events.jsonl

In LAVA, an error is a fail, and so is a planned case without an end. Ends with 1 if a case differs.
"""

import json
import re
import sys

import yaml

LAVA = {"pass": "pass", "fail": "fail", "error": "fail", "skip": "skip"}


class Loader(yaml.SafeLoader):
    """Keeps values as they are written; lava-run marks some with an empty tag (`! "309"`)."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: loader.construct_scalar(node))


def in_lava(path):
    """Case to result, as lava-run reports them. Several results of one case count as a difference."""
    results = {}
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            if '"results"' not in line:
                continue
            message = yaml.load(line.removeprefix("- "), Loader=Loader)["msg"]
            # LAVA reports its own actions as results of the definition `lava`.
            if message.get("definition") == "lava" or "case" not in message:
                continue
            case = message["case"]
            results.setdefault(case, []).append(message["result"])
    return {case: " and ".join(seen) for case, seen in results.items()}


def in_events(path):
    """Case to result, as LAVA must report them."""
    results = {}
    with open(path, encoding="utf-8", errors="replace") as events:
        for line in events:
            try:
                event = json.loads(line)
            except ValueError:
                # The truncated last line of a crashed machine.
                continue
            if event["event"] == "run_started":
                results.update((case, "fail") for case in event["plan"])
            elif event["event"] == "case_finished":
                results[event["case"]] = LAVA[event["outcome"]]
    return results


def main(log, events):
    lava, suite = in_lava(log), in_events(events)
    # Monitors write ids with _ for each dot.
    if not any("." in case for case in lava):
        suite = {re.sub(r"\W+", "_", case).lower(): result for case, result in suite.items()}
    differing = 0
    for case in sorted(lava.keys() | suite.keys()):
        there, here = lava.get(case, "nothing"), suite.get(case, "nothing")
        if there != here:
            differing += 1
            print(f"{case}: LAVA reports {there}, the suite {here}")
    counts = ", ".join(f"{list(suite.values()).count(result)} {result}" for result in ("pass", "fail", "skip"))
    print(f"LAVA and the suite agree on {len(suite) - differing} of {len(suite)} cases ({counts})")
    for case in sorted(case for case, result in lava.items() if result == "fail")[:5]:
        print(f"  fail in LAVA: {case}")
    return 1 if differing or not suite else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
