# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Reads each format with other projects' parsers and compares the results with the events."""

import argparse
import glob
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types

EVENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "broken-off.jsonl")

arguments = argparse.ArgumentParser()
for name in ("bin", "kernel", "lava", "schemas"):
    arguments.add_argument(f"--{name}", required=True, type=os.path.abspath)
options = arguments.parse_args()
reglist = os.path.join(options.bin, "reglist")
suite = os.path.join(options.bin, "reglist-suite")
scratch = tempfile.mkdtemp(prefix="reglist-formats-")
broken = []


def check(what, seen, expected):
    """Records a parser that did not return the expected result."""
    if seen == expected:
        return
    broken.append(what)
    print(f"   DIFFERS: {what}\n     seen:     {seen}\n     expected: {expected}", flush=True)


def by(parser, version):
    """Prints the name of the next parser."""
    print(f"-- {parser} {version}", flush=True)


def run(*command, code=None, stdin=None, **more):
    """The standard output of a command, which must end with this code."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, input=stdin, check=False, **more)
    if code is not None:
        check(f"exit code of {' '.join(map(str, command))}", done.returncode, code)
    return done.stdout


def path(name):
    """The path of a temporary file."""
    return os.path.join(scratch, name)


def written(name, text):
    """A file with this text."""
    with open(path(name), "w", encoding="utf-8") as file:
        file.write(text)
    return path(name)


def outcomes(lines):
    """The outcome of each planned case, from the events; `error` for a case without an end."""
    plan, ended = [], {}
    for line in lines:
        event = json.loads(line)
        if event["event"] == "run_started":
            plan = event["plan"]
        if event["event"] == "case_finished":
            ended[event["case"]] = event["outcome"]
    return {case: ended.get(case, "error") for case in plan}


def model(*more):
    """Events, outcomes and output of a run on the model with a fault."""
    events = path("model.jsonl")
    if os.path.exists(events):
        os.unlink(events)
    out = run(suite, "--subject", "model", "--fault", "pmu-always", "--config", "base", "--config", "pmu",
              "--events", events, *more, code=1)
    with open(events, encoding="utf-8") as file:
        return events, outcomes(file.readlines()), out


def report(*files_and_options, code=1, stdin=None):
    """The output of `reglist report`."""
    return run(reglist, "report", *files_and_options, code=code, stdin=stdin)


with open(EVENTS, encoding="utf-8") as events_file:
    fixture = outcomes(events_file.readlines())

# Consumers without an outcome for errors report a fail.
failed = lambda outcome: {"error": "fail"}.get(outcome, outcome)


def of_kunit(text):
    """Cases and outcomes as kunit.py reads them, and its count of errors."""
    import kunit_parser
    from kunit_printer import Printer

    class Silent(Printer):
        """Prints nothing."""

        def print(self, message):
            pass

        def print_with_timestamp(self, message):
            pass

    words = {"SUCCESS": "pass", "FAILURE": "fail", "SKIPPED": "skip", "TEST_CRASHED": "crashed"}
    silent = Silent(open(os.devnull, "w", encoding="utf-8"))
    if hasattr(kunit_parser, "stdout"):
        # As in Linux 6.12: the module has one printer for all.
        kunit_parser.stdout = silent
        test = kunit_parser.parse_run_tests(text.splitlines())
    else:
        test = kunit_parser.parse_run_tests(text.splitlines(), silent)
    return test, {sub.name: words.get(sub.status.name, sub.status.name) for sub in test.subtests}, test.counts.errors


with open(os.path.join(options.kernel, "package.json"), encoding="utf-8") as file:
    package = json.load(file)

source = f"linux-source-{'.'.join(map(str, package['version']))} {package['package_version']}"
by("kunit.py's parser of Linux, Debian's", source)
ktap = report(EVENTS, "--format", "ktap")
expected = {case: failed(outcome) for case, outcome in fixture.items()}
check("kunit.py: a run that broke off", of_kunit(ktap)[1:], (expected, 0))
logged = "".join(f"<0>[{seconds:12.6f}] {line}\n" for seconds, line in zip(range(9, 9999), ktap.splitlines()))
check("kunit.py: the same in a kernel log", of_kunit(logged.replace("<0>", ""))[1:], (expected, 0))
_, ran, out = model("--format", "ktap")
check("kunit.py: stdout of the suite", of_kunit(out)[1:], ({case: failed(outcome) for case, outcome in ran.items()}, 0))
cut = "".join(f"{line}\n" for line in out.splitlines()[: len(out.splitlines()) // 2])
check("kunit.py: the suite's log cut off has errors", of_kunit(cut)[2] > 0, True)
mended = report(written("cut.ktap", cut), "--format", "ktap")
check("kunit.py: mended, every case is told", (set(of_kunit(mended)[1]), of_kunit(mended)[2]), (set(ran), 0))
several = report(EVENTS, EVENTS, "--format", "ktap")
tree, _, errors = of_kunit(several)
check("kunit.py: two runs", ([sub.name for sub in tree.subtests], [len(sub.subtests) for sub in tree.subtests], errors),
      (["run_1", "run_2"], [len(fixture)] * 2, 0))
command = os.path.join(options.kernel, "tree/tools/testing/kunit/kunit.py")
run("/usr/bin/python3", command, "parse", written("whole.ktap", ktap), code=1)

by("tap.py", importlib.metadata.version("tap.py"))


def of_tap(text):
    """Cases and outcomes as tap.py reads them, and the lines that it could not read."""
    from tap.parser import Parser

    cases, other = {}, []
    for line in Parser().parse_text(text):
        if line.category == "test":
            cases[line.description.removeprefix("- ")] = "skip" if line.skip else "pass" if line.ok else "fail"
        if line.category in ("unknown", "bail"):
            other.append(str(line))
        if line.category == "test" and not line.ok and not line.yaml_block:
            other.append(f"no details: {line}")
    return cases, other


tap = report(EVENTS, "--format", "tap13")
check("tap.py: a run that broke off", of_tap(tap), (expected, []))
_, ran, out = model("--format", "tap13")
check("tap.py: stdout of the suite", of_tap(out), ({case: failed(outcome) for case, outcome in ran.items()}, []))
check("tap.py: two runs", len(of_tap(report(EVENTS, EVENTS, "--format", "tap13"))[0]), 2 * len(fixture))

by("prove,", run("prove", "--version", code=0).strip())
counts = run("prove", "-e", "cat", written("broken-off.tap", tap), code=1)
bad = [number for number, outcome in enumerate(expected.values(), 1) if outcome == "fail"]
failing = re.search(r"Failed tests?: +([-0-9, ]+)", counts)
numbers = []
for part in failing.group(1).split(",") if failing else []:
    first, _, last = part.strip().partition("-")
    numbers.extend(range(int(first), int(last or first) + 1))
check("prove: what failed", (numbers, "Parse errors" in counts), (bad, False))
passing = run(suite, "--subject", "model", "--config", "base", "--format", "tap13", code=0)
check("prove: a run that passes", "Result: PASS" in run("prove", "-e", "cat", written("pass.tap", passing), code=0), True)

with open(os.path.join(options.lava, "version"), encoding="utf-8") as file:
    by("LAVA:", ", ".join(file.read().split("\n")).strip(", "))


def of_lava(text):
    """Results as LAVA's dispatcher reads them from a console."""
    from lava_dispatcher.actions.test.shell import TestShellAction

    class Logger:
        """Discards everything."""

        def __getattr__(self, _):
            return lambda *positional, **named: None

    action = TestShellAction()
    action.logger = Logger()
    action._reset_patterns()
    action.signal_director = action.SignalDirector()
    action.signal_director.test_uuid = "uuid"
    action.definition = "0_reglist"
    action.report = {}
    sets = []
    for match in re.finditer(action.patterns["signal"], text):
        action.check_patterns("signal", types.SimpleNamespace(match=match), "")
        sets.append(action.testset_name)
    return action.report, [name for name in dict.fromkeys(sets) if name]


