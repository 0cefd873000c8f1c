#!/usr/bin/env bash
# All set-up, then the checks and the tests. Options: --fast (no end-to-end part), --heavy (also environments with torch, and
# a run killed at every single step); anything else goes to pytest.
set -eu
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
ensure_venv .venv-dev dev.lock
cd "$project"
part="not heavy and not exhaustive"
arguments=()
for argument in "$@"; do
    case $argument in
        --fast) part="not e2e and not heavy and not exhaustive" ;;
        --heavy) part="" ;;
        *) arguments+=("$argument") ;;
    esac
done
.venv-dev/bin/ruff check --quiet .
.venv-dev/bin/ruff format --quiet --check .
.venv-dev/bin/mypy --no-error-summary
exec .venv-dev/bin/python -m pytest -m "$part" ${arguments[@]+"${arguments[@]}"}
