#!/usr/bin/env bash
# All set-up, then the checks and the tests. Options: --fast (no end-to-end part), --heavy (also environments with torch, and
# a run killed at every single step), --loop (no checks, and only the tests that start no process and aren't long by nature:
# for a loop of save and run); anything else goes to pytest.
set -eu
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
ensure_venv .venv-dev dev.lock
cd "$project"
part="not heavy and not exhaustive"
checks=true
arguments=()
for argument in "$@"; do
    case $argument in
        --fast) part="not e2e and not heavy and not exhaustive" ;;
        --heavy) part="" ;;
        --loop)
            part="not spawning and not long"
            checks=false
            # Each flush to a disk costs milliseconds. No process is started that could show what one leaves out.
            if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
            # Tests are collected once and then shared by forked processes, instead of -n2.
            arguments+=(-o tmp_path_retention_policy=failed --hypothesis-profile=loop -p no:logging)
            arguments+=(-n0 -p tests.loop_processes -p tests.loop_files)
            ;;
        *) arguments+=("$argument") ;;
    esac
done
if "$checks"; then
    .venv-dev/bin/ruff check --quiet .
    .venv-dev/bin/ruff format --quiet --check .
    .venv-dev/bin/mypy --no-error-summary
fi
if [ -z "$(command -v chromium chromium-browser google-chrome-stable)" ]; then
    echo "The tests of pages in a browser are skipped: no chromium is on PATH (Debian: apt-get install -y chromium)" >&2
fi
unset PYTHONDONTWRITEBYTECODE # pytest's rewritten tests are kept: to make them takes five seconds in each of its processes
exec .venv-dev/bin/python -m pytest -m "$part" ${arguments[@]+"${arguments[@]}"}
