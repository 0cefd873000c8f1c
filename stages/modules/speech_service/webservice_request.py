"""What a client of whisper-asr-webservice's interface asks for, such as Bazarr. All but the sound is in the address."""

from collections.abc import Collection, Mapping

from speech_service.api_errors import BAD_REQUEST, ApiError
from speech_service.transcription_request import TranscriptionRequest, language_code

FILE = "audio_file"  # the field of the sound
FORMS = {"txt": "text", "srt": "srt", "vtt": "vtt", "json": "verbose_json"}
TASKS = ("transcribe", "translate")


def parse(query: Mapping[str, str], codes: Collection[str]) -> TranscriptionRequest:
    """``codes``: the languages that the model recognises. Raises ``ApiError``."""
    form, task = query.get("output", "txt"), query.get("task", "transcribe")
    if form not in FORMS:
        raise ApiError(BAD_REQUEST, f"output is one of {', '.join(FORMS)}, not {form!r}", "output")
    if task not in TASKS:
        raise ApiError(BAD_REQUEST, f"task is transcribe or translate, not {task!r}", "task")
    language = language_code(query.get("language", ""), codes)
    return TranscriptionRequest(language, FORMS[form], is_translation=task == "translate", is_raw=is_raw(query))


def is_raw(query: Mapping[str, str]) -> bool:
    """Whether the file is samples alone: 16 kHz, mono, 16 bits."""
    return query.get("encode", "true").lower() in ("false", "0", "no")
