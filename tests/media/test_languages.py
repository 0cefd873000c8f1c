"""Codes of one language, compared."""

import pytest

from pipeline.media.languages import nearest


@pytest.mark.parametrize(
    ("code", "found"),
    [("nb", "no"), ("fil", "tl"), ("cmn", "zh"), ("de", "de"), ("gsw", ""), ("tlh", ""), ("", ""), ("und", "")],
)
def test_the_known_code_of_the_same_language_is_found_and_no_neighbour(code: str, found: str) -> None:
    assert nearest(code, ["de", "en", "no", "sv", "tl", "zh"]) == found
