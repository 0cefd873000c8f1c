"""Which pairs an engine has: by language, and by script where it isn't the usual one."""

import pytest

from pipeline.config.engines import ANY, EngineSpec, Pairs
from pipeline.engines import pairs


def engine(*languages: str) -> EngineSpec:
    return EngineSpec("e", "translation", "s", 1, pairs=(Pairs(languages, languages),))


@pytest.mark.parametrize(
    ("source", "target", "has"),
    [
        ("en", "zh", True),
        ("en-GB", "zh-Hans", True),
        ("", "zh", True),
        ("en", "zh-Hant", False),
        ("en", "zh-TW", False),
        ("sr-Latn", "en", False),
        ("sr", "en", True),
        ("en", "eng", True),
        ("en", "ja", False),
    ],
)
def test_a_script_that_is_not_the_usual_one_is_a_language_of_its_own(source: str, target: str, has: bool) -> None:
    assert (pairs.declared(engine("en", "zh", "sr"), source, target) is not None) == has


def test_a_script_counts_where_it_is_listed() -> None:
    assert pairs.declared(engine("en", "zh-Hant"), "en", "zh-TW")
    assert not pairs.declared(engine("en", "zh-Hant"), "en", "zh")


def test_any_language_is_any() -> None:
    spec = EngineSpec("e", "translation", "s", 1, pairs=(Pairs(ANY, ("en",)),))
    assert pairs.declared(spec, "sr-Latn", "en-US")
