#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Interrupts `reglist lab` at random moments, and checks that the next run passes and that nothing is left behind.

Each round takes something out of a cache of its own, starts a run, and disturbs it: SIGKILL, SIGTERM or SIGINT for reglist, SIGKILL for
one of its processes (make, a compiler, the emulator), a full disk, a mirror that breaks off, or a second run at the same time. Then:

- the run blames nobody: it ends with 0 or 5
- no process and no mount is left
- `reglist report` reads the events
- the next run passes, and removes partial files

The rounds of a seed are the same each time, but for the speed of the machine. Needs root, and a cache with a run of `reglist lab --reference`.
"""

import argparse
import collections
import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from processes import descendants

HOME_CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "reglist")
PASSED, INFRASTRUCTURE = 0, 5
# What a round takes out of the cache first, with its weight. What is missing is made again; trees and sources come from the mirror.
MISSING = {(): 4, ("kernels",): 3, ("kernels", "builds"): 4, ("suites",): 1, ("suites", "suite-build"): 1, ("sources",): 1, ("trees",): 1}
ACTIONS = {"kill": 4, "term": 2, "int": 2, "kill a process": 6, "full disk": 2, "mirror": 1, "two at once": 1}

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("reglist", type=os.path.abspath)
parser.add_argument("--rounds", type=int, default=200)
parser.add_argument("--first", type=int, default=0, help="number of the first round")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--offline", action="store_true", help="take out nothing that comes from the mirror")
parser.add_argument("--log", help="append a JSON line for each round to this file")
options = parser.parse_args()


class Broken(Exception):
    """A promise that reglist did not keep."""


def choose(rng, weights):
    return rng.choices(list(weights), list(weights.values()))[0]


def copy_cache(cache):
    """Makes a cache of its own. Trees and sources are never written to, so links will do."""
    for part in ("trees", "sources"):
        subprocess.run(["cp", "-al", os.path.join(HOME_CACHE, part), cache], check=True)
    for part in ("suites", "kernel-names"):
        subprocess.run(["cp", "-a", os.path.join(HOME_CACHE, part), cache], check=True)


def take_out(cache, missing):
    """Deletes parts of the cache."""
    for part in missing:
        shutil.rmtree(os.path.join(cache, part), ignore_errors=True)


def lab(cache, results, *more, **environment):
    command = [options.reglist, "lab", "--kernel", "stock", "--reference", "--config", "base", "--results", results, *more]
    environment = os.environ | {"XDG_CACHE_HOME": os.path.dirname(cache)} | environment
    log = open(results + ".txt", "w", encoding="utf-8")
    return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)


def said(results):
    with open(results + ".txt", encoding="utf-8") as file:
        return file.read()[-2000:]


def left_behind(work):
    """Processes that see the cache of this script, and mounts below it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) == os.getpid():
            continue
        for name in ("cmdline", "mountinfo"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    text = file.read()
                if os.fsencode(work) in text:
                    with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
                        found.append(f"process {pid} {file.read().strip()}")
                    break
            except OSError:
                pass
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        found += [f"mount {line.split()[4]}" for line in file if work in line]
    return found


def wait(run, seconds, results):
    try:
        return run.wait(seconds)
    except subprocess.TimeoutExpired as error:
        run.kill()
        raise Broken(f"did not end within {seconds} s\n{said(results)}") from error


def mirror():
    """The Debian mirror that reglist takes: a named one, or the one in apt's sources."""
    if named := os.environ.get("REGLIST_DEBIAN_MIRROR"):
        return named
    listed = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=True)
    return listed.stdout.split()[0]


class Mirror(http.server.ThreadingHTTPServer):
    """A mirror on the loopback that passes on another one, and breaks off after some bytes."""

    def __init__(self, address, most):
        self.address, self.left, self.lock = address.rstrip("/"), most, threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, wanted):
        with self.lock:
            taken = min(wanted, self.left)
            self.left -= taken
            return taken


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            with urllib.request.urlopen(self.server.address + self.path, timeout=20) as answer:
                self.send_response(answer.status)
                self.send_header("Content-Length", answer.headers["Content-Length"])
                self.end_headers()
                while block := answer.read(1 << 16):
                    most = self.server.take(len(block))
                    self.wfile.write(block[:most])
                    if most < len(block):
                        break
        except urllib.error.HTTPError as error:
            self.send_error(error.code)
        except OSError:
            pass
        self.close_connection = True

    def log_message(self, *_):
        pass


