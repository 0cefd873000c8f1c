"""Models of NVIDIA's NeMo in ONNX form, such as Parakeet and Canary, through onnx-asr."""

import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx_asr

from recognition.recognised_text import WITHOUT_TIMES, RecognisedText
from recognition.timed_tokens import TimedToken
from recognition.windows import NO_LIMITS

ENGINE = f"onnx-asr {version('onnx-asr')}"
TRANSDUCERS = ("nemo-conformer-tdt", "nemo-conformer-rnnt", "nemo-conformer-ctc")  # types in config.json
AED = "nemo-conformer-aed"  # Canary's: attention, without times


class NemoModel:
    """One that onnx-asr has loaded. See ``recognised_text.SpeechModel``."""

    engine = ENGINE

    def __init__(self, folder: Path, kind: str, quantization: str | None, session: dict[str, Any]) -> None:
        """``session``: options for ONNX Runtime. Raises errors of onnx-asr and ONNX Runtime."""
        # The library fills up what it gets, so computing the features of a window on the CPU is quick on all machines.
        features = {"use_numpy_preprocessors": True}
        loaded = onnx_asr.load_model(
            kind,
            folder,
            quantization=quantization,
            preprocessor_config=features,
            resampler_config={"providers": ["CPUExecutionProvider"]},  # it loads one for each rate, and none is needed
            **session,
        )
        self._model = loaded.with_timestamps()
        self.has_times = kind != AED
        self.needs_language = kind == AED
        self.limits = NO_LIMITS if self.has_times else WITHOUT_TIMES

    def providers(self) -> list[str]:
        """What ONNX Runtime computes with, the first where it can."""
        asr = self._model.asr
        session = asr._model if hasattr(asr, "_model") else asr._encoder  # noqa: SLF001  # nothing else tells it
        return list(session.get_providers())

    def recognise(self, audios: Sequence[Any], language: str | None) -> list[RecognisedText]:
        if self.has_times:
            return [_recognised(result) for result in self._model.recognize(list(audios))]
        # One by one: the library decodes a batch until all texts have ended, and keeps what comes after a text's end.
        options = {"language": language, "target_language": language, "pnc": True}
        return [_recognised(self._model.recognize(audio, **options)) for audio in audios]


def _recognised(result: Any) -> RecognisedText:
    likely = [min(each, 0.0) for each in result.logprobs or ()]
    mean = sum(likely) / len(likely) if likely else 0.0
    tokens: tuple[TimedToken, ...] = ()
    if result.timestamps is not None:
        sure = [math.exp(each) for each in likely] or [1.0] * len(result.tokens)
        tokens = tuple(map(TimedToken, result.tokens, result.timestamps, sure))
    return RecognisedText(result.text.strip(), math.exp(mean), mean, tokens)
