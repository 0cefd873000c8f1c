"""Options of commands that prepare jobs: none is dropped in silence."""

from typing import Any

import pytest

from pipeline.cli.job_request import TypedParameter, _require_effect, _typed
from pipeline.cli.shortcuts import SHORTCUTS
from pipeline.config.workflows import ParameterSpec
from pipeline.errors import UsageError

NOTHING: dict[str, Any] = {each.parameter: None for each in SHORTCUTS} | {"parameters": ()}
KNOWN = {
    "source_language": ParameterSpec("source_language", type="language", default="auto"),
    "strict_language": ParameterSpec("strict_language", type="boolean", default=False),
}


def test_an_option_with_two_values_is_refused_where_it_takes_one() -> None:
    with pytest.raises(UsageError, match="'source_language' is given twice: 'en' and 'es'"):
        _typed(NOTHING | {"source_language": ("en", "es")})


def test_the_same_value_twice_is_one_and_a_list_takes_all() -> None:
    typed = _typed(NOTHING | {"source_language": ("en", "en"), "target_languages": ("es", "fr,de")})
    assert {name: each.text for name, each in typed.items()} == {
        "source_language": "en",
        "target_languages": "es,fr,de",
    }


def test_a_language_that_is_to_be_detected_is_none_that_one_could_be_strict_about() -> None:
    strict = {"strict_language": TypedParameter("true", "--strict-language")}
    _require_effect(strict | {"source_language": TypedParameter("en", "--source-language")}, KNOWN)
    with pytest.raises(UsageError, match="--strict-language changes nothing"):
        _require_effect(strict | {"source_language": TypedParameter("auto", "--source-language")}, KNOWN)
