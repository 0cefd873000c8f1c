"""Whisper models: how they are loaded, how many windows they take at a time, and which languages they have."""

from pathlib import Path
from typing import Any

import ctranslate2
import stagekit
from faster_whisper import WhisperModel

from recognition.model_errors import MODEL_ADVICE, load_errors

MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")


def load_model(folder: Path, workers: int, threads: int) -> WhisperModel:
    """A model for ``workers`` windows at a time with ``threads`` each; on a GPU the library chooses both.

    Raises ``StageFailed`` where a file of the model is missing or can't be loaded.
    """
    options: dict[str, Any] = {"device": "cpu", "compute_type": "int8", "num_workers": workers, "cpu_threads": threads}
    if ctranslate2.get_cuda_device_count():
        options = {"device": "cuda", "compute_type": "float16"}
    require_files(folder)
    with load_errors(folder):
        return WhisperModel(str(folder), local_files_only=True, **options)


def require_files(folder: Path) -> None:
    """The library would look for a missing file on a hub."""
    missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
    if missing:
        raise stagekit.StageFailed(f"the model in {folder} has no {' and no '.join(missing)}. {MODEL_ADVICE}")


def language_for(model: WhisperModel, wanted: str, name: str) -> str | None:
    """The language to recognise (a Whisper code), or ``None`` where the model has to find it.

    ``wanted`` is a code or ``auto``. Raises ``StageFailed`` where the model doesn't have the language: a model for
    English alone would write down any other language as if it were English, without a warning.
    """
    multilingual = model.model.is_multilingual
    if wanted == "auto":
        return None if multilingual else "en"
    known = model.hf_tokenizer.token_to_id(f"<|{wanted}|>") is not None if multilingual else wanted == "en"
    if known:
        return wanted
    what = f"model {name} doesn't recognise language {wanted!r}{'' if multilingual else ', only English'}"
    raise stagekit.StageFailed(f"{what}. Choose another with --param model=NAME")


def require_multilingual(model: WhisperModel, name: str) -> None:
    """Raises ``StageFailed`` for a model for English alone: it can't translate, and would write down any sound."""
    if not model.model.is_multilingual:
        what = f"model {name} is for English only and can't translate"
        raise stagekit.StageFailed(f"{what}. Choose a multilingual one with --param model=NAME")
