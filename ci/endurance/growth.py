#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Measures how time and memory of each stage grow with the number of configurations, registers, cases and faults.

The inputs are specifications with 1, 2, 5 and 10 times as many configurations or listed registers, the runs of the model with them, and
the rounds of `--fault all` up to 10 times. With --lab also `reglist lab --reference`, with more configurations. A figure that grows faster
than its input fails: CPU time and memory from 5 to 10 times, without what the program needs for nothing.
"""

import argparse
import ctypes
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

SIZES = (1, 2, 5, 10)
# Largest exponent that counts as linear, from 5 to 10 times. A page sorts, and small figures vary.
LINEAR = 1.25
# Below these a figure is noise: CPU seconds, and MiB.
LEAST = {"s": 0.1, "MiB": 4.0}
SERIES = "loongarch64/v5"
# Registers of the configuration `base`.
LISTED = 76
# From here on no CSR has a name.
FREE = 0x540

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("reglist", type=os.path.abspath)
parser.add_argument("--runs", type=int, default=3, help="runs of each figure; the median counts")
parser.add_argument("--lab", action="store_true", help="also the lab")
options = parser.parse_args()
specs = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../specs")


# The copies of the suite outlive it for a moment; their time counts too.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


# Starts a command in a process that never had the memory of this script, and tells its number.
START = '(exec "$@" >/dev/null 2>&1) & echo $!'


def cost(command, codes=(0,)):
    """CPU seconds and MiB of a command and its processes."""
    shell = subprocess.Popen(["sh", "-c", START, "sh", *command], stdout=subprocess.PIPE, text=True)
    child = int(shell.stdout.readline())
    shell.stdout.close()
    seconds, memory = 0.0, 0.0
    while True:
        try:
            process, status, used = os.wait4(-1, 0)
        except ChildProcessError:
            # It was waited for here.
            shell.returncode = 0
            return seconds, memory
        if process == shell.pid:
            continue
        if process == child and os.waitstatus_to_exitcode(status) not in codes:
            sys.exit(f"growth.py: {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
        seconds += used.ru_utime + used.ru_stime
        memory = max(memory, used.ru_maxrss / 1024)


def median(command, codes=(0,)):
    return tuple(map(statistics.median, zip(*(cost(command, codes) for _ in range(options.runs)))))


def copy_of_specs(place):
    shutil.copytree(specs, place)
    return place


def more_configurations(place, times):
    """Every configuration `times` times, under names of its own."""
    series = os.path.join(copy_of_specs(place), SERIES)
    names = [name for name in os.listdir(series) if name != "groups.yaml"]
    for name in names:
        for number in range(2, times + 1):
            shutil.copy(os.path.join(series, name), os.path.join(series, name.replace(".yaml", f"_{number}.yaml")))
    return place


def more_registers(place, times):
    """`times` as many registers in the list: CSRs that KVM does not have."""
    copy_of_specs(place)
    registers, series = os.path.join(place, "loongarch64/registers.yaml"), os.path.join(place, SERIES)
    added = [f"MORE{number}" for number in range(LISTED * (times - 1))]
    entries = "".join(f"      - {{name: {name}, index: {FREE + number:#x}, about: more}}\n" for number, name in enumerate(added))

    def change(path, pattern, replacement):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
        if count != 1:
            sys.exit(f"growth.py: {path} has no {pattern}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)

    if added:
        change(registers, r"^(  csr:\n(?:    .*\n)*?    registers:\n)", lambda found: found[1] + entries)
        change(os.path.join(series, "groups.yaml"), r"DMWIN3\]", f"DMWIN3, {', '.join(added)}]")
    for name in os.listdir(series):
        if name != "groups.yaml":
            change(os.path.join(series, name), r"^count: (\d+)", lambda found: f"count: {int(found[1]) + len(added)}")
    return place


def stages(place, axis, grow, times):
    """Commands of one size, in the order of a run, and the exit codes that they may have."""
    directory = grow(os.path.join(place, f"{axis}-{times}"), times)
    events = os.path.join(place, f"{axis}-{times}.jsonl")
    chosen = ["--specs", directory]
    # The model does not have the added registers.
    codes = (0, 1)
    cost([options.reglist, "run", "-q", *chosen, "--events", events], codes)
    yield "spec", [options.reglist, "spec", "check", *chosen], (0,)
    yield "plan", [options.reglist, "run", "--list", *chosen], (0,)
    yield "run on the model", [options.reglist, "run", "-q", *chosen], codes
    yield from reports(events, os.path.join(place, "page.html"))


def reports(events, page):
    yield "report", [options.reglist, "report", events], (0, 1)
    yield "page", [options.reglist, "report", "-q", "--force", "--html", page, events], (0, 1)
    yield "diff", [options.reglist, "diff", events, events], (0, 1)


def rounds(place, times):
    """The events of `--fault all`, as files of one run each."""
    source = os.path.join(place, "faults.jsonl")
    if not os.path.exists(source):
        cost([options.reglist, "run", "-q", "--fault", "all", "--events", source], (0,))
    target = os.path.join(place, f"faults-{times}.jsonl")
    with open(target, "wb") as new:
        for _ in range(times):
            with open(source, "rb") as old:
                shutil.copyfileobj(old, new)
    yield "report", [options.reglist, "report", target], (0, 1)


def main():
    table, bent = {}, []
    with tempfile.TemporaryDirectory(prefix="growth-") as place:
        nothing = median([options.reglist, "--version"])

        def measure(axis, times, commands):
            for stage, command, codes in commands:
                table.setdefault((stage, axis), []).append(median(command, codes))
                print(f"{stage}, {times} x {axis}", file=sys.stderr, flush=True)

        for times in SIZES:
            measure("configurations", times, stages(place, "configurations", more_configurations, times))
            measure("registers", times, stages(place, "registers", more_registers, times))
            measure("faults", times, rounds(place, times))
            if options.lab:
                chosen = ["--specs", os.path.join(place, f"configurations-{times}")]
                measure("configurations", times, [("lab", [options.reglist, "lab", "-q", "--reference", *chosen], (0,))])
    sizes = " | ".join(f"{times} x" for times in SIZES)
    print(f"| stage | grows | unit | {sizes} | exponent |\n|{'---|' * (len(SIZES) + 4)}")
    for (stage, axis), figures in table.items():
        for unit, base, values in zip(("s", "MiB"), nothing, zip(*figures)):
            less = [max(value - base, LEAST[unit]) for value in values[-2:]]
            exponent = math.log(less[1] / less[0]) / math.log(SIZES[-1] / SIZES[-2])
            if exponent > LINEAR:
                bent.append(f"{stage}, {unit}: {exponent:.2f} in {axis}")
            print(f"| {stage} | {axis} | {unit} | {' | '.join(f'{value:.2f}' for value in values)} | {exponent:.2f} |")
    for line in bent:
        print(f"growth.py: faster than its input: {line}", file=sys.stderr)
    sys.exit(bool(bent))


if __name__ == "__main__":
    main()