lava = report(EVENTS, "--format", "lava")
check("LAVA: a run that broke off", of_lava(lava), (expected, []))
logged = "".join(f"[{seconds:12.6f}] {line}\r\r\n" for seconds, line in zip(range(9, 9999), lava.splitlines()))
check("LAVA: the same on a kernel's console", of_lava(logged)[0], expected)
_, ran, out = model("--format", "lava")
check("LAVA: stdout of the suite", of_lava(out)[0], {case: failed(outcome) for case, outcome in ran.items()})
check("LAVA: two runs", of_lava(report(EVENTS, EVENTS, "--format", "lava"))[1], ["run_1", "run_2"])
# A job's `monitors` read the suite's KTAP with this pattern and rewrite its ids like this.
monitor = r"\n(?=(?:not )?ok \d+ (?P<test_case_id>[^\s#]+)[^\r\n]*\r*\n)(?:[^\r\n]*# (?=SKIP))?(?P<result>SKIP|not ok|ok)[^\r\n]*(?=\r*\n)"
words = {"ok": "pass", "not ok": "fail", "SKIP": "skip"}
seen = {re.sub(r"\W+", "_", match["test_case_id"].lower()): words[match["result"]] for match in re.finditer(monitor, ktap)}
check("a monitor's pattern on KTAP", seen, {case.replace(".", "_"): outcome for case, outcome in expected.items()})

by("junitparser", importlib.metadata.version("junitparser"))


def of_junit(name):
    """Cases and outcomes as junitparser reads them; a class for each."""
    import junitparser

    cases = {}
    for tests in junitparser.JUnitXml.fromfile(name):
        seen = {"fail": 0, "error": 0, "skip": 0}
        for case in tests:
            outcome = "pass"
            for result in case.result:
                outcome = {"Failure": "fail", "Error": "error", "Skipped": "skip"}[type(result).__name__]
                seen[outcome] += 1
                if not result.message or not result.text:
                    outcome = "without a reason"
            cases[(case.classname, case.name)] = outcome
        counted = {"fail": tests.failures, "error": tests.errors, "skip": tests.skipped}
        check("junitparser: the counts", (counted, tests.tests), (seen, len(list(tests))))
    return cases


