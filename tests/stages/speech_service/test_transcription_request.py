"""What a client's form asks for, and what it is told where that can't be."""

import pytest
from speech_service.api_errors import ApiError
from speech_service.transcription_request import TranscriptionRequest, parse

CODES = {"en", "de", "zh", "jw"}


def request(**fields: list[str]) -> TranscriptionRequest:
    return parse({"model": ["whisper-base"], **fields}, "whisper-base", CODES)


def refusal(fields: dict[str, list[str]]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        parse({"model": ["whisper-base"], **fields}, "whisper-base", CODES)
    return caught.value


def test_a_request_without_wishes_gets_json_in_the_language_that_is_heard() -> None:
    assert request() == TranscriptionRequest("auto", "json", frozenset({"segment"}))


@pytest.mark.parametrize(
    ("said", "code"),
    [("de", "de"), ("German", "de"), ("deu", "de"), (" EN ", "en"), ("", "auto"), ("auto", "auto"), ("jv", "jw")],
)
def test_a_language_is_a_code_or_a_name(said: str, code: str) -> None:
    assert request(language=[said]).language == code


@pytest.mark.parametrize("said", ["xx", "klingon", "fr", "xxx-YY", "de; rm"])
def test_a_language_that_the_model_lacks_is_the_clients_mistake(said: str) -> None:
    error = refusal({"language": [said]})
    assert (error.status, error.field) == (400, "language")


def test_the_usual_name_of_a_model_stands_for_the_one_that_is_served() -> None:
    assert parse({"model": ["whisper-1"]}, "mine", CODES).form == "json"


def test_another_model_is_not_found() -> None:
    error = refusal({"model": ["gpt-4o-transcribe"]})
    assert (error.status, error.code, error.field) == (404, "model_not_found", "model")


def test_a_model_must_be_named() -> None:
    assert refusal({"model": []}).status == 400


def test_both_granularities_can_be_asked_for() -> None:
    wanted = {"timestamp_granularities[]": ["word", "segment"], "response_format": ["verbose_json"]}
    assert request(**wanted).granularities == {"word", "segment"}


@pytest.mark.parametrize(
    "fields",
    [
        {"response_format": ["xml"]},
        {"response_format": ["verbose_json"], "timestamp_granularities[]": ["letter"]},
        {"response_format": ["srt"], "timestamp_granularities[]": ["word"]},
        {"timestamp_granularities": ["word"]},
    ],
)
def test_wishes_that_cannot_be_are_refused(fields: dict[str, list[str]]) -> None:
    assert refusal(fields).status == 400
