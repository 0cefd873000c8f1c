#!/usr/bin/env bash
# After import importlib_metadata, importlib.metadata itself returns that library's objects: metadata["Absent"], which was
# None, raises KeyError.
#
# importlib_metadata puts a finder of its own first on sys.meta_path, where importlib.metadata looks for whoever knows
# distributions. So code that never names the library changes its behaviour as soon as something else in the process
# imports it, as dask does on Python 3.11, or a plugin of a test runner. Since importlib_metadata 8.0 a missing field raises
# KeyError; get() and get_all() do the same with both.
#
# Seen with Python 3.11, importlib-metadata 8.7.0. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "importlib-metadata==8.7.0"
cat >"$folder/example.py" <<'EOF2'
from importlib import metadata


def shown() -> str:
    found = metadata.distribution("pip")
    try:
        value = repr(found.metadata["Absent"])
    except KeyError:
        value = "KeyError"
    return f"{type(found).__module__}: {value}, get() {found.metadata.get('Absent')}"


before = shown()
import importlib_metadata  # noqa: E402, F401

after = shown()
print("before:", before)
print("after: ", after)
assert before == "importlib.metadata: None, get() None"
assert after == "importlib_metadata: KeyError, get() None"
EOF2
"$folder/venv/bin/python" -W ignore "$folder/example.py"