def classes(ran):
    """Cases as JUnit names them."""
    return {(f"kvm_reglist.{case.split('.')[0]}", case): outcome for case, outcome in ran.items()}


report(EVENTS, "--junit", path("broken-off.xml"))
check("junitparser: a run that broke off", of_junit(path("broken-off.xml")), classes(fixture))
_, ran, _ = model("--junit", path("suite.xml"))
check("junitparser: the suite's own file", of_junit(path("suite.xml")), classes(ran))
report(EVENTS, EVENTS, "--junit", path("several.xml"))
check("junitparser: two runs", len(of_junit(path("several.xml"))), 2 * len(fixture))

version = subprocess.run(["xmllint", "--version"], stderr=subprocess.PIPE, text=True, check=True).stderr.split("\n")[0]
schemas = sorted(glob.glob(os.path.join(options.schemas, "**/junit-10.xsd"), recursive=True))
by("Jenkins' xUnit plugin's junit-10.xsd,", f"{len(schemas)} versions, {version}")
check("there is a schema", len(schemas) > 0, True)
for schema in schemas:
    for name in ("broken-off.xml", "suite.xml", "several.xml"):
        run("xmllint", "--noout", "--schema", schema, path(name), code=0)

by("kcidb-io", importlib.metadata.version("kcidb-io"))
import kcidb_io  # noqa: E402: each parser has its place

for more in ([], ["--kcidb-origin", "some_lab", "--kcidb-build", "maestro:123"]):
    name = path(f"kcidb{len(more)}.json")
    report(EVENTS, EVENTS, "--kcidb", name, *more)
    with open(name, encoding="utf-8") as file:
        document = json.load(file)
    latest = kcidb_io.schema.LATEST
    check("kcidb-io: the version of the schema", (latest.major, latest.minor), (5, 3))
    check("kcidb-io: a valid document", latest.is_valid_exactly(document), True)
    statuses = [test["status"] for test in document["tests"]][: len(fixture)]
    check("kcidb-io: statuses", statuses, ["PASS", "FAIL", "PASS", "SKIP", "ERROR", "ERROR", "MISS"])
    # The second run equals the first, so it has the same ids.
    check("kcidb-io: ids", len({test["id"] for test in document["tests"]}), len(fixture))

by("kselftest's runner of Linux, Debian's", source)
tree = os.path.join(options.kernel, "tree/tools/testing/selftests")
home = path("kselftest")
os.makedirs(os.path.join(home, "kvm_reglist"))
shutil.copy(os.path.join(tree, "run_kselftest.sh"), home)
shutil.copytree(os.path.join(tree, "kselftest"), os.path.join(home, "kselftest"))
tests = {
    "passes": ["--config", "base"],
    "fails": ["--config", "base", "--fault", "pmu-always"],
    "is_skipped": ["--config", "pmu", "--model-host", "plain"],
}
with open(os.path.join(home, "kselftest-list.txt"), "w", encoding="utf-8") as file:
    for name, more in tests.items():
        script = os.path.join(home, "kvm_reglist", name)
        with open(script, "w", encoding="utf-8") as test:
            test.write(f'#!/bin/sh\nexec {suite} --subject model --format ktap {" ".join(more)}\n')
        os.chmod(script, 0o755)
        file.write(f"kvm_reglist:{name}\n")
# The script writes what a test prints to /dev/stdout. Where that is not this pipe, as in a bare container, it goes to a file.
out = run("sh", "-c", "cd \"$0\" && { if test -p /dev/stdout; then ./run_kselftest.sh; else ./run_kselftest.sh -s; fi } | cat", home)
seen = re.findall(r"^((?:not )?ok \d+ .*)", out, re.MULTILINE)
check("run_kselftest.sh: exit codes", seen, [
    "ok 1 selftests: kvm_reglist: passes",
    "not ok 2 selftests: kvm_reglist: fails # exit=1",
    "ok 3 selftests: kvm_reglist: is_skipped # SKIP",
])
separate = os.path.join(home, "output.log")
if os.path.exists(separate):
    links = subprocess.run(["ls", "-ld", "/dev/stdout"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(f"   /dev/stdout is not the output's pipe: {links.stdout.strip()}", flush=True)
    with open(separate, encoding="utf-8") as file:
        out = file.read()
inner = report(written("kselftest.log", out), "--format", "json")
inner_plans = [len(json.loads(line)["plan"]) for line in inner.splitlines() if '"run_started"' in line]
planned = int(re.search(r"^1\.\.(\d+)$", passing, re.MULTILINE)[1])
check("what kselftest has prefixed can be read", inner_plans[:2], [planned, planned])

shutil.rmtree(scratch)
if broken:
    print(f"check.py: {len(broken)} not as they should be")
    sys.exit(1)
print("check.py: every format is read as it was meant")
