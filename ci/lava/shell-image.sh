#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# shell-image.sh IMAGE BUSYBOX TO
#
# Makes an image for LAVA's test shell from an image of `reglist lab --full --keep`. It has a shell, loads the lab's modules, and has the suite as
# /usr/bin/reglist-suite. BUSYBOX is a static busybox for LoongArch. Boot the image with `rdinit=/bin/sh -- /init`. Needs root, for a
# device file.
set -eu

if [ $# -ne 3 ]; then
  sed -n '3s/^# *//p' "$0" >&2
  exit 64
fi
image=$1 busybox=$2 to=$3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

(cd "$root" && cpio -idm --quiet) < "$image"
mkdir -p "$root/bin" "$root/usr/bin" "$root/root" "$root/etc"
mv "$root/init" "$root/usr/bin/reglist-suite"
rm "$root/lab/job.json"
cp "$busybox" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
cat > "$root/init" <<'INIT'
/bin/busybox mkdir -p /usr/sbin /sbin
/bin/busybox --install -s
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
insmod /lab/modules/soft_lvz.ko
insmod /lab/modules/kvm.ko
export HOME=/root PATH=/usr/bin:/bin:/usr/sbin:/sbin
exec /bin/sh < /dev/console > /dev/console 2>&1
INIT
(cd "$root" && find . | cpio -o -H newc --quiet) > "$to"
