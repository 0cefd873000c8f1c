"""The first lines of console scripts: read as installers write them, and written so that a system can start them."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.envs import script_headers
from pipeline.envs.script_headers import ScriptHeader, console_script, read, written

BODY = b"# -*- coding: utf-8 -*-\nimport sys\nprint(sys.argv[1:], sys.orig_argv[1:-3])\n"
FOLDERS = [
    "/v/bin",
    "/a b/bin",
    "/it's/bin",
    '/"q"/bin',
    "/$x`y/bin",
    "/tab\there/bin",
    "/" + "l" * 130 + "/bin",
    "/é/bin",
]


@pytest.mark.parametrize("arguments", [b"", b"-E", b"-E -s"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_written_is_read(folder: str, arguments: bytes) -> None:
    header = ScriptHeader(b"python3", arguments, BODY)
    data = written(header, folder.encode())
    assert read(data, folder.encode()) == header
    assert read(data, b"/other/bin") is None
    first = data.partition(b"\n")[0]
    assert len(first) <= script_headers.LONGEST
    assert (b" " not in first) or arguments or first == b"#!/bin/sh"


def test_a_path_that_was_put_where_it_can_not_stand_is_read_all_the_same() -> None:
    assert read(b"#!/a b/bin/python\n" + BODY, b"/a b/bin") == ScriptHeader(b"python", b"", BODY)


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"#!/bin/sh\necho\n", b"#!/usr/bin/env python\n", b"print()\n"])
def test_other_files_have_no_header(data: bytes) -> None:
    assert read(data, b"/v/bin") is None


@pytest.mark.parametrize("name", ["plain", "with a space", "it's", '"quoted"', "$HOME `x`", "n" * 120])
@pytest.mark.parametrize("arguments", [b"", b"-Es"])
def test_a_system_starts_what_is_written(spawning: None, tmp_path: Path, name: str, arguments: bytes) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "python").symlink_to(sys.executable)
    script = folder / "it"
    script.write_bytes(written(ScriptHeader(b"python", arguments, BODY), bytes(folder)))
    script.chmod(0o755)
    done = subprocess.run([script, "a b", "$x"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"['a b', '$x'] {arguments.decode().split()}\n"


def test_the_console_script_is_one_that_names_the_interpreter_beside_it(tmp_path: Path) -> None:
    scripts = tmp_path / "bin"
    scripts.mkdir()
    assert console_script(tmp_path) is None
    for name, data in (
        ("activate", b"export X\n"),
        ("careful", b"#!%s/python -E\n" % bytes(scripts)),
        ("other", b"#!/usr/bin/python\n"),
        ("picked", b"#!%s/python\n" % bytes(scripts)),
        ("quite", b"#!%s/python\n" % bytes(scripts)),
    ):
        (scripts / name).write_bytes(data)
    assert console_script(tmp_path) == scripts / "picked"
