#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Validates the files for GitHub and GitLab against the services' schemas, as shipped with check-jsonschema.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.39.0
venv=${XDG_CACHE_HOME:-$HOME/.cache}/reglist/check-jsonschema-$version
if [ ! -d "$venv" ]; then
  if ! /usr/bin/python3 -c 'import ensurepip' 2> /dev/null; then
    apt-get update -q
    apt-get install -yq --no-install-recommends python3-venv
  fi
  new=$venv.$$
  /usr/bin/python3 -m venv "$new"
  "$new/bin/python" -m pip install -q --disable-pip-version-check "check-jsonschema==$version"
  mv "$new" "$venv"
fi
check() {
  "$venv/bin/python" -m check_jsonschema "$@"
}
check --builtin-schema vendor.github-workflows ci/github/reglist.yml
check --builtin-schema vendor.gitlab-ci ci/gitlab/reglist.yml
