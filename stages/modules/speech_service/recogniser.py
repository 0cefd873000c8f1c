"""One recognition for a client, with the model that the service holds."""

import re
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

import stagekit
from recognition import speech_to_text
from recognition.compute import CPU, Compute, on_cpu

from speech_service import sound
from speech_service.answers import SpokenText
from speech_service.api_errors import BAD_REQUEST, ApiError
from speech_service.transcription_request import TranscriptionRequest

Made = TypeVar("Made")


_DIGEST = re.compile(r"-[0-9a-f]{16}$")  # which the folder of a model has after its name


class ClientGone(Exception):
    """Nobody waits for this recognition any more."""


class SpeechRequest:
    """What ``speech_to_text`` asks of a stage: its sound is the client's, all else the service's."""

    def __init__(self, service: stagekit.Stage, audio: Path, is_gone: threading.Event) -> None:
        self._service = service
        self._audio = audio
        self._is_gone = is_gone
        self.cpus: int = service.cpus
        self.parameters: dict[str, Any] = {}

    def input(self, _name: str) -> Path:
        return self._audio

    def model(self, name: str) -> Path:
        folder: Path = self._service.model(name)
        return folder

    def memo(self, key: Hashable, make: Callable[[], Made]) -> Made:
        made: Made = self._service.memo(key, make)
        return made

    def warn(self, message: str) -> None:
        print("warning:", message, flush=True)

    def about(self, **_facts: Any) -> None:
        """A job keeps these; an answer of OpenAI's interface has no place for them."""

    def progress(self, _fraction: float, _note: str = "") -> None:
        """Called after each window. Raises ``ClientGone``."""
        if self._is_gone.is_set():
            raise ClientGone


class HeldModel:
    """The service's model, loaded once."""

    def __init__(self, service: stagekit.Stage, windows: int) -> None:
        """``windows``: how many pieces of a sound are recognised at a time; 0: one for each CPU. Raises
        ``StageFailed`` where the model can't be loaded.
        """
        self._service = service
        self._on_cpu = ways_on_cpu(service.cpus, windows)
        model = speech_to_text.load(service, self._on_cpu)
        self.name = _DIGEST.sub("", service.model("recognizer").name)
        self.is_multilingual = bool(model.model.is_multilingual)
        self.languages = frozenset(model.supported_languages)

    def recognise(self, media: Path, wish: TranscriptionRequest, is_gone: threading.Event) -> SpokenText:
        """What is said in a file. Raises ``ApiError``, ``StageFailed`` and ``ClientGone``."""
        request = self._request(media, wish.is_raw, is_gone)
        task = speech_to_text.TRANSLATE if wish.is_translation else speech_to_text.TRANSCRIBE
        recognition = speech_to_text.recognise(request, wish.language, task, self._on_cpu)
        for note in recognition.check.notes:
            request.warn(note)
        shown = "en" if wish.is_translation else recognition.origin.language
        return SpokenText(task.name, recognition.result.segments, shown, recognition.origin.duration)

    def language(self, media: Path, is_raw: bool, is_gone: threading.Event) -> "tuple[str, float]":
        """The language that is spoken in a file (a Whisper code), and its probability. Raises as ``recognise``."""
        found = speech_to_text.spoken_language(self._request(media, is_raw, is_gone), self._on_cpu)
        if found is None:
            raise ApiError(BAD_REQUEST, "nobody speaks in the file", "audio_file", "no_speech")
        return found

    def _request(self, media: Path, is_raw: bool, is_gone: threading.Event) -> Any:
        audio = media.with_suffix(".wav")
        if not is_gone.is_set():
            (sound.wrap if is_raw else sound.decode)(media, audio)
        if is_gone.is_set():
            raise ClientGone
        return SpeechRequest(self._service, audio, is_gone)


def ways_on_cpu(cpus: int, windows: int) -> tuple[Compute, ...]:
    """The ways to compute without a GPU: the same for every sound, so that the model stays loaded as it is."""
    if windows <= 0:
        return on_cpu(cpus, cpus)
    at_a_time = min(windows, cpus)
    return (Compute(CPU, "int8", at_a_time, max(cpus // at_a_time, 1)),)
