"""The first lines of an environment's console scripts, which name its interpreter, as installers write them.

A system reads a path in a first line up to a space, and of 127 bytes. Where it has a space or is longer, a shell is
named instead, which is told the path in a line that means nothing to Python (as pip and uv do it).
"""

import re
from pathlib import Path

from pipeline.envs.platform.layout import scripts_folder
from pipeline.values import Struct

LONGEST = 127  # bytes of a first line
QUOTE = b"'\"'\"'"  # a single quote, in a text in single quotes
WRAPPED = re.compile(
    rb"#!/bin/sh\n'''exec' '(?P<python>(?:[^'\n]|'\"'\"')*)' (?P<arguments>.*?)\"\$0\" \"\$@\"\n' '''\n"
)
HEAD = 4096  # bytes of a file, in which its first lines are


class ScriptHeader(Struct, frozen=True):
    """What a console script begins with."""

    interpreter: bytes  # its name in the folder of scripts
    arguments: bytes  # of the interpreter; usually none
    rest: bytes  # what follows


def read(data: bytes, folder: bytes) -> ScriptHeader | None:
    """A script whose interpreter stands in this folder, as it should be or cut at a space; ``None`` for others."""
    first, _, rest = data.partition(b"\n")
    if first.startswith(b"#!" + folder + b"/"):
        interpreter, _, arguments = first[len(folder) + 3 :].partition(b" ")
        return ScriptHeader(interpreter, arguments.strip(), rest)
    match = WRAPPED.match(data)
    python = match["python"].replace(QUOTE, b"'") if match else b""
    if match is None or not python.startswith(folder + b"/"):
        return None
    return ScriptHeader(python[len(folder) + 1 :], match["arguments"].strip(), data[match.end() :])


def written(header: ScriptHeader, folder: bytes) -> bytes:
    """The script with its interpreter in this folder."""
    python = folder + b"/" + header.interpreter
    line = b" ".join([b"#!" + python, *([header.arguments] if header.arguments else [])])
    if len(line) < LONGEST and not re.search(rb"\s", python):
        return line + b"\n" + header.rest
    words = [b"'''exec'", b"'" + python.replace(b"'", QUOTE) + b"'", header.arguments, b'"$0" "$@"']
    return b"#!/bin/sh\n" + b" ".join(filter(None, words)) + b"\n' '''\n" + header.rest


def console_script(prefix: Path) -> Path | None:
    """An environment's first script that starts its interpreter without arguments; ``None`` where there is none."""
    scripts = scripts_folder(prefix)
    for path in sorted(scripts.iterdir()):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                header = read(file.read(HEAD), bytes(scripts))
            if header and not header.arguments:
                return path
    return None
