"""Whisper models: how they are loaded, how many windows they take at a time, and which languages they have."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import ctranslate2
import stagekit
from faster_whisper import WhisperModel

from recognition import compute, cuda_libraries, graphics_cards
from recognition.compute import Compute
from recognition.model_errors import MODEL_ADVICE, load_errors

MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")


def ways(folder: Path, on_cpu: tuple[Compute, ...], variables: Mapping[str, str]) -> tuple[tuple[Compute, ...], str]:
    """The ways to compute, the best first, and the name of the GPU, which is empty where there is none.

    ``on_cpu``: those without a GPU. ``variables``: those by which cards are hidden.
    """
    weights = folder / "model.bin"
    if not ctranslate2.get_cuda_device_count() or not weights.is_file():
        return on_cpu, ""
    card = graphics_cards.first_card(variables)
    return compute.ways(card, _kinds(), weights.stat().st_size, on_cpu), card.name


def _kinds() -> Collection[str]:
    """The kinds of numbers that the card computes with. Where that can't be found out, loading a model says why."""
    try:
        return frozenset(ctranslate2.get_supported_compute_types(compute.GPU))
    except RuntimeError:
        return frozenset({"float16"})


def load_model(folder: Path, way: Compute) -> WhisperModel:
    """Raises ``StageFailed``, from the library's error, where a file of the model is missing or can't be loaded.

    All windows share one copy of the weights.
    """
    options: dict[str, Any] = {"device": way.device, "compute_type": way.kind, "num_workers": way.windows}
    require_files(folder)
    if way.is_gpu:
        cuda_libraries.load(cuda_libraries.CUBLAS)
    with load_errors(folder):
        return WhisperModel(str(folder), local_files_only=True, cpu_threads=way.threads, **options)


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
