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
        ("english", "; did you mean 'en' (English)?"),
        ("ENGLISH", "; did you mean 'en' (English)?"),
        ("engl", "; did you mean 'en' (English)?"),
        ("germn", "; did you mean 'de' (German)?"),
        ("français", "; did you mean 'fr' (French)?"),
        ("xx", ""),
        ("", ""),
        ("qqqqqqqqq", ""),
        ("en\n", "; did you mean 'en' (English)?"),
    ],
)
def test_what_is_no_code_is_refused_with_the_nearest_one(text: str, suggestion: str) -> None:
    with pytest.raises(UsageError) as refused:
        normalise(text, KNOWN)
    assert refused.value.message == f"{text!r} isn't a language code{suggestion}"
    assert refused.value.next_step == "give a code such as en, es or hi"


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [("en-US", "did you mean 'en'"), ("nb", "did you mean 'no'"), ("jv", "did you mean 'jw'"), ("hi", "recognises")],
)
def test_a_language_that_the_model_lacks_is_refused_with_one_that_serves(text: str, suggestion: str) -> None:
    with pytest.raises(UsageError, match="isn't among those that the model recognises") as refused:
        normalise(text, KNOWN)
    assert "--model NAME" in (refused.value.next_step or "")
    assert suggestion in refused.value.message
