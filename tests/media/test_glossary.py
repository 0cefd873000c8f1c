"""Glossaries as people write them."""

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.media.glossary import for_languages, read


def entries(folder: Path, name: str, content: str | bytes) -> dict[str, dict[str, str]]:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {code: {each["term"]: each["translation"] for each in found} for code, found in read(file).items()}


def refusal(folder: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(UsageError) as refused:
        entries(folder, name, content)
    assert "write 'term,translation' lines" in str(refused.value.next_step)
    return refused.value.message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("g.csv", "London,Londres\nAnn,\n"),
        ("g.csv", "term,translation\r\nLondon,Londres\r\nAnn,Ann\r\n"),
        ("g.tsv", "London\tLondres\nAnn\tAnn\n"),
        ("g.txt", "# ours\n\nLondon\t Londres\nAnn\t\n"),
        ("g.csv", b"\xef\xbb\xbfLondon,Londres\nAnn,Ann\n"),
        ("g.yaml", "London: Londres\nAnn: ''\n"),
    ],
)
def test_each_form_gives_the_same_terms(tmp_path: Path, name: str, content: str) -> None:
    assert entries(tmp_path, name, content) == {"*": {"London": "Londres", "Ann": "Ann"}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("g.csv", "term,es,hi\nLondon,Londres,लंदन\nAnn,Ana,\n"),
        ("g.yml", "London: {es: Londres, hi: लंदन}\nAnn: {es: Ana}\n"),
    ],
)
def test_languages_have_translations_of_their_own(tmp_path: Path, name: str, content: str) -> None:
    assert entries(tmp_path, name, content) == {"es": {"London": "Londres", "Ann": "Ana"}, "hi": {"London": "लंदन"}}


def test_what_is_for_a_language_goes_before_what_is_for_all(tmp_path: Path) -> None:
    file = tmp_path / "g.yaml"
    file.write_text("Ann: Anna\nBob: {es: Roberto}\n")
    found = for_languages({**read(file), "es": [{"term": "Ann", "translation": "Ana"}]}, ["es", "de"])
    assert found["es"] == [{"term": "Ann", "translation": "Ana"}]
    assert found["de"] == [{"term": "Ann", "translation": "Anna"}]


def test_a_glossary_of_english_serves_its_regions(tmp_path: Path) -> None:
    assert for_languages({"pt": [{"term": "a", "translation": "b"}]}, ["pt-BR"])["pt-BR"] != []


def test_yaml_words_that_look_like_other_values_stay_words(tmp_path: Path) -> None:
    assert entries(tmp_path, "g.yaml", "No: Não\n12: doze\n") == {"*": {"No": "Não", "12": "doze"}}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("g.csv", "a,b,c\n", "g.csv:1: 3 cells where a term and 1 translation should be"),
        ("g.csv", "x,y\na\n", "g.csv:2: 1 cell where"),
        ("g.csv", "term,esx12345678\na,b\n", "no language code"),
        ("g.csv", "a,b\na,c\n", "g.csv:2: the term 'a' is there twice"),
        ("g.csv", '"a,b\n', "g.csv:1: "),
        ("g.csv", ",b\n", "'' can't be a term"),
        ("g.csv", f"a,{'b' * 300}\n", "can't be a term"),
        ("g.csv", "a,b\x07\n", "can't be a term"),
        ("g.csv", "", "has no term"),
        ("g.csv", b"a,\xff\n", "isn't UTF-8 text"),
        ("g.yaml", "- a\n", "isn't a mapping"),
        ("g.yaml", "a: [b]\n", "neither a translation"),
        ("g.yaml", "a: {es: [b]}\n", "isn't a translation"),
        ("g.yaml", "a: 'b\n", "g.yaml:2: not valid YAML"),
        ("g.yaml", "", "has no term"),
    ],
)
def test_what_is_no_glossary_is_refused_with_its_place(tmp_path: Path, name: str, content: str, message: str) -> None:
    assert message in refusal(tmp_path, name, content)


def test_a_glossary_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv"):
        read(tmp_path / "none.csv")
