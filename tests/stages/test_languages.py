import langcodes
import languages
import pytest


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("de", "de"),
        ("deu", "de"),
        ("ger", "de"),
        ("German", "de"),
        ("german", "de"),
        ("pt_br", "pt-BR"),
        ("zh-Hant", "zh-Hant"),
        ("jw", "jv"),
        (" es ", "es"),
        ("", "und"),
        ("und", "und"),
        ("no language", "und"),
        ("cd1", "und"),
        ("-", "und"),
        ("\udcff", "und"),
    ],
)
def test_a_code_in_any_form_has_one_tag(text: str, tag: str) -> None:
    assert languages.tag(text) == tag


@pytest.mark.parametrize(
    ("language", "code"),
    [("en", "eng"), ("de", "deu"), ("zh", "zho"), ("jw", "jav"), ("haw", "haw"), ("und", "und"), ("pt-BR", "por")],
)
def test_a_language_becomes_its_three_letter_code(language: str, code: str) -> None:
    assert languages.three_letters(language) == code


def test_a_base_is_the_language_alone() -> None:
    assert languages.base("zh-Hant") == "zh"


@pytest.mark.parametrize(("code", "name"), [("spa", "Spanish"), ("pt-BR", "Portuguese (BR)"), ("tlh", "tlh")])
def test_a_language_is_named_for_people(code: str, name: str) -> None:
    assert languages.name(code) == name


def test_what_is_known_is_what_the_library_has() -> None:
    found = [langcodes.Language.get(language.code) for language in languages.KNOWN]
    assert [(each.to_tag(), each.to_alpha3(variant="T"), each.display_name()) for each in found] == languages.KNOWN


def test_each_three_letter_code_leads_back() -> None:
    assert [languages.tag(each.three_letters) for each in languages.KNOWN] == [each.code for each in languages.KNOWN]
    assert [languages.tag(each.name) for each in languages.KNOWN] == [each.code for each in languages.KNOWN]
