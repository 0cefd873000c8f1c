"""One language has a code for each engine."""

from pathlib import Path

import pytest
import yaml
from translating import language_codes

from pipeline.media import languages
from tests.conftest import REPOSITORY

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


# The additional special tokens of NLLB's tokenizer, as transformers 4.49 has them (models/nllb/tokenization_nllb.py).
FLORES_200 = frozenset((Path(__file__).parent / "flores200.txt").read_text(encoding="utf-8").split())


def declared(engine: str) -> list[str]:
    return list(yaml.safe_load((REPOSITORY / "config" / "engines.yaml").read_bytes())[engine]["pairs"][0]["from"])


@pytest.mark.parametrize("engine", ["nllb", "nllb-ct2"])
def test_each_language_of_nllb_is_one_of_its_tokenizer(engine: str) -> None:
    assert len(FLORES_200) == 202
    assert [code for code in declared(engine) if language_codes.flores_code(code, FLORES_200) is None] == []


def test_each_language_of_madlad_is_one_of_its_vocabulary() -> None:
    """All but the variants of Norwegian stand in the card of google/madlad400-3b-mt, which names its tokens so."""
    codes = declared("madlad")
    card = frozenset(codes) - {"nb", "nn"}
    assert [code for code in codes if language_codes.madlad_code(code, card) is None] == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("en", "en"),
        ("pt-BR", "pt"),
        ("zh", "zh"),
        ("zh-Hans", "zh"),
        ("zh-Hant", None),
        ("zh-TW", None),
        ("nb", "no"),
        ("hi-Latn", "hi_Latn"),
        ("sr-Latn", None),
        ("tl", "fil"),
        ("cmn", "zh"),
        ("xx", None),
    ],
)
def test_madlad_s_code(code: str, found: str | None) -> None:
    known = {"en", "pt", "zh", "no", "hi", "hi_Latn", "sr", "fil"}
    assert language_codes.madlad_code(code, known) == found
