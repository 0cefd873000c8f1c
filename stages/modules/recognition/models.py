"""Whisper models: loading them, for as many windows at a time as there is work for, and what they can't do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ctranslate2
import stagekit
from faster_whisper import WhisperModel

MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")
MODEL_ADVICE = "Fetch it anew (bootstrap --force --model NAME), or choose another with --param model=NAME"


def load_model(folder: Path, workers: int, threads: int) -> WhisperModel:
    """On a GPU, one worker with what it needs."""
    options: dict[str, Any] = {"device": "cpu", "compute_type": "int8", "num_workers": workers, "cpu_threads": threads}
    if ctranslate2.get_cuda_device_count():
        options = {"device": "cuda", "compute_type": "float16"}
    with loading(folder):
        return WhisperModel(str(folder), local_files_only=True, **options)


@contextmanager
def loading(folder: Path) -> Iterator[None]:
    """Around the loading of a model by any library: what is wrong with it, and what to do."""
    _require_whole(folder)
    try:
        yield
    except Exception as error:  # of its libraries, tokenizers has no class of its own for what it can't read
        raise stagekit.StageFailed(f"the model in {folder} can't be loaded: {error}. {MODEL_ADVICE}") from error


def _require_whole(folder: Path) -> None:
    """What is missing, the library would look for on a hub."""
    missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
    if missing:
        raise stagekit.StageFailed(f"the model in {folder} has no {' and no '.join(missing)}. {MODEL_ADVICE}")


def layout(windows: int, cpus: int) -> tuple[int, int]:
    """Windows at a time, and threads for each: side by side, unless there are too few of them to keep all CPUs busy."""
    return (cpus, 1) if 2 * windows > cpus or windows == 0 else (1, cpus)


def language_for(model: WhisperModel, wanted: str, name: str) -> str | None:
    """None where it has to be found. An English-only model would transcribe any language as English, without a word."""
    multilingual = model.model.is_multilingual
    if wanted == "auto":
        return None if multilingual else "en"
    known = model.hf_tokenizer.token_to_id(f"<|{wanted}|>") is not None if multilingual else wanted == "en"
    if known:
        return wanted
    what = f"model {name} doesn't recognise language {wanted!r}{'' if multilingual else ', only English'}"
    raise stagekit.StageFailed(f"{what}. Choose another with --param model=NAME")


def require_multilingual(model: WhisperModel, name: str) -> None:
    """A model for English alone has no task to translate, and would write down whatever it seems to hear."""
    if not model.model.is_multilingual:
        what = f"model {name} is for English only and can't translate"
        raise stagekit.StageFailed(f"{what}. Choose a multilingual one with --param model=NAME")
