"""The pairs that a program has, and when what they translate with has changed."""

from pathlib import Path

import pytest

from pipeline.engines.pairs import Installed, installed

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


def digests(program: Path, source: str, target: str) -> dict[str, str]:
    return installed([str(program)], DATA).digests(source, target)


def test_a_language_with_a_region_is_one_that_the_program_has(program: Path) -> None:
    assert installed([str(program)], DATA).sources("en-GB") == ["es", "es"]
    assert installed([str(program)], DATA).sources("fr") == []


def test_a_program_that_is_not_there_has_no_pair() -> None:
    assert installed(["nowhere-to-be-found"], DATA) == Installed()


@pytest.mark.parametrize("changed", ["eng-spa.bin", "share/pairs/eng-spa.mode"])
def test_another_dictionary_is_another_digest(program: Path, changed: str) -> None:
    before = digests(program, "en", "es")
    assert [Path(name).name for name in before] == ["eng-spa.bin", "eng-spa.mode"]
    assert all(each.startswith("sha256:") for each in before.values())
    assert before == digests(program, "en", "es")
    with (program.parents[1] / changed).open("a") as file:
        file.write("more")
    assert digests(program, "en", "es") != before


def test_the_dictionaries_of_other_pairs_do_not_count(program: Path) -> None:
    before = digests(program, "en", "es")
    (program.parents[1] / "spa-eng.bin").write_text("more")
    assert digests(program, "en", "es") == before


def test_where_the_source_is_not_known_all_pairs_into_the_language_count(program: Path) -> None:
    before = digests(program, "", "en")
    (program.parents[1] / "spa-eng_US.bin").write_text("more")
    assert digests(program, "", "en") != before


def test_a_program_whose_data_lies_elsewhere_has_no_digest(program: Path) -> None:
    assert installed([str(program)], "share/elsewhere/{pair}.mode").digests("en", "es") == {}
    assert installed([str(program)]).digests("en", "es") == {}
