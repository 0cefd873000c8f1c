"""What Bazarr, and others that know whisper-asr-webservice, ask for."""

import pytest
from speech_service.api_errors import ApiError
from speech_service.transcription_request import TranscriptionRequest
from speech_service.webservice_request import parse

CODES = {"en", "de"}


def test_bazarr_s_request_is_understood() -> None:
    query = {"task": "transcribe", "language": "de", "output": "srt", "encode": "false"}
    assert parse(query, CODES) == TranscriptionRequest("de", "srt", is_raw=True)
    assert parse({**query, "task": "translate"}, CODES).is_translation


def test_a_request_without_wishes_gets_text_of_any_file() -> None:
    assert parse({}, CODES) == TranscriptionRequest("auto", "text")


@pytest.mark.parametrize("query", [{"output": "tsv"}, {"task": "summarise"}, {"language": "xx"}])
def test_what_cannot_be_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ApiError) as caught:
        parse(query, CODES)
    assert caught.value.status == 400
