#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Tests the suite with mechanical mutants of the code that it tests, and lists those that it does not notice.

Takes arch/loongarch/kvm/vcpu.c of the kernel that `reglist lab` builds, applies the reference, and has universalmutator change one place
at a time: in the lines of the reference, and in the kernel's code for KVM_GET_ONE_REG and KVM_SET_ONE_REG. `reglist lab` builds and boots
each mutant. Left out are those that do not compile, and those whose module has the reference's build id: they are no other program.

A mutant is killed if a case fails with --strict, noted if only a note differs from the reference's, different if `--compare-model` finds
that it answers otherwise than the model, explained if mutants.json says why no caller can see it, and survives otherwise. With --log the
mutants go on where the file ends.
"""

import argparse
import collections
import concurrent.futures
import difflib
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

PLACE = "arch/loongarch/kvm/vcpu.c"
HERE = os.path.dirname(os.path.abspath(__file__))
# The functions of GET and SET.
FUNCTIONS = (
    "kvm_set_cpuid",
    "_kvm_getcsr",
    "_kvm_setcsr",
    "_kvm_get_cpucfg_mask",
    "kvm_check_cpucfg",
    "kvm_get_one_reg",
    "kvm_get_reg",
    "kvm_set_one_reg",
    "kvm_set_reg",
)
# An answer that takes longer than 5 s is a hang.
SUITE = ("--strict", "--timeout", "5")
MODEL = ("--compare-model", "20000")
PASSED, FAILED, UNBUILT = 0, 1, 6

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("reglist", type=os.path.abspath)
parser.add_argument("vcpu", help=f"{PLACE} of the unpatched kernel")
parser.add_argument("--kernel", default="stock", help="as for `reglist lab`")
parser.add_argument("--reference", default=os.path.join(HERE, "patches/reference-7.2.patch"))
parser.add_argument("--mutate", default="mutate", help="universalmutator's program")
parser.add_argument("--count", type=int, default=300, help="mutants that are other programs")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--jobs", type=int, default=2, help="mutants at once")
parser.add_argument("--minutes", type=float, default=float("inf"), help="end this part after so many minutes")
parser.add_argument("--explained", default=os.path.join(HERE, "mutants.json"))
parser.add_argument("--log", help="append a JSON line for each mutant to this file, and leave out those that it has")
options = parser.parse_args()


def patched(directory):
    """The file's lines without and with the reference."""
    with open(options.vcpu, encoding="utf-8") as file:
        base = file.read()
    path = os.path.join(directory, PLACE)
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write(base)
    patch = ["git", "apply", f"--include={PLACE}", os.path.abspath(options.reference)]
    subprocess.run(patch, cwd=directory, check=True, env=os.environ | {"GIT_CEILING_DIRECTORIES": directory})
    with open(path, encoding="utf-8") as file:
        return base.splitlines(), file.read().splitlines()


def interesting(base, reference):
    """Numbers of the lines to change, with the name of their part."""
    numbers = {}
    matcher = difflib.SequenceMatcher(None, base, reference, autojunk=False)
    for tag, _, _, first, end in matcher.get_opcodes():
        if tag in ("insert", "replace"):
            numbers.update(dict.fromkeys(range(first, end), "list"))
    for name in FUNCTIONS:
        first = next(number for number, line in enumerate(reference) if re.match(rf"static .*\b{name}\(", line))
        end = first + reference[first:].index("}") + 1
        numbers.update(dict.fromkeys(range(first, end), "get and set"))
    return numbers


def mutants(directory, reference, numbers):
    """All changes of one line: (part, number, new text), in an order that the seed decides."""
    path, into, lines = (os.path.join(directory, name) for name in ("reference.c", "mutants", "lines"))
    os.mkdir(into)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(reference) + "\n")
    with open(lines, "w", encoding="utf-8") as file:
        file.writelines(f"{number + 1}\n" for number in sorted(numbers))
    command = [options.mutate, path, "c", "--noCheck", "--lines", lines, "--mutantDir", into]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = set()
    for name in glob.glob(os.path.join(into, "*")):
        with open(name, encoding="utf-8") as file:
            changed = file.read().splitlines()
        differ = [number for number, line in enumerate(reference) if number >= len(changed) or line != changed[number]]
        if len(changed) == len(reference) and len(differ) == 1:
            number = differ[0]
            if re.sub(r"\s", "", changed[number]) != re.sub(r"\s", "", reference[number]):
                found.add((numbers[number], number, changed[number]))
    found = sorted(found)
    random.Random(options.seed).shuffle(found)
    return found


def patch_of(reference, number, text):
    changed = reference[:number] + [text] + reference[number + 1 :]
    lines = difflib.unified_diff(reference, changed, f"a/{PLACE}", f"b/{PLACE}", lineterm="")
    return "\n".join(lines) + "\n"


def said(finding):
    """A finding without what changes from run to run."""
    keys = ("clause", "level", "expected", "observed", "ioctl", "errno", "entry", "register")
    text = json.dumps([finding.get(key) for key in keys])
    return re.sub(r"0x[0-9a-f]+|\d+", "#", text)


