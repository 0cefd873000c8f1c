#!/usr/bin/env bash
# pyarrow can't be imported beside numpy 1, and its metadata doesn't say so: a resolver takes both, and only the import fails.
#
# The wheel requires nothing. Its own check at import raises "pyarrow requires NumPy 2.0 or newer, found 1.26.4". So an environment with
# numpy==1.26.4 and pyarrow is locked, installed and verified, and breaks at the first import. pyarrow==17.0.0 works with both.
#
# Seen with pyarrow 26.0.1. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
python="$folder/venv/bin/python"
"$python" -m pip install --quiet --disable-pip-version-check numpy==1.26.4 "pyarrow==26.0.1"
"$python" -m pip check
echo "pyarrow requires: $("$python" -c 'import importlib.metadata as m; print(m.requires("pyarrow"))')"
if "$python" -c "import pyarrow" 2>"$folder/said.txt"; then
    echo "it can be imported beside numpy 1.26 now"
    exit 1
fi
tail -n 1 "$folder/said.txt"
grep -q "requires NumPy 2" "$folder/said.txt" || { echo "it fails for another reason now"; exit 1; }
"$python" -m pip install --quiet --disable-pip-version-check pyarrow==17.0.0
"$python" -c "import pyarrow; print('pyarrow', pyarrow.__version__, 'works')"
