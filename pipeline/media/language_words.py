"""Words of file names and titles that name a language: codes in two or three letters, names, and usual short forms."""

from functools import cache

FEWEST_SPEAKERS = 500_000  # of a language without a code in two letters; nearly any three letters are some code

# What people write that is no code, or is another one.
SHORT_FORMS = {
    "pob": "pt-BR",
    "pb": "pt-BR",
    "chs": "zh-Hans",
    "zhs": "zh-Hans",
    "cht": "zh-Hant",
    "zht": "zh-Hant",
    "cmn": "zh",
    "scr": "hr",
    "scc": "sr",
    "jp": "ja",
    "kr": "ko",
    "cn": "zh",
    "cz": "cs",
    "gr": "el",
    "dk": "da",
    "ua": "uk",
    "vn": "vi",
    "latino": "es-419",
    "castellano": "es-ES",
    "flemish": "nl-BE",
}
# Words beside the name of a language, and what both are together.
VARIANTS = {
    "brazilian": "pt-BR",
    "brazil": "pt-BR",
    "simplified": "zh-Hans",
    "traditional": "zh-Hant",
    "canadian": "fr-CA",
    "latin": "es-419",
    "latinoamérica": "es-419",
    "latinoamericano": "es-419",
    "castilian": "es-ES",
    "european": "pt-PT",
}
# Lower-case pairs that are one tag, although a full stop may stand between them.
REGIONS = {
    ("pt", "br"): "pt-BR",
    ("zh", "tw"): "zh-TW",
    ("zh", "cn"): "zh-CN",
    ("zh", "hk"): "zh-HK",
    ("es", "mx"): "es-MX",
    ("en", "us"): "en-US",
    ("en", "gb"): "en-GB",
    ("fr", "ca"): "fr-CA",
}
# Codes that are words of titles, too, in languages with many films.
TITLE_WORDS = frozenset(
    word
    for line in (
        "ace arm bar bel ben bis bod bum bur cat cop cor cos dan div ewe fan fin gon gos her hil ice jam kin kir lag",
        "lin lit mac mad mag mal man mar mas may men min mos nap new non pan per pis que raj ron rum run san sat",
        "shi sin sou sun sus tat tel tem ton tum vec vol wal war",
    )
    for word in line.split()
)


@cache
def tag(word: str) -> str:
    """The language's tag in its standard form, with region and script (``pt-BR``); empty where the word names none."""
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    plain = word.strip().replace("_", "-")
    if plain.lower() in SHORT_FORMS:
        return SHORT_FORMS[plain.lower()]
    base = plain.partition("-")[0]
    if not (base.isascii() and base.isalpha() and len(base) in (2, 3)):
        return _by_name(plain)
    try:
        language = langcodes.get(plain)
    except (LanguageTagError, LookupError):
        return ""
    code = language.language or ""
    is_usual = len(code) == 2 or (bool(code) and language.speaking_population() >= FEWEST_SPEAKERS)
    return language.to_tag() if is_usual and language.is_valid() else ""


def _by_name(text: str) -> str:
    """By a name in English, or in the language itself: ``Spanish``, ``español``."""
    import langcodes

    if len(text) < 2 or not all(each.isalpha() or each in " '" for each in text):
        return ""
    try:
        language = langcodes.find(text)
    except LookupError:
        return ""
    names = {language.display_name().casefold(), language.autonym().casefold()}
    return language.to_tag() if text.casefold() in names else ""