def events_of(results):
    for path in glob.glob(os.path.join(results, "**", "events.jsonl"), recursive=True):
        with open(path, encoding="utf-8") as file:
            for line in file:
                try:
                    yield json.loads(line)
                except ValueError:
                    pass


def lab(directory, name, patch=None, how=SUITE):
    """Builds and boots the reference, or a mutant of it."""
    results = os.path.join(directory, name)
    command = [options.reglist, "lab", "-q", "--kernel", options.kernel, "--reference", *how]
    command += ["--restarts", "1", "--results", results, "--force"]
    if patch:
        path = f"{results}.patch"
        with open(path, "w", encoding="utf-8") as file:
            file.write(patch)
        command += ["--patch", path]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    run = {"code": done.returncode, "seconds": round(time.monotonic() - start, 1), "build": None}
    clauses, notes = set(), set()
    for event in events_of(results):
        for label in event.get("labels", []):
            if label["name"] == "kvm-build-id":
                run["build"] = label["value"]
        for finding in event.get("findings", []):
            notes.add(said(finding))
            if finding["level"] != "note":
                clauses.add(finding["clause"])
    run["clauses"] = sorted(clauses)
    subprocess.run(["rm", "-rf", results], check=False)
    if run["code"] not in (PASSED, FAILED, UNBUILT):
        run["said"] = (done.stdout + done.stderr)[-1000:]
    return run, notes


def judge(run, notes, right, right_notes):
    if run["code"] == UNBUILT:
        return "does not compile"
    if run["code"] == FAILED:
        return "killed"
    if run["code"] != PASSED:
        return "trouble"
    if run["build"] == right["build"]:
        return "same"
    return "noted" if notes - right_notes else "survived"


def explanation(reasons, line, becomes):
    """Why nobody sees a change, or all changes of a line."""
    return reasons.get((line, becomes)) or reasons.get((line, None))


def key(line):
    return " ".join(line.split())


def main():
    with open(options.explained, encoding="utf-8") as file:
        reasons = {(each["line"], each.get("becomes")): each["why"] for each in json.load(file)}
    done = {}
    if options.log and os.path.exists(options.log):
        with open(options.log, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                done[(entry["number"], entry["becomes"])] = entry
    lock = threading.Lock()
    with tempfile.TemporaryDirectory(prefix="reglist-mutants-") as directory:
        base, reference = patched(directory)
        numbers = interesting(base, reference)
        every = mutants(directory, reference, numbers)
        right, right_notes = lab(directory, "reference")
        if right["code"] != PASSED or not right["build"]:
            sys.exit(f"mutants.py: the reference does not pass: {right}")
        end = time.monotonic() + 60 * options.minutes

        def different():
            return sum(entry["verdict"] not in ("does not compile", "same", "trouble") for entry in done.values())

        def test(position):
            part, number, text = every[position]
            with lock:
                known = (number, key(text)) in done
                if known or different() >= options.count or time.monotonic() > end:
                    return
            name, patch = f"mutant-{position}", patch_of(reference, number, text)
            run, notes = lab(directory, name, patch)
            was, becomes = key(reference[number]), key(text)
            verdict = judge(run, notes, right, right_notes)
            if verdict == "survived":
                compared, _ = lab(directory, name, patch, MODEL)
                verdict = {FAILED: "different", PASSED: verdict}.get(compared["code"], "trouble")
            if verdict == "survived" and explanation(reasons, was, becomes):
                verdict = "explained"
            entry = {"part": part, "number": number, "line": was, "becomes": becomes, "verdict": verdict} | run
            with lock:
                done[(number, becomes)] = entry
                if options.log:
                    with open(options.log, "a", encoding="utf-8") as file:
                        file.write(json.dumps(entry) + "\n")
                if verdict in ("survived", "trouble"):
                    print(f"{verdict}: {PLACE}:{number + 1}\n-  {was}\n+  {becomes}", flush=True)

        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(test, range(len(every))))
    return report(done, reasons)


def report(done, reasons):
    for entry in done.values():
        # The file may know more than when the mutant ran.
        if entry["verdict"] in ("survived", "explained"):
            entry["verdict"] = "explained" if explanation(reasons, entry["line"], entry["becomes"]) else "survived"
    words = ("killed", "noted", "different", "explained", "survived", "same", "does not compile", "trouble")
    print(f"{'':12} " + " ".join(f"{word:>16}" for word in words))
    for part in sorted({entry["part"] for entry in done.values()}):
        counts = collections.Counter(entry["verdict"] for entry in done.values() if entry["part"] == part)
        print(f"{part:12} " + " ".join(f"{counts[word]:16}" for word in words))
    counts = collections.Counter(entry["verdict"] for entry in done.values())
    noticed = counts["killed"] + counts["noted"] + counts["different"]
    judged = noticed + counts["survived"]
    share = noticed / max(judged, 1)
    seconds = sum(entry["seconds"] for entry in done.values()) / max(len(done), 1)
    print(f"{judged + counts['explained']} other programs; noticed {share:.1%} of those that nothing explains; {seconds:.1f} s each")
    return counts["trouble"] > 0 or share < 0.95


if __name__ == "__main__":
    sys.exit(main())
