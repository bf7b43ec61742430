#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Repeats runs that must pass, on the model and in the lab, and counts those that do not.

Every run has a seed of its own for the suite: its number. A boot also has a condition, chosen by the number: nothing special, other work on
all processors, an emulator that has a tenth of its time, a stop of the emulator for 15 to 40 s, or a clock of the host that jumps.
All must pass; only a run with a stop may also end with 5, because a case that failed after a stop has no result.

With --log the runs go on where the file ends, so that they can be made in parts. Needs a cache with a run of `reglist lab --reference`.
"""

import argparse
import collections
import glob
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from processes import descendants

PASSED, INFRASTRUCTURE = 0, 5
CONDITIONS = {"plain": 12, "busy": 3, "slow": 2, "stopped": 2, "clock": 1}
# Of each tenth of a second, what a slow emulator has.
SHARE, PERIOD = 0.1, 0.1
LIMIT = 900
FAKETIME = "/usr/lib/*/faketime/libfaketimeMT.so.1"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("reglist", type=os.path.abspath)
parser.add_argument("--model", type=int, default=10000, help="runs on the model, all parts together")
parser.add_argument("--boots", type=int, default=1000, help="runs in the lab, all parts together")
parser.add_argument("--minutes", type=float, default=math.inf, help="end this part after so many minutes")
parser.add_argument("--log", help="append a JSON line for each run to this file, and go on after its last")
options = parser.parse_args()


def emulators(run):
    return [pid for pid, name in descendants(run.pid) if name.startswith("qemu-system")]


def send(processes, number):
    for pid in processes:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def slow(run, _rng, _work):
    """Stops the emulators for most of the time."""
    while run.poll() is None:
        found = emulators(run)
        send(found, signal.SIGSTOP)
        time.sleep(PERIOD * (1 - SHARE))
        send(found, signal.SIGCONT)
        time.sleep(PERIOD * SHARE)


def stopped(run, rng, _work):
    """Stops the emulators once."""
    while run.poll() is None and not emulators(run):
        time.sleep(0.01)
    time.sleep(rng.uniform(0, 5))
    found = emulators(run)
    send(found, signal.SIGSTOP)
    time.sleep(rng.uniform(15, 40))
    send(found, signal.SIGCONT)


def clock(run, rng, work):
    """Sets the clock that the run reads, hours ahead and back."""
    while run.poll() is None:
        jump(work, rng.uniform(-5e4, 5e4))
        time.sleep(rng.uniform(0.1, 1))


def jump(work, seconds):
    with open(os.path.join(work, "clock.new"), "w", encoding="ascii") as file:
        file.write(f"{seconds:+.0f}\n")
    os.replace(os.path.join(work, "clock.new"), os.path.join(work, "clock"))


def disturbed(condition, rng, command, work):
    """The exit code of a run under a condition, and its last words."""
    environment, helpers = dict(os.environ), []
    if condition == "clock":
        jump(work, 0)
        environment |= {"LD_PRELOAD": glob.glob(FAKETIME)[0], "FAKETIME_TIMESTAMP_FILE": os.path.join(work, "clock"),
                        "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    if condition == "busy":
        helpers = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * os.cpu_count())]
    try:
        with tempfile.TemporaryFile("w+", dir=work, encoding="utf-8", errors="replace") as log:
            run = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            {"slow": slow, "stopped": stopped, "clock": clock}.get(condition, lambda *_: None)(run, rng, work)
            code = run.wait(LIMIT)
            log.seek(0)
            return code, log.read()[-2000:]
    finally:
        for helper in helpers:
            helper.kill()
            helper.wait()


def runs(done):
    """Kind and number of the runs that are still to do."""
    for kind, wanted in (("model", options.model), ("boot", options.boots)):
        yield from ((kind, number) for number in range(done[kind] + 1, wanted + 1))


def once(kind, number, work):
    rng = random.Random(f"{kind}/{number}")
    results = os.path.join(work, "results")
    if kind == "model":
        return "plain", disturbed("plain", rng, [options.reglist, "run", "-q", "--seed", str(number)], work)
    condition = rng.choices(list(CONDITIONS), list(CONDITIONS.values()))[0]
    command = [options.reglist, "lab", "-q", "--reference", "--seed", str(number), "--results", results]
    try:
        return condition, disturbed(condition, rng, command, work)
    finally:
        shutil.rmtree(results, ignore_errors=True)


def main():
    if not glob.glob(FAKETIME):
        sys.exit("repeat.py: no libfaketime\n[install the package libfaketime]")
    done, failed = collections.Counter(), 0
    if options.log and os.path.exists(options.log):
        with open(options.log, encoding="utf-8") as file:
            for line in map(json.loads, file):
                done[line["kind"]] += 1
                failed += "failed" in line
    conditions, end = collections.Counter(), time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="repeat-") as work:
        for kind, number in runs(done):
            if time.monotonic() > end:
                break
            condition, (code, text) = once(kind, number, work)
            line = {"kind": kind, "number": number, "condition": condition, "code": code}
            if code != PASSED and not (condition == "stopped" and code == INFRASTRUCTURE):
                failed += 1
                line["failed"] = text
                print(f"{kind} {number}, {condition}: exit code {code}\n{text}", flush=True)
            done[kind] += 1
            conditions[f"{kind} {condition} {code}"] += 1
            if options.log:
                with open(options.log, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
    print("".join(f"{count:6} {name}\n" for name, count in sorted(conditions.items())), end="")
    print(f"repeat.py: {done['model']} runs on the model and {done['boot']} boots so far, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
