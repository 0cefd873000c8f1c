# /// script
# [tool.pipeline.stage]
# environment = "whisper"
# modules = ["languages", "recognition"]
# inputs = ["audio"]
# models = ["recognizer"]
# start = ["worker", "cold"]
# [tool.pipeline.stage.parameters]
# language = "auto"
# strict_language = false
# prompt = ""
# [tool.pipeline.stage.outputs]
# transcript = "transcript.json"
# text = "transcript.txt"
# [tool.pipeline.stage.resources]
# cpus = "all"
# gpus = 1
# cpu_will_do = true
# ///
"""Recognise a few seconds of speech as asr does, after a ``prompt``: names and words that a person expects there.

Whisper takes the prompt for what was said before, and rather writes the words in it than others that sound alike. It is
no part of asr, since of a whole film it would have to be repeated for each window, and mislead as often as help.
"""

from collections.abc import Callable
from typing import Any

import stagekit
from recognition import speech_to_text, transcripts


def run(stage: stagekit.Stage) -> None:
    """Transcribe the audio and write both files."""
    prompted = PromptedStage(stage, stage.parameters["prompt"].strip())
    recognition = speech_to_text.recognise(prompted, stage.parameters["language"], speech_to_text.TRANSCRIBE)
    check = recognition.check
    transcript = transcripts.document(recognition.result, recognition.activity.speech, recognition.origin, check.notes)
    transcripts.save(transcript, stage.output("transcript"), stage.output("text"))


class PromptedStage:
    """A stage whose models get a prompt before each window."""

    def __init__(self, stage: stagekit.Stage, prompt: str) -> None:
        self._stage, self._prompt = stage, prompt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)

    def memo(self, key: Any, make: Callable[[], Any]) -> Any:
        """The kept holder of models stays as it is, for a later task with another prompt."""
        return PromptedHolder(self._stage.memo(key, make), self._prompt)


class PromptedHolder:
    """A holder of models whose models have a prompt."""

    def __init__(self, holder: Any, prompt: str) -> None:
        self._holder, self._prompt = holder, prompt
        self._last: PromptedModel | None = None

    def has(self, way: Any) -> bool:
        return bool(self._holder.has(way))

    def get(self, way: Any) -> "PromptedModel":
        """The same one for the same model: whoever uses it asks whether it is another one."""
        if self._last is not None and not self._holder.has(way):
            self._last = None  # so that the model before can be freed
        model = self._holder.get(way)
        if self._last is None or self._last.plain is not model:
            self._last = PromptedModel(model, self._prompt)
        return self._last


class PromptedModel:
    """A Whisper model that takes a prompt for what was said before."""

    def __init__(self, plain: Any, prompt: str) -> None:
        self.plain, self._prompt = plain, prompt

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def get_prompt(self, tokenizer: Any, previous: list[int], **options: Any) -> Any:
        """The tokens before a window's text. The library cuts those of a prompt that is too long."""
        before = tokenizer.encode(f" {self._prompt}") if self._prompt else []
        return self.plain.get_prompt(tokenizer, [*before, *previous], **options)
