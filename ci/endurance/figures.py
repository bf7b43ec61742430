#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Measures what `reglist lab` costs, cold and warm, and prints a table.

With --whole also the whole build of the kernel and an edit in a tree of one's own; with --kunit, in the same run, build and boot of the
kernel's own kunit.py with the lab's compilers. Figures are medians. Needs root, the mirror, and a machine without other work.
"""

import argparse
import glob
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

VCPU = "arch/loongarch/kvm/vcpu.c"
# Adds a comment that no run before had.
PATCH = f"""--- a/{VCPU}
+++ b/{VCPU}
@@ -1,1 +1,2 @@
 // SPDX-License-Identifier: GPL-2.0
+/* NUMBER */
"""
# Enters the tool chain's tree, with two directories at their own places. Arguments: the tree, source, build directory, command.
ENTER = r"""
set -e
tree=$1 source=$2 build=$3; shift 3
room=$(mktemp -d)
mount -t tmpfs room "$room"
for entry in "$tree"/*; do
  name=${entry##*/}
  case $name in proc|sys|dev|tmp) continue ;; esac
  if [ -L "$entry" ]; then cp -P "$entry" "$room/$name"
  elif [ -d "$entry" ]; then mkdir "$room/$name"; mount --bind "$entry" "$room/$name"; fi
done
mkdir -p "$room/proc" "$room/dev" "$room/tmp" "$room$source" "$room$build"
mount -t proc proc "$room/proc" 2>/dev/null || mount --rbind /proc "$room/proc"
mount --rbind /dev "$room/dev"
mount --bind "$source" "$room$source"
mount --bind "$build" "$room$build"
exec chroot "$room" sh -c 'cd "$1" && shift && exec "$@"' sh "$source" "$@"
"""

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("reglist", type=os.path.abspath)
parser.add_argument("--runs", type=int, default=3, help="runs of each row")
parser.add_argument("--cold-runs", type=int, default=1, help="runs with an empty cache")
parser.add_argument("--whole", action="store_true", help="also the whole build, and an edit in a tree")
parser.add_argument("--faults", action="store_true", help="also --fault all")
parser.add_argument("--kunit", action="store_true", help="also kunit.py")
options = parser.parse_args()
rows = []


def timed(command, codes, **environment):
    """Wall and CPU seconds of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in codes:
        sys.exit(f"figures.py: {' '.join(command)} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def row(name, times):
    wall, cpu = (statistics.median(column) for column in zip(*times))
    rows.append((name, wall, cpu))
    print(f"{name}: {', '.join(f'{wall:.1f}' for wall, _ in times)} s", file=sys.stderr, flush=True)
    return wall, cpu


def lab(place, *more, codes=(0,)):
    return timed([options.reglist, "lab", "-q", *more], codes, XDG_CACHE_HOME=place)


def patched(place, number, *more):
    patch = os.path.join(place, "comment.patch")
    with open(patch, "w", encoding="utf-8") as file:
        file.write(PATCH.replace("NUMBER", str(number)))
    return lab(place, *more, "--patch", patch)


def measure(place):
    """Debian's own kernel, with only KVM built."""
    cold = []
    for _ in range(options.cold_runs):
        shutil.rmtree(os.path.join(place, "reglist"), ignore_errors=True)
        cold.append(lab(place, "--reference"))
    cold = row("first run, empty cache", cold)
    again = row("again", [lab(place, "--reference") for _ in range(options.runs)])
    patched(place, 0, "--reference")
    row("another patch", [patched(place, number, "--reference") for number in range(1, options.runs + 1)])
    if options.faults:
        row("--fault all", [lab(place, "--fault", "all") for _ in range(options.runs)])
    return cold, again


def whole(place, tree):
    """The whole kernel, and a tree that somebody edits."""
    row("whole build, first run", [lab(place, "--full", "--reference")])
    again = row("whole build, again", [lab(place, "--full", "--reference") for _ in range(options.runs)])
    patched(place, 0, "--full", "--reference")
    row("whole build, another patch", [patched(place, number, "--full", "--reference") for number in range(1, options.runs + 1)])
    if options.faults:
        row("whole build, --fault all", [lab(place, "--full", "--fault", "all") for _ in range(options.runs)])
    lab(place, "--kernel-src", tree, "--reference")
    times = []
    for number in range(options.runs):
        with open(os.path.join(tree, VCPU), "a", encoding="utf-8") as file:
            file.write(f"/* {number} */\n")
        times.append(lab(place, "--kernel-src", tree, "--reference"))
    row("--kernel-src, after an edit of vcpu.c", times)
    return again


def kunit(place, tree):
    """Build and boot of kunit.py, with the lab's compilers and emulator."""
    work = os.path.join(place, "kunit")
    tools, build = os.path.join(work, "bin"), os.path.join(work, "build")
    os.makedirs(tools)
    os.makedirs(build)
    with open(os.path.join(work, "enter.sh"), "w", encoding="utf-8") as file:
        file.write(ENTER)
    toolchain = glob.glob(os.path.join(place, "reglist/trees/*/tree"))[0]
    for name in ("make", "qemu-system-loongarch64"):
        script = os.path.join(tools, name)
        with open(script, "w", encoding="utf-8") as file:
            # Two targets are for editors, and need Python in the tree.
            file.write(f"""#!/bin/bash
for word; do
  shift
  case $word in compile_commands.json|scripts_gdb) ;; *) set -- "$@" "$word" ;; esac
done
exec unshare --mount --propagation private sh {work}/enter.sh {toolchain} {tree} {build} {name} "$@"
""")
        os.chmod(script, 0o755)
    path = f"{tools}:{os.environ['PATH']}"
    command = [sys.executable, os.path.join(tree, "tools/testing/kunit/kunit.py")]
    shared = ["--arch=loongarch", "--cross_compile=loongarch64-linux-gnu-", f"--build_dir={build}"]
    here = os.getcwd()
    os.chdir(tree)
    try:
        jobs = f"--jobs={os.cpu_count()}"
        _, cpu = row("kunit.py, build", [timed([*command, "build", *shared, jobs], (0,), PATH=path)])
        # No suite has this name, so that only the boot is left.
        boots = [timed([*command, "exec", *shared, "none-such"], (0, 1), PATH=path) for _ in range(options.runs)]
        wall, _ = row("kunit.py, boot without tests", boots)
    finally:
        os.chdir(here)
    return cpu, wall


def main():
    with tempfile.TemporaryDirectory(prefix="figures-") as place:
        os.chmod(place, 0o700)
        cold, again = measure(place)
        tree = os.path.join(place, "linux")
        if options.whole or options.kunit:
            archive = glob.glob(os.path.join(place, "reglist/sources/*/source.tar.xz"))[0]
            os.makedirs(tree)
            subprocess.run(["tar", "-C", tree, "-x", "--strip-components=1", "-I", "xz -T0", "-f", archive], check=True)
        best = min(again, whole(place, tree)) if options.whole else again
        ratios = []
        if options.kunit:
            cpu, boot = kunit(place, tree)
            ratios = [
                f"first run's CPU time to that of kunit.py's build: {cold[1] / cpu:.2f}",
                f"a whole run to kunit.py's boot without tests: {best[0] / boot:.2f}",
            ]
    print(f"| | seconds | CPU seconds |\n|---|---|---|\n{''.join(f'| {name} | {wall:.1f} | {cpu:.1f} |' + chr(10) for name, wall, cpu in rows)}")
    print("\n".join([*ratios, f"medians of {options.runs} runs, {os.cpu_count()} processors"]))


if __name__ == "__main__":
    main()
