"""Which family a model is of, such as Whisper or NLLB, as its own files say, and which tasks that family does.

CTranslate2 writes the name of the kind into ``model.bin``, transformers and onnx-asr into ``config.json``, pyannote
into ``config.yaml``. A family that isn't known here says nothing, and isn't refused.
"""

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RECOGNITION, TRANSLATION, ALIGNMENT, DIARIZATION = "recognition", "translation", "alignment", "diarization"
TASKS = (RECOGNITION, TRANSLATION, ALIGNMENT, DIARIZATION)


@dataclass(frozen=True)
class Family:
    name: str  # for people
    tasks: tuple[str, ...]


WHISPER = Family("Whisper", (RECOGNITION,))
TRANSLATOR = Family("translation models", (TRANSLATION,))
SPEECH_ENCODER = Family("wav2vec 2.0 and its relatives", (ALIGNMENT, RECOGNITION))
DIARIZER = Family("pyannote's pipelines", (DIARIZATION,))

TELLING = ("model.bin", "config.json", "config.yaml")  # the files that say it
CTRANSLATE2_VERSIONS = range(1, 16)
CTRANSLATE2: Mapping[str, Family] = {
    "WhisperSpec": WHISPER,
    "TransformerSpec": TRANSLATOR,
    "Wav2Vec2Spec": SPEECH_ENCODER,
    "Wav2Vec2BertSpec": SPEECH_ENCODER,
}
# By ``model_type``: https://huggingface.co/docs/transformers/model_doc/auto
MODEL_TYPES: Mapping[str, Family] = {
    "whisper": WHISPER,
    "moonshine": Family("Moonshine", (RECOGNITION,)),
    "m2m_100": Family("M2M-100 and NLLB", (TRANSLATION,)),
    "nllb-moe": Family("M2M-100 and NLLB", (TRANSLATION,)),
    "marian": Family("Opus-MT", (TRANSLATION,)),
    "mbart": Family("mBART", (TRANSLATION,)),
    "IndicTrans": Family("IndicTrans2", (TRANSLATION,)),
    **dict.fromkeys(("wav2vec2", "wav2vec2-bert", "hubert", "wavlm", "unispeech", "unispeech-sat"), SPEECH_ENCODER),
}
NEMO = re.compile(r"nemo-[a-z0-9-]+")
PIPELINE = re.compile(rb"^\s*name:\s*pyannote\.audio\.pipelines\.", re.MULTILINE)


def family(beginnings: Mapping[str, bytes]) -> Family | None:
    """The family, from the beginnings of a model's files by their names (all of ``config.json``); ``None``: unknown."""
    return (
        _of_weights(beginnings.get("model.bin", b""))
        or _of_configuration(beginnings.get("config.json", b""))
        or (DIARIZER if PIPELINE.search(beginnings.get("config.yaml", b"")) else None)
    )


def contradiction(beginnings: Mapping[str, bytes], task: str) -> str | None:
    """Why files can't be those of a model for a task; ``None`` where they may be."""
    found = family(beginnings)
    if found is None or not task or task in found.tasks:
        return None
    return f"its files are those of {found.name}, for {' or '.join(found.tasks)}, and it is to be a model for {task}"


def _of_weights(beginning: bytes) -> Family | None:
    """Of CTranslate2: a version, then the name of the kind with its length."""
    head = struct.calcsize("<IH")
    if len(beginning) < head:
        return None
    version, length = struct.unpack("<IH", beginning[:head])
    name = beginning[head : head + length].rstrip(b"\0")
    return CTRANSLATE2.get(name.decode("utf-8", "replace")) if version in CTRANSLATE2_VERSIONS else None


def _of_configuration(content: bytes) -> Family | None:
    try:
        told: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    kind = str(told.get("model_type", "")) if isinstance(told, dict) else ""
    if NEMO.fullmatch(kind):
        return Family("NeMo's recognisers", (RECOGNITION,))
    return MODEL_TYPES.get(kind)
