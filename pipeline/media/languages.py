"""Languages as files, engines and people call them, told apart and shown."""

from functools import cache

UNKNOWN = ("", "und", "mul", "zxx", "mis", "auto")


@cache
def base(code: str) -> str:
    """The language alone, by its shortest code: ``eng``, ``en-GB`` and ``en`` are ``en``. Empty where it is none."""
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    if code.lower() in UNKNOWN:
        return ""
    try:
        return langcodes.get(code).language or ""
    except (LanguageTagError, LookupError):
        return ""


@cache
def meant(text: str) -> str:
    """As ``base``, of a code or an English name: ``Spanish`` is ``es``, too."""
    import langcodes

    if found := base(text):
        return found
    try:
        return "" if text.lower() in UNKNOWN else langcodes.find(text).language or ""
    except LookupError:
        return ""


@cache
def script(code: str) -> str:
    """The script that a language is written in, unless its code says another one."""
    import langcodes

    return langcodes.get(code).maximize().script or ""


def is_same(one: str, other: str) -> bool:
    """Whether nothing is to be translated: ``en`` and ``en-GB``, but not ``zh-Hans`` and ``zh-Hant``."""
    return bool(base(one)) and base(one) == base(other) and script(one) == script(other)


def name(code: str) -> str:
    """``Spanish (es)``."""
    import langcodes

    return f"{langcodes.get(code).display_name()} ({code})"
