"""Which programs only start another one, and whether one can see which."""

import os
import sys
from pathlib import Path

import pytest

from pipeline.envs.program_wrappers import behind, is_opaque, is_wrapper


def script(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(0o755)
    return file


def test_a_compiled_program_is_none_and_a_shim_of_another_name_is_one(tmp_path: Path) -> None:
    program = Path(os.path.realpath(sys.executable))
    assert not is_wrapper("python", program)
    (tmp_path / "ffmpeg").symlink_to(program)
    assert is_wrapper("ffmpeg", tmp_path / "ffmpeg")
    assert is_opaque("ffmpeg", tmp_path / "ffmpeg", [])


@pytest.mark.parametrize(
    ("text", "opaque"),
    [
        ("#!/bin/sh\necho done\n", False),  # a program of its own
        (f'#!/bin/sh\nexec {sys.executable} "$@"\n', False),
        ('#!/bin/bash\nexec "$(pyenv which tool)" "$@"\n', True),
        ("#!/nowhere/python\nimport sys\nfrom tool.cli import main\nsys.exit(main())\n", True),
        ("#!/bin/sh\n" + "# a long one\n" * 10_000 + '"$@"\n', False),
    ],
)
def test_a_script_is_opaque_where_it_starts_what_it_does_not_name(tmp_path: Path, text: str, opaque: bool) -> None:
    assert is_opaque("tool", script(tmp_path / "tool", text), []) is opaque


def test_what_is_named_in_a_comment_or_cannot_be_started_is_not_behind_it(tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("")
    text = f"#!/bin/sh\n# {sys.executable}\ncat {plain} /no/where {tmp_path}\n"
    assert behind(script(tmp_path / "tool", text), []) == ()


def test_one_that_cannot_be_read_is_no_script(tmp_path: Path) -> None:
    assert behind(tmp_path / "gone", []) == ()
