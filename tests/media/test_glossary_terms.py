"""Terms that a person adds while editing: the file stays a glossary, with all that was in it."""

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.media import glossary, glossary_terms


def test_a_glossary_is_made_and_gets_columns_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "glossary.csv"
    glossary_terms.add(path, "Tardis", "Tardis", "es")
    glossary_terms.add(path, "Doctor", "Arzt", "de")
    glossary_terms.add(path, "Doctor", "Doctor, el", "es")
    assert glossary.read(path) == {
        "es": [{"term": "Tardis", "translation": "Tardis"}, {"term": "Doctor", "translation": "Doctor, el"}],
        "de": [{"term": "Doctor", "translation": "Arzt"}],
    }


def test_comments_and_terms_for_all_languages_stay(tmp_path: Path) -> None:
    path = tmp_path / "glossary.csv"
    path.write_text("# names, and more\nAnn,Anna\n")
    glossary_terms.add(path, "Bob", "Roberto", "es")
    assert "# names, and more\n" in path.read_text()
    assert glossary.read(path)["*"][0] == {"term": "Ann", "translation": "Anna"}
    assert glossary.read(path)["es"] == [{"term": "Bob", "translation": "Roberto"}]


@pytest.mark.parametrize("text", ["a,b,c,d\n1,2\n", '"open\n'])
def test_a_file_that_is_no_glossary_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "glossary.csv"
    path.write_text(text)
    with pytest.raises(UsageError):
        glossary_terms.add(path, "Bob", "Roberto", "es")
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["glossary.csv"]
