"""The Silero model that finds speech, on ONNX Runtime, for environments without faster-whisper.

It is the file that faster-whisper brings along, and gives the same probabilities, so that all engines cut an audio at
the same places.
"""

from pathlib import Path
from typing import Any

import numpy
import onnxruntime
import stagekit

from recognition.speech_detection import FRAME, SpeechDetector

FILE = "silero_vad_v6.onnx"
CONTEXT = 64  # samples of the frame before, which go before each frame
STATE = (1, 1, 128)


def load(folder: Path) -> SpeechDetector:
    """A detector that several threads may use at a time. Raises ``StageFailed`` where the file can't be loaded."""
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    try:
        session = onnxruntime.InferenceSession(folder / FILE, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its classes have no common root
        what = f"the model in {folder}, which finds speech, can't be loaded: {error}"
        raise stagekit.StageFailed(f"{what}. Fetch it again: bootstrap --force --model silero-vad") from error
    return lambda audio: _detected(session, audio)


def _detected(session: Any, audio: Any) -> Any:
    frames = audio.reshape(-1, FRAME)
    before = numpy.zeros((len(frames), CONTEXT), dtype=numpy.float32)
    before[1:] = frames[:-1, -CONTEXT:]
    state = numpy.zeros(STATE, dtype=numpy.float32)
    inputs = {"input": numpy.concatenate([before, frames], axis=1), "h": state, "c": state}
    return session.run(None, inputs)[0]
