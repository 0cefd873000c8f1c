#!/usr/bin/env bash
# Builds the documentation's site into site/, from docs/ and the code, without a network once the set-up is done.
set -eu
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
ensure_venv .venv-dev dev.lock
cd "$project"
exec .venv-dev/bin/sphinx-build --quiet --fail-on-warning --keep-going -c scripts/docs docs site "$@"
