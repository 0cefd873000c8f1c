#!/usr/bin/env bash
# The orchestrator into .venv, then environments and models: all that the default workflows need, or what is named.
#   ./bootstrap.sh [--env NAME]... [--all] [--force]
set -eu
. "$(dirname "${BASH_SOURCE[0]}")/scripts/setup.sh"
ensure_venv .venv orchestrator.lock
exec "$project/.venv/bin/bootstrap" --root "$project" "$@"
