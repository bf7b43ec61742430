# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sourced from the project's root by the scripts in this folder. Sets `browser` to the path of Chromium and `place` to a directory in
# which the packages of package-lock.json are installed. That directory is in reglist's cache, not in the repository.

missing=()
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
browser=$(command -v chromium || true)
[ -n "$browser" ] || missing+=(chromium)
if [ ${#missing[@]} -gt 0 ]; then
  echo "${0##*/}: not installed: ${missing[*]}" >&2
  echo "[apt-get install --no-install-recommends ${missing[*]}]" >&2
  exit 1
fi

place="${XDG_CACHE_HOME:-$HOME/.cache}/reglist/page-$(sha256sum ci/page/package-lock.json | cut -c1-16)"
if [ ! -d "$place" ]; then
  mkdir -p "$(dirname "$place")"
  scratch=$(mktemp -d "$place.XXXXXX")
  cp ci/page/package.json ci/page/package-lock.json "$scratch"
  (cd "$scratch" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  mv -T "$scratch" "$place"
fi
