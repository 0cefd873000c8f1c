"""The language of a recognised text, for models that don't say which one they recognised."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

WHISPER_CODES = {"nb": "no", "jv": "jw"}  # where the library has others
OTHER_CODES = {code: other for other, code in WHISPER_CODES.items()}


def probabilities(text: str, among: Collection[str] = ()) -> dict[str, float]:
    """The probability of each language, by its Whisper code. ``among``: codes that it may be; empty for any."""
    ranked = _identifier(frozenset(OTHER_CODES.get(code, code) for code in among)).rank(text)
    return {WHISPER_CODES.get(str(code), str(code)): float(probability) for code, probability in ranked}


@lru_cache(maxsize=2)
def _identifier(among: frozenset[str]) -> Any:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = sorted(among & set(map(str, identifier.labels)))
    if known:
        identifier.set_languages(known)
    return identifier
