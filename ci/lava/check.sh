#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Runs the jobs of this folder with a real LAVA dispatcher (lava-run, from Debian's lava-dispatcher) on the lab's kernel, and compares
# its results with the suite's events: a correct kernel, one with a fault, and one that panics halfway.
#
# Needs root (or root in a user namespace), mmdebstrap, and the requirements of `reglist lab`. REGLIST is the path of the program;
# without it, cargo builds it. LAVA is installed into a tree in the cache (about 400 MB), never into the system.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

# Requirements of a dispatcher for QEMU jobs. busybox is the guest's shell, hence its architecture.
packages=base-files,base-passwd,bash,dash,coreutils,sed,grep,findutils,gzip,cpio,fakeroot,util-linux,lava-dispatcher,qemu-system-misc
packages+=,busybox-static:loong64
cache=${XDG_CACHE_HOME:-$HOME/.cache}/reglist/lava
tree=$cache/$(sha256sum <<< "$packages" | cut -c1-12)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

reglist() {
  if [ -n "${REGLIST:-}" ]; then "$REGLIST" "$@"; else cargo run -q --locked --release -- "$@"; fi
}

# Uses the host's apt settings for mirror, proxy and certificates. Does not run package scripts, because they need a running system. Only
# sid has a QEMU and a busybox for LoongArch.
make_tree() {
  if ! command -v mmdebstrap > /dev/null; then
    apt-get update -q
    apt-get install -yq --no-install-recommends mmdebstrap
  fi
  mkdir -p "$cache"
  apt-config dump | grep '^Acquire' > "$work/apt.conf"
  local new=$tree.$$
  mmdebstrap --variant=extract --architectures="$(dpkg --print-architecture)",loong64 --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --aptopt="$work/apt.conf" sid "$new" \
    ${REGLIST_DEBIAN_MIRROR:+"$REGLIST_DEBIAN_MIRROR"}
  # The package's script would set this link.
  ln -s fakeroot-sysv "$new/usr/bin/fakeroot"
  mv "$new" "$tree"
}
[ -d "$tree" ] || make_tree

# in_tree COMMAND...: runs a command in the tree, with the work directory as /mnt. Its mounts and processes end with it.
in_tree() {
  # shellcheck disable=SC2016 # The inner shell's own parameters.
  unshare --mount --pid --fork --kill-child bash -euc '
    tree=$1 work=$2
    shift 2
    mkdir -p "$tree/mnt"
    mount -t proc proc "$tree/proc"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$tree/dev/pts"
    mount -t tmpfs tmpfs "$tree/tmp"
    mkdir -p "$tree/var/lib/lava/dispatcher"
    mount -t tmpfs tmpfs "$tree/var/lib/lava/dispatcher"
    mount --bind "$work" "$tree/mnt"
    exec chroot "$tree" "$@"' bash "$tree" "$work" "$@"
}

version=$(basename "$(echo "$tree"/usr/lib/python3/dist-packages/lava-*.egg-info)" .egg-info)
echo "$version of Debian sid"
cp "$here"/*.{yaml,py} "$here/shell-image.sh" "$work"
reglist run --list > "$work/cases"

# run NAME JOB CODE [OPTION...]: builds a kernel with `reglist lab OPTION...`, which must end with CODE, and boots it with lava-run.
run() {
  local name=$1 job=$2 want=$3 code=0 images=image.cpio
  shift 3
  printf '\n-- %s: %s\n' "$name" "$job"
  reglist lab --reference --full --keep --guest-format lava --results "$work/$name" "$@" > "$work/$name.txt" 2>&1 || code=$?
  if [ "$code" != "$want" ]; then
    cat "$work/$name.txt"
    echo "reglist lab ended with $code, expected $want" >&2
    return 1
  fi
  if [ "$job" = job-qemu-shell.yaml ]; then
    in_tree bash /mnt/shell-image.sh "/mnt/$name/image.cpio" /usr/bin/busybox "/mnt/$name/shell.cpio"
    images=shell.cpio
  fi
  "$here/job.sh" "$here/$job" KERNEL="file:///mnt/$name/vmlinux" IMAGE="file:///mnt/$name/$images" \
    < "$work/cases" > "$work/$name.yaml"
  # The events of the same run, from the second serial port.
  sed "s|-serial null|-serial file:/mnt/$name/lava-events.jsonl|" "$here/device-qemu.yaml" > "$work/$name-device.yaml"
  # lava-run ends with 1 if the machine crashes, otherwise with 0, even if cases fail.
  code=0
  timeout -k 5 900 bash -c "$(declare -f in_tree); tree='$tree' work='$work'; in_tree \"\$@\"" bash \
    lava-run --job-id 1 --skip-sudo-warning --output-dir "/mnt/$name/lava" --device "/mnt/$name-device.yaml" \
    --dispatcher /mnt/dispatcher.yaml "/mnt/$name.yaml" > "$work/$name/lava.log" 2>&1 || code=$?
  echo "lava-run ended with $code"
  if ! in_tree python3 /mnt/compare.py "/mnt/$name/lava.log" "/mnt/$name/lava-events.jsonl"; then
    grep -v '"reason": "missing expected' "$work/$name/lava.log" | tail -n 60 >&2
    return 1
  fi
}

SECONDS=0
# There is neither a board nor telnet here.
sed 's/connect: telnet/connect: cat/' "$here/device-board.yaml" > "$work/board-device.yaml"
"$here/job.sh" "$here/job-board-shell.yaml" SUITE=http://127.0.0.1/reglist-suite < "$work/cases" > "$work/board.yaml"
in_tree lava-run --validate --job-id 1 --skip-sudo-warning --output-dir /mnt/board --device /mnt/board-device.yaml \
  --dispatcher /mnt/dispatcher.yaml /mnt/board.yaml > "$work/board.log" 2>&1 || {
  cat "$work/board.log" >&2
  exit 1
}
echo 'job-board-shell.yaml: valid; not run'

run right job-qemu-monitor.yaml 0
run wrong job-qemu-monitor.yaml 1 --fault efault-lost
run down job-qemu-monitor.yaml 1 --fault panic
run shell job-qemu-shell.yaml 0
# The comparison must detect a difference.
sed '0,/"outcome":"pass"/s//"outcome":"fail"/' "$work/right/lava-events.jsonl" > "$work/other.jsonl"
if in_tree python3 /mnt/compare.py /mnt/right/lava.log /mnt/other.jsonl; then
  echo 'compare.py did not detect a changed case' >&2
  exit 1
fi
echo "done in $SECONDS s"
