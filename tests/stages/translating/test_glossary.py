"""The entries of a glossary become terms, or are refused with a reason."""

from typing import Any

import pytest
from translating import glossary
from translating.glossary import GlossaryTerm


def test_a_term_without_a_translation_stays_as_it_is() -> None:
    assert glossary.parse([{"term": "Darnay"}]) == [GlossaryTerm("Darnay", "Darnay")]


def test_the_longest_term_comes_first() -> None:
    assert [each.term for each in glossary.parse([{"term": "York"}, {"term": "New York"}])] == ["New York", "York"]


@pytest.mark.parametrize("entries", [{"a": "b"}, [{"translation": "x"}], ["Darnay"], [{"term": " "}], [{"term": 5}]])
def test_a_glossary_of_another_form_is_refused_with_a_reason(entries: Any) -> None:
    with pytest.raises(glossary.InvalidGlossary, match="glossary"):
        glossary.parse(entries)
