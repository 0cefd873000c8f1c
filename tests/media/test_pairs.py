"""The pairs that a program has, and when what they translate with has changed."""

from pathlib import Path

import pytest

from pipeline.media.pairs import Installed, installed

DATA = "share/pairs/{pair}.mode"


@pytest.fixture
def program(spawning: None, tmp_path: Path) -> Path:
    """Two pairs, whose own files name their dictionaries as Apertium's do."""
    (tmp_path / "bin").mkdir()
    path = tmp_path / "bin" / "pairs"
    path.write_text("#!/bin/sh\nprintf '  eng-spa\\n  spa-eng\\n  spa-eng_US\\n'\n")
    path.chmod(0o755)
    (tmp_path / "share" / "pairs").mkdir(parents=True)
    for pair in ("eng-spa", "spa-eng", "spa-eng_US"):
        (tmp_path / f"{pair}.bin").write_text("words")
        mode = f"lt-proc '{tmp_path}/{pair}.bin' | apertium-tagger -g $2 '{tmp_path}/none.prob'\n"
        (tmp_path / "share" / "pairs" / f"{pair}.mode").write_text(mode)
    return path


def digest(program: Path, source: str, target: str) -> str:
    return installed([str(program)], DATA).digest(source, target)


def test_a_language_with_a_region_is_one_that_the_program_has(program: Path) -> None:
    assert installed([str(program)], DATA).sources("en-GB") == ["es", "es"]
    assert installed([str(program)], DATA).sources("fr") == []


def test_a_program_that_is_not_there_has_no_pair() -> None:
    assert installed(["nowhere-to-be-found"], DATA) == Installed()


@pytest.mark.parametrize("changed", ["eng-spa.bin", "share/pairs/eng-spa.mode"])
def test_another_dictionary_is_another_digest(program: Path, changed: str) -> None:
    before = digest(program, "en", "es")
    assert before.startswith("sha256:")
    assert before == digest(program, "en", "es")
    with (program.parents[1] / changed).open("a") as file:
        file.write("more")
    assert digest(program, "en", "es") != before


def test_the_dictionaries_of_other_pairs_do_not_count(program: Path) -> None:
    before = digest(program, "en", "es")
    (program.parents[1] / "spa-eng.bin").write_text("more")
    assert digest(program, "en", "es") == before


def test_where_the_source_is_not_known_all_pairs_into_the_language_count(program: Path) -> None:
    before = digest(program, "", "en")
    (program.parents[1] / "spa-eng_US.bin").write_text("more")
    assert digest(program, "", "en") != before


def test_a_program_whose_data_lies_elsewhere_has_no_digest(program: Path) -> None:
    assert installed([str(program)], "share/elsewhere/{pair}.mode").digest("en", "es") == ""
    assert installed([str(program)]).digest("en", "es") == ""
