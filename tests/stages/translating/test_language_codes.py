"""One language has a code for each engine."""

import pytest
from translating import language_codes

from pipeline.media import languages

LISTED = """eng_Latn spa_Latn hin_Deva arb_Arab zho_Hans zho_Hant jpn_Jpan kor_Hang srp_Cyrl nob_Latn
    pes_Arab npi_Deva swh_Latn yue_Hant jav_Latn als_Latn lvs_Latn est_Latn hrv_Latn urd_Arab"""
NLLB = set(LISTED.split())


@pytest.mark.parametrize(
    ("code", "flores"),
    [
        ("en", "eng_Latn"),
        ("pt", None),
        ("hi", "hin_Deva"),
        ("ar", "arb_Arab"),
        ("zh", "zho_Hans"),
        ("zh-TW", "zho_Hant"),
        ("ja", "jpn_Jpan"),
        ("ko", "kor_Hang"),
        ("sr", "srp_Cyrl"),
        ("no", "nob_Latn"),
        ("fa", "pes_Arab"),
        ("ne", "npi_Deva"),
        ("sw", "swh_Latn"),
        ("yue", "yue_Hant"),
        ("jw", "jav_Latn"),
        ("sq", "als_Latn"),
        ("lv", "lvs_Latn"),
        ("et", "est_Latn"),
        ("hr", "hrv_Latn"),
        ("ur", "urd_Arab"),
        ("en-GB", "eng_Latn"),
    ],
)
def test_nllb_s_code(code: str, flores: str | None) -> None:
    assert language_codes.flores_code(code, NLLB) == flores


MODES = ["eng-spa", "spa-eng", "spa-eng_US", "hbs-mkd", "eng-cat_valencia", "nob-nno"]


@pytest.mark.parametrize(
    ("source", "target", "mode"),
    [
        ("en", "es", "eng-spa"),
        ("es", "en", "spa-eng"),
        ("es", "en-US", "spa-eng_US"),
        ("en", "ca", "eng-cat_valencia"),
        ("hr", "mk", "hbs-mkd"),
        ("no", "nn", "nob-nno"),
        ("en", "de", None),
    ],
)
def test_apertium_s_mode(source: str, target: str, mode: str | None) -> None:
    assert language_codes.apertium_mode(source, target, MODES) == mode


@pytest.mark.parametrize(
    ("code", "found"), [("en", "en"), ("en-GB", "en"), ("nb", "no"), ("fil", None), ("zh-TW", "zh")]
)
def test_m2m100_s_code(code: str, found: str | None) -> None:
    assert language_codes.m2m100_code(code, {"en", "no", "zh"}) == found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("en", "en-GB", True), ("en", "es", False), ("zh", "zh-TW", False), ("zh-Hans", "zh", True), ("jw", "jv", True)],
)
def test_a_region_makes_no_other_language_and_a_script_does(one: str, other: str, same: bool) -> None:
    assert language_codes.is_same_language(one, other) is same


@pytest.mark.parametrize(
    "one", ["en", "en-GB", "eng", "zh", "zh-TW", "zh-Hans", "jw", "jv", "sr", "sr-Latn", "nb", "no"]
)
def test_the_plan_and_the_stage_agree_whether_a_language_is_the_spoken_one(one: str) -> None:
    """They can't share code: a stage runs in an environment without the orchestrator."""
    for other in ("en", "zh", "zh-Hant", "jv", "sr", "no"):
        assert language_codes.is_same_language(one, other) == languages.is_same(one, other)
