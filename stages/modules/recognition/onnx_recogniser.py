"""Windows of an audio through a speech model in ONNX form, several at a time."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from recognition import recognised_text, waveform
from recognition.compute import Compute
from recognition.compute_steps import ComputeSteps
from recognition.intervals import Interval
from recognition.model_holder import ModelHolder
from recognition.recognised_text import RecognisedText, SpeechModel
from recognition.segments import Segment
from recognition.waveform import Waveform
from recognition.windows import Window


@dataclass
class OnnxRecogniser:
    """Recognises windows of one audio in one language; ``None`` where the model finds it by itself."""

    models: ModelHolder[SpeechModel]
    steps: ComputeSteps
    sound: Waveform
    speech: list[Interval]  # seconds
    language: str | None
    report: Callable[[float, str], None]  # called with a share (0 to 1) and text after each window of the first pass

    def recognise(self, windows: Sequence[Window], careful: bool) -> list[list[Segment]]:
        """The segments of each window. A second pass differs by its windows alone: these models have no options."""

        def work(compute: Compute, rest: Sequence[Window]) -> Iterator[list[Segment]]:
            done = len(windows) - len(rest)
            texts = self._texts(self.models.get(compute), compute, rest)
            for count, (window, text) in enumerate(zip(rest, texts, strict=True), start=done + 1):
                if not careful:
                    self.report(count / len(windows), text.text)
                yield recognised_text.segments_of(text, window, self.speech)

        return self.steps.each(windows, work)

    def _texts(self, model: SpeechModel, compute: Compute, windows: Sequence[Window]) -> Iterator[RecognisedText]:
        """On a GPU, windows are computed together; on CPUs side by side, each by its own threads."""
        if compute.is_gpu:
            for start in range(0, len(windows), compute.windows):
                yield from model.recognise(self._audios(windows[start : start + compute.windows]), self.language)
            return
        with ThreadPoolExecutor(compute.windows) as pool:
            yield from pool.map(lambda window: model.recognise(self._audios([window]), self.language)[0], windows)

    def _audios(self, windows: Sequence[Window]) -> list[Any]:
        return [waveform.of_pieces(self.sound, window.pieces) for window in windows]
