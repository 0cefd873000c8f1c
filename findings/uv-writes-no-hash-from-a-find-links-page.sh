#!/usr/bin/env bash
# uv pip compile --generate-hashes writes no hash for a package that it found on a --find-links page, though the page names it.
#
# The page's link ends with #sha256=…, as the pages of an index do. From a page of an index (--index-url) with that same link, and
# from a local folder with the file, uv writes the hash. From a --find-links page the line stands there without one, with no
# warning and exit code 0, so that a lock which is taken for complete is refused only later, by --require-hashes.
#
# Seen with uv 0.13.9. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==0.13.9"
cd "$folder"
cat >make.py <<'EOF_PYTHON'
"""A wheel, a --find-links page that names its digest, and an index with the same link."""

import base64
import hashlib
import pathlib
import zipfile

name, info = "demo_pkg-1.0-py3-none-any.whl", "demo_pkg-1.0.dist-info"
members = {
    "demo_pkg.py": b"answer = 42\n",
    f"{info}/METADATA": b"Metadata-Version: 2.1\nName: demo-pkg\nVersion: 1.0\n",
    f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: example\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
record = "".join(
    f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
    for path, data in members.items()
)
wheels, index = pathlib.Path("wheels"), pathlib.Path("simple/demo-pkg")
wheels.mkdir()
index.mkdir(parents=True)
with zipfile.ZipFile(wheels / name, "w") as archive:
    for path, data in {**members, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
        archive.writestr(path, data)
digest = hashlib.sha256((wheels / name).read_bytes()).hexdigest()
link = '<!DOCTYPE html><html><body><a href="{}{}#sha256={}">{}</a></body></html>\n'
pathlib.Path("page.html").write_text(link.format("wheels/", name, digest, name))
(index / "index.html").write_text(link.format("../../wheels/", name, digest, name))
EOF_PYTHON
python3 make.py
python3 -u -m http.server 0 --bind 127.0.0.1 >server.log 2>&1 &
server=$!
until grep -q 'port [0-9]' server.log; do sleep 0.1; done
port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' server.log | head -n 1)
echo demo-pkg >requirements.in
compile() { venv/bin/uv pip compile --quiet --no-header --no-annotate --no-config --no-cache --generate-hashes "$@" requirements.in; }

echo "from a local folder:"
compile --no-index --find-links wheels | tee folder.txt
echo "from an index:"
compile --default-index "http://127.0.0.1:$port/simple/" | tee index.txt
echo "from a --find-links page:"
compile --no-index --find-links "http://127.0.0.1:$port/page.html" | tee page.txt
grep -q sha256 folder.txt || { echo "no hash from a folder now"; exit 1; }
grep -q sha256 index.txt || { echo "no hash from an index now"; exit 1; }
if grep -q sha256 page.txt; then
    echo "a --find-links page gives hashes now"
    exit 1
fi
