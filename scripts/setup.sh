# Sourced by the scripts that need the orchestrator. Makes a virtual environment from a lock, once.
# Nothing here needs root, and a second call costs a few milliseconds.

# A closed stream is opened: what is said there goes nowhere, and to say it is no failure, which would end the script.
[ -e /dev/fd/0 ] || exec </dev/null
[ -e /dev/fd/1 ] || exec >/dev/null
[ -e /dev/fd/2 ] || exec 2>/dev/null

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A command named python may be a launcher without a Python behind it, so each is run before it is trusted.
find_python() {
    local name found
    for name in ${PIPELINE_PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        found=$("$name" -I -c 'import sys, venv, ensurepip; assert sys.version_info >= (3, 11); import os; print(os.path.realpath(sys._base_executable))' 2>/dev/null) || continue
        echo "$found"
        return
    done
    echo "error: no Python 3.11 or later with venv was found (on Debian: apt-get install python3 python3-venv)" >&2
    return 3
}

# is_new_enough "uv 0.9.0 (…)"
is_new_enough() {
    local version=${1#uv }
    [ -n "$1" ] && [ "$(printf '%s\n' 0.9.0 "${version%% *}" | sort -V | head -n 1)" = 0.9.0 ]
}

# uv from .tools if it is there, else from PATH if it is one with which this project is tested, else from PyPI into
# .tools, at the version and hash that requirements/uv.lock names.
find_uv() {
    local private=$project/.tools/uv
    if [ -x "$private/bin/uv" ]; then
        echo "$private/bin/uv"
    elif is_new_enough "$(uv --version 2>/dev/null)"; then
        command -v uv
    else
        echo "installing uv into .tools" >&2
        rm -rf "$private"
        mkdir -p "$project/.tools"
        "$(find_python)" -m venv "$private" >&2 &&
            "$private/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$project/requirements/uv.lock" >&2 &&
            echo "$private/bin/uv" || { rm -rf "$private"; echo "error: uv could not be installed" >&2; return 3; }
    fi
}

# The one before steps aside until the new one is whole. What builds this project is compared with its hashes, too.
fill_venv() {
    local uv=$1 folder=$2 lock=$3 python=$4
    restore_venv "$folder"
    if [ -d "$folder" ]; then mv "$folder" "$folder.before" || return; fi
    VIRTUAL_ENV= "$uv" venv --quiet --no-config --no-project --clear --relocatable --python "$python" "$folder" &&
        "$uv" pip sync --quiet --no-config --require-hashes --compile-bytecode --python "$folder/bin/python" "$lock" &&
        "$uv" pip install --quiet --no-config --no-deps --build-constraints "$project/requirements/build.lock" \
            --python "$folder/bin/python" --editable "$project" &&
        "$folder/bin/python" -I "$project/scripts/relocatable.py" "$project"
}

# What a failed or killed call set aside comes back.
restore_venv() {
    if [ -d "$1.before" ]; then rm -rf "$1" && mv "$1.before" "$1"; fi
}

# ensure_venv FOLDER LOCK: the packages of a lock and this project's commands, compiled to bytecode.
ensure_venv() {
    local folder=$project/$1 lock=$project/requirements/$2 python uv wanted
    python=$(find_python) || return
    wanted=$(cat "$lock" "$project/requirements/build.lock" "$project/pyproject.toml" "$project/scripts/setup.sh" "$project/scripts/relocatable.py" | cksum; echo "$python")
    if [ "$(cat "$folder/.made-from" 2>/dev/null)" != "$wanted" ]; then
        uv=$(find_uv) || return
        echo "installing the orchestrator into $1" >&2
        fill_venv "$uv" "$folder" "$lock" "$python" || { restore_venv "$folder"; return 3; }
        rm -rf "$folder.before"
        echo "$wanted" >"$folder/.made-from"
    fi
    # The project's own modules: the machine may forbid Python to write bytecode by itself.
    "$folder/bin/python" -m compileall -q "$project/pipeline" || true
}
