"""Language codes as people type them."""

import pytest

from pipeline.errors import UsageError
from pipeline.plan.languages import normalise

KNOWN = ["de", "en", "fr", "jw", "no", "zh"]


@pytest.mark.parametrize(
    ("text", "code"),
    [("en", "en"), ("EN", "en"), ("eng", "en"), ("no", "no"), ("jw", "jw"), ("deu", "de"), ("ger", "de")],
)
def test_one_language_has_one_code_however_it_is_typed(text: str, code: str) -> None:
    assert normalise(text, KNOWN) == code


@pytest.mark.parametrize(("text", "code"), [("pt_br", "pt-BR"), ("ZH-hans", "zh-Hans"), ("iw", "he")])
def test_without_a_list_any_valid_tag_is_taken(text: str, code: str) -> None:
    assert normalise(text, ()) == code


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("english", "'en' (English)"),
        ("ENGLISH", "'en' (English)"),
        ("engl", "'en' (English)"),
        ("germn", "'de' (German)"),
        ("français", "'fr' (French)"),
        ("xx", ""),
        ("", ""),
        ("qqqqqqqqq", ""),
        ("en\n", "'en' (English)"),
    ],
)
def test_what_is_no_code_is_refused_with_the_nearest_one(text: str, suggestion: str) -> None:
    with pytest.raises(UsageError) as refused:
        normalise(text, KNOWN)
    assert repr(text) in refused.value.message
    assert suggestion in refused.value.message
    assert (" (" in refused.value.message) == bool(suggestion)
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("en-US", "'en' (English)"), ("nb", "'no' (Norwegian)"), ("jv", "'jw' "), ("hi", "'hi' (Hindi)")],
)
def test_a_language_that_the_model_lacks_is_refused_with_one_that_serves(text: str, suggestion: str) -> None:
    with pytest.raises(UsageError, match=f"'{text}' ") as refused:
        normalise(text, KNOWN)
    assert "--model NAME" in (refused.value.next_step or "")
    assert suggestion in refused.value.message


def test_several_languages_where_one_is_wanted_are_told_as_such() -> None:
    with pytest.raises(UsageError, match="'en,de' is more than one language code") as refused:
        normalise("en,de", KNOWN)
    assert "give one" in (refused.value.next_step or "")
