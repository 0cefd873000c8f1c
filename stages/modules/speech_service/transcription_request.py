"""What a client asks for beside the sound, checked. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import languages

from speech_service.api_errors import BAD_REQUEST, NOT_FOUND, ApiError

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
SEGMENT, WORD = "segment", "word"
GRANULARITIES = (SEGMENT, WORD)
ANY_MODEL = "whisper-1"  # OpenAI's own name; many programs send no other
FIND_LANGUAGE = "auto"
# Whisper's own code where it isn't the standard's.
WHISPER_CODES = {"jv": "jw"}


@dataclass(frozen=True)
class TranscriptionRequest:
    """A request without its sound."""

    language: str  # a Whisper code, or "auto"
    form: str  # one of FORMATS
    granularities: frozenset[str] = frozenset({SEGMENT})
    is_translation: bool = False  # into English
    is_raw: bool = False  # the file is samples alone, as recognition takes them


def parse(
    fields: Mapping[str, Sequence[str]], model: str, codes: Collection[str], is_translation: bool = False
) -> TranscriptionRequest:
    """Check the fields of the form.

    ``model``: the name of the one that is served; ``codes``: the languages that it recognises. Raises ``ApiError``.
    """
    _check_model(_last(fields, "model"), model)
    form = _last(fields, "response_format") or "json"
    if form not in FORMATS:
        raise ApiError(BAD_REQUEST, f"response_format is one of {', '.join(FORMATS)}, not {form!r}", "response_format")
    language = FIND_LANGUAGE if is_translation else language_code(_last(fields, "language"), codes)
    return TranscriptionRequest(language, form, _granularities(fields, form), is_translation)


def _check_model(wanted: str, served: str) -> None:
    if not wanted:
        raise ApiError(BAD_REQUEST, f"the field 'model' is missing, for example model={served}", "model")
    if wanted not in (served, ANY_MODEL):
        what = f"this server has no model {wanted!r}, only {served!r}, which {ANY_MODEL!r} stands for, too"
        raise ApiError(NOT_FOUND, what, "model", "model_not_found")


def language_code(text: str, codes: Collection[str]) -> str:
    """A Whisper code, of a code or an English name; ``auto`` for none. Raises ``ApiError``."""
    if not text or text.lower() == FIND_LANGUAGE:
        return FIND_LANGUAGE
    code = languages.of_engines(text) or text.lower()
    code = WHISPER_CODES.get(code, code)
    if code not in codes:
        what = f"the model doesn't recognise language {text!r}; it takes codes such as {', '.join(sorted(codes)[:8])}"
        raise ApiError(BAD_REQUEST, what, "language")
    return code


def _granularities(fields: Mapping[str, Sequence[str]], form: str) -> frozenset[str]:
    field = "timestamp_granularities[]"
    wanted = [*fields.get(field, ()), *fields.get("timestamp_granularities", ())]
    for each in wanted:
        if each not in GRANULARITIES:
            raise ApiError(BAD_REQUEST, f"timestamp_granularities are segment and word, not {each!r}", field)
    if wanted and form != "verbose_json":
        raise ApiError(BAD_REQUEST, f"timestamp_granularities need response_format=verbose_json, not {form}", field)
    return frozenset(wanted or [SEGMENT])


def _last(fields: Mapping[str, Sequence[str]], name: str) -> str:
    values = fields.get(name) or [""]
    return values[-1].strip()
