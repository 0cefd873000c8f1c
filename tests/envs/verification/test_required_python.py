"""The Pythons that packages are for, also where an upper bound excludes one."""

from pathlib import Path

import pytest

from pipeline.envs.verification.required_python import declared, excluding, range_in, sentence


@pytest.mark.parametrize("text", ["<3.9", "==3.8.*", "!=3.11.*", ">=3.6, <3.7", "<=3.10"])
def test_a_range_without_this_python_excludes(text: str) -> None:
    assert excluding({"old": text}, "3.11.7") == {"old": text}


@pytest.mark.parametrize("text", [">=3.8", "", ">=3.8,<4", "!=3.9.0", "nonsense", "~=3.11", "<4.0.0a0"])
def test_other_ranges_do_not(text: str) -> None:
    assert excluding({"fine": text}, "3.11.7") == {}


def test_a_pre_release_of_python_counts_as_its_version() -> None:
    assert excluding({"fine": ">=3.8"}, "3.15.0rc1") == {}


def test_the_range_stands_in_the_head_of_the_metadata() -> None:
    assert range_in("Name: x\nRequires-python:  <3.9 \n\nbody") == "<3.9"
    assert range_in("Name: x\n\nRequires-Python: <3.9\n") == ""


def test_installed_packages_are_read(tmp_path: Path) -> None:
    (tmp_path / "Some_Old.Thing-1.0.dist-info").mkdir()
    (tmp_path / "Some_Old.Thing-1.0.dist-info" / "METADATA").write_text("Name: x\nRequires-Python: <3.9\n\n")
    (tmp_path / "bare-1.0.dist-info").mkdir()
    assert declared(tmp_path) == {"some-old-thing": "<3.9"}


def test_the_sentence_names_package_range_and_python() -> None:
    assert sentence({"dataclasses": ">=3.6, <3.7"}, "3.11.7") == (
        "dataclasses is for Python >=3.6, <3.7, and this environment has Python 3.11.7"
    )
