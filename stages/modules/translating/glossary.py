"""The glossary: terms with the translation that each must have."""

from typing import Any, NamedTuple

from translating.writing_systems import clean


class GlossaryTerm(NamedTuple):
    """A term, and its translation, which may be the same."""

    term: str
    translation: str


class InvalidGlossary(Exception):
    """The reason, as a sentence."""


def parse(entries: Any) -> list[GlossaryTerm]:
    """The terms of ``[{term, translation}, …]``, the longest first; a term without a translation stays as it is.

    Raises ``InvalidGlossary``.
    """
    if not isinstance(entries, list):
        raise InvalidGlossary("the glossary must be a list of entries with 'term' and 'translation'")
    terms = []
    for number, entry in enumerate(entries, 1):
        term = entry.get("term") if isinstance(entry, dict) else None
        translation = (entry.get("translation") or term) if isinstance(entry, dict) else None
        if not isinstance(term, str) or not isinstance(translation, str) or not clean(term):
            raise InvalidGlossary(
                f"entry {number} of the glossary has no 'term', or one that isn't text: {entry!r:.80}"
            )
        terms.append(GlossaryTerm(clean(term), clean(translation)))
    return sorted(terms, key=lambda each: -len(each.term))
