"""Language codes as people type them, and the nearest known one where there is none."""

from collections.abc import Sequence
from difflib import get_close_matches

from pipeline.errors import UsageError

DETECT = "auto"
NEAR = 10  # of langcodes' distances: one language written or called another way, not merely a neighbour


def normalise(text: str, known: Sequence[str]) -> str:
    """``eng``, ``EN`` and ``en`` are one language. ``known`` limits the answer where it isn't empty.

    Raises ``UsageError`` with a suggestion.
    """
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    if text in known:
        return text
    try:
        tag = langcodes.standardize_tag(text)
    except LanguageTagError:
        tag = ""
    if tag and (tag in known if known else langcodes.tag_is_valid(tag)):
        return tag
    if tag and langcodes.tag_is_valid(tag):
        raise UsageError(
            f"the language '{text}' ({_name(tag)}) isn't among those that the model recognises{_relative(tag, known)}",
            "--model NAME takes another one; config/models.yaml says which languages each knows",
        )
    if "," in text:
        raise UsageError(f"{text!r} is more than one language code", "give one, or none for a film with several")
    raise UsageError(f"{text!r} isn't a language code{_suggestion(text, known)}", "give a code such as en, es or hi")


def _relative(tag: str, known: Sequence[str]) -> str:
    """A language that serves in its place, such as ``en`` for ``en-US`` and ``no`` for ``nb``."""
    import langcodes

    near = langcodes.closest_supported_match(tag, list(known), max_distance=NEAR)
    return f"; did you mean '{near}' ({_name(near)})?" if near else ""


def _suggestion(text: str, known: Sequence[str]) -> str:
    """By name first (``english``), then by a name or a code that looks alike."""
    import langcodes

    codes = list(known) or ["en", "es", "fr", "de", "hi", "it", "ja", "ko", "pt", "ru", "zh"]
    by_name = {_name(code).lower(): code for code in codes}
    try:
        found = langcodes.find(text).language
    except (LookupError, UnicodeEncodeError):  # the last for what is no text
        found = None
    if found not in codes:
        near = get_close_matches(text.lower(), [*by_name, *codes], n=1, cutoff=0.5)
        found = by_name.get(near[0], near[0]) if near else None
    return f"; did you mean '{found}' ({_name(found)})?" if found else ""


def _name(code: str) -> str:
    import langcodes

    return langcodes.get(code).display_name()
