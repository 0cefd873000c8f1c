#!/usr/bin/env bash
# ttconv drops the last cues of a TTML file whose body or div has a begin and no end, without an error.
#
# Such a parent ends with its children, whose times count from its begin. ttconv adds the begin for the first child only
# (imsc/elements.py: implicit_end), so the parent ends too early by its begin: with begin="10s", what is shown in the last ten
# seconds is gone or cut. An end or a dur at the parent avoids it.
#
# Seen with Python 3.11, ttconv 1.2.3. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "ttconv==1.2.3"
cat >"$folder/example.py" <<'END'
import xml.etree.ElementTree as ElementTree

from ttconv.imsc import reader
from ttconv.srt import writer

FILE = '<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body {}><div>{}</div></body></tt>'
LINES = "".join(f'<p begin="{at}s" end="{at + 2}s">{at}</p>' for at in range(0, 60, 3))


def count(times: str) -> int:
    tree = ElementTree.ElementTree(ElementTree.fromstring(FILE.format(times, LINES)))
    return writer.from_model(reader.to_model(tree)).count("-->")


found = {times: count(times) for times in ("", 'begin="10s"', 'begin="10s" dur="1000s"')}
print(found)
if list(found.values()) != [20, 17, 20]:
    raise SystemExit("it is otherwise now")
END
"$folder/venv/bin/python" "$folder/example.py"
