# An environment from its requirements, as uv's manual has it: https://docs.astral.sh/uv/pip/compile/
# $1: its name, in the current folder. $2: the requirements. UV, PYTHON and SYNC_OPTIONS say with what.
set -e
"$UV" --quiet venv --no-project --python "$PYTHON" "$1"
"$UV" --quiet pip compile --universal --generate-hashes "$2" --output-file "$1.lock"
"$UV" --quiet pip sync --require-hashes $SYNC_OPTIONS --python "$1" "$1.lock"
