"""Language codes in all forms that files, engines and people use: compared, and shown."""

from collections.abc import Collection
from functools import cache

NEAR = 5  # of langcodes' distances: the same language by another code
# Codes that name no language.
UNKNOWN = ("", "und", "mul", "zxx", "mis", "auto")


@cache
def base(code: str) -> str:
    """The language alone, by its shortest code: ``eng``, ``en-GB`` and ``en`` give ``en``. Empty where it is none."""
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    if code.lower() in UNKNOWN:
        return ""
    try:
        return langcodes.get(code).language or ""
    except (LanguageTagError, LookupError):
        return ""


@cache
def tag(code: str) -> str:
    """Its standard form, with region and script: ``pt-BR`` for ``por-br``. Empty where it is none."""
    import langcodes

    return langcodes.standardize_tag(code) if base(code) else ""


@cache
def from_text(text: str) -> str:
    """As ``base``, for a code or an English name: ``Spanish`` gives ``es``."""
    import langcodes

    if found := base(text):
        return found
    try:
        return "" if text.lower() in UNKNOWN else langcodes.find(text).language or ""
    except LookupError:
        return ""


@cache
def script(code: str) -> str:
    """The script of the code, such as ``Hant``; the usual one of the language where the code names none."""
    import langcodes

    return langcodes.get(code).maximize().script or ""


def nearest(code: str, known: Collection[str]) -> str:
    """The one of the ``known`` codes that is the same language, such as ``no`` for ``nb``; empty where none is.

    Not its neighbour: what is near for a reader isn't for whoever listens.
    """
    import langcodes

    if code in known or not base(code):
        return code if code in known else ""
    return langcodes.closest_supported_match(code, list(known), max_distance=NEAR) or ""


def is_same(one: str, other: str) -> bool:
    """Whether there is nothing to translate: true for ``en`` and ``en-GB``, not for ``zh-Hans`` and ``zh-Hant``."""
    return bool(base(one)) and base(one) == base(other) and script(one) == script(other)


def name(code: str) -> str:
    """``Spanish (es)``."""
    import langcodes

    return f"{langcodes.get(code).display_name()} ({code})"