def disturb(action, rng, cache, results, work):
    """One run with a disturbance; returns a description and the exit code."""
    moment = rng.uniform(0, 1) ** 2 * 40
    if action == "mirror":
        if options.offline:
            address = "http://127.0.0.1:9/debian"
            run = lab(cache, results, "--refresh", REGLIST_DEBIAN_MIRROR=address)
            return "mirror away", wait(run, 120, results)
        most = int(rng.uniform(0, 1) ** 3 * 250e6)
        passing = Mirror(mirror(), most)
        run = lab(cache, results, "--refresh", REGLIST_DEBIAN_MIRROR=f"http://127.0.0.1:{passing.server_port}")
        code = wait(run, 600, results)
        passing.shutdown()
        return f"mirror breaks off after {most >> 20} MiB", code
    if action == "full disk":
        part, size = rng.choice(["builds", "runs"]), int(rng.uniform(0.1, 1) ** 3 * 60)
        place = os.path.join(cache, part)
        os.makedirs(place, exist_ok=True)
        if part == "runs":
            results = os.path.join(place, "full")
        # In a mount namespace of its own; the partition is gone with the run.
        script = 'mount -t tmpfs -o size="$1"m full "$2" && shift 2 && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", script, "sh", str(size), place]
        command += [options.reglist, "lab", "--kernel", "stock", "--reference", "--config", "base", "--results", results]
        with open(os.path.join(work, "full.txt"), "w", encoding="utf-8") as log:
            environment = os.environ | {"XDG_CACHE_HOME": os.path.dirname(cache)}
            run = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
            return f"{size} MB for {part}", wait(run, 600, os.path.join(work, "full"))
    if action == "two at once":
        runs = [(lab(cache, results + name, *more), results + name) for name, more in (("", ()), ("-2", ("base.cap",)))]
        codes = [wait(run, 600, place) for run, place in runs]
        if codes != [PASSED, PASSED]:
            raise Broken(f"two runs at once end with {codes}\n{said(results)}\n{said(results + '-2')}")
        return "two at once", PASSED
    run = lab(cache, results)
    time.sleep(moment)
    what = f"{action} after {moment:.1f} s"
    if action == "kill a process":
        processes = [(pid, name) for pid, name in descendants(run.pid) if name not in ("setpriv", "sh", "unshare")]
        if processes:
            pid, name = rng.choice(sorted(processes))
            what = f"kill {name} after {moment:.1f} s"
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    elif run.poll() is None:
        run.send_signal({"kill": signal.SIGKILL, "term": signal.SIGTERM, "int": signal.SIGINT}[action])
    return what, wait(run, 600, results)


def round_(number, work, cache):
    rng = random.Random(f"{options.seed}/{number}")
    missing, action = choose(rng, MISSING), choose(rng, ACTIONS)
    if options.offline:
        missing = tuple(part for part in missing if part not in ("trees", "sources"))
    take_out(cache, missing)
    results = os.path.join(work, f"round-{number}")
    what, code = disturb(action, rng, cache, results, work)
    expected = [PASSED, INFRASTRUCTURE] + ([-signal.SIGKILL] if action == "kill" else [])
    if code not in expected:
        raise Broken(f"{what}: exit code {code}\n{said(results) if action != 'full disk' else ''}")
    limit = time.monotonic() + 20
    while left := left_behind(work):
        if time.monotonic() > limit:
            raise Broken(f"{what}: left behind: {', '.join(left)}")
        time.sleep(0.2)
    events = os.path.join(results, "events.jsonl")
    if os.path.exists(events) and os.path.getsize(events) > 0:
        report = subprocess.run([options.reglist, "report", events], capture_output=True, text=True, check=False)
        if report.returncode not in (0, 1, 4, 5):
            raise Broken(f"{what}: reglist report ends with {report.returncode}\n{report.stderr}")
    after = os.path.join(work, f"after-{number}")
    if wait(lab(cache, after, "base.cap"), 900, after) != PASSED:
        raise Broken(f"{what}: the next run does not pass\n{said(after)}")
    if partial := os.listdir(os.path.join(cache, "partial")):
        raise Broken(f"{what}: partial files are left: {partial}")
    for place in (results, results + "-2", after):
        shutil.rmtree(place, ignore_errors=True)
    return " and ".join(missing) or "nothing", what, code


def main():
    # Where the user's cache is, so that links are possible.
    os.makedirs(HOME_CACHE, exist_ok=True)
    work = tempfile.mkdtemp(prefix="endurance-", dir=os.path.dirname(HOME_CACHE))
    cache = os.path.join(work, "reglist")
    os.makedirs(cache, mode=0o700)
    count, broken = collections.Counter(), 0
    try:
        copy_cache(cache)
        for number in range(options.first, options.first + options.rounds):
            start = time.monotonic()
            line = {"seed": options.seed, "round": number}
            try:
                missing, what, code = round_(number, work, cache)
                line |= {"missing": missing, "what": what, "code": code}
                count[code] += 1
                print(f"{number}: without {missing}; {what}; exit code {code} ({time.monotonic() - start:.0f} s)", flush=True)
            except Broken as error:
                broken += 1
                line |= {"broken": str(error)}
                print(f"{number}: BROKEN: {error}", flush=True)
            if options.log:
                with open(options.log, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    codes = ", ".join(f"{number} ended with {code}" for code, number in sorted(count.items()))
    print(f"interrupt.py: seed {options.seed}: {options.rounds} rounds, {broken} broken; {codes}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
