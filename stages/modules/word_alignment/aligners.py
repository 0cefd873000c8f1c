"""Models that align words with the sound, one for each language: from the hub, or from an earlier download."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nltk
import torch
import torchaudio
from recognition import model_hub
from whisperx import alignment

STALLED_SECONDS = 60  # that a download may wait for the next byte
ALIGNMENT_MODELS = "https://download.pytorch.org"
SENTENCE_MODELS = "https://raw.githubusercontent.com"  # from which nltk fetches
# Of fetching and loading a model, and of computing with it.
FAILURES = (OSError, ValueError, RuntimeError, LookupError, AttributeError, TypeError)


def alignment_model(language: str, device: str, folder: Path | None = None) -> tuple[Any, Any]:
    """The model for a language and its details: from the ``folder``, if one is named. Raises one of ``FAILURES``.

    What isn't on this machine is looked for only if its server answers; the libraries would wait for minutes.
    """
    name = alignment.DEFAULT_ALIGN_MODELS_TORCH.get(language)
    if name is not None:  # else it is from the hub, whose libraries know whether they are offline
        file = getattr(torchaudio.pipelines, name)._path  # noqa: SLF001  # the one place that has its name
        if not os.path.exists(os.path.join(folder or os.path.join(torch.hub.get_dir(), "checkpoints"), file)):
            model_hub.require_reachable(f"the alignment model {file}", ALIGNMENT_MODELS)
    try:
        nltk.data.find("tokenizers/punkt_tab")
    except LookupError:
        model_hub.require_reachable("what finds the ends of sentences (punkt_tab)", SENTENCE_MODELS)
    model, details = alignment.load_align_model(language, device, **_place(name, folder))
    return model, details


def _place(name: str | None, folder: Path | None) -> dict[str, str]:
    """torchaudio looks into a folder for the file that it would download; the hub's library takes the folder itself."""
    if folder is None:
        return {}
    return {"model_dir": str(folder)} if name else {"model_name": str(folder)}


@contextmanager
def download_timeout() -> Iterator[None]:
    """The libraries' downloads have no time limit: without this, one that stalls would never end."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALLED_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip("* \n")), type(error).__name__)
