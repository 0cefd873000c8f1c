"""What a person is told of a model that can't be loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import stagekit

MODEL_ADVICE = "Fetch it again (bootstrap --force --model NAME), or choose another with --param model=NAME"


@contextmanager
def load_errors(folder: Path) -> Iterator[None]:
    """Around the loading of a model by any library: an error becomes ``StageFailed`` with the reason and what to do."""
    try:
        yield
    except stagekit.StageFailed:
        raise
    except Exception as error:  # of its libraries, tokenizers has no class of its own for what it can't read
        raise stagekit.StageFailed(f"the model in {folder} can't be loaded: {error}. {MODEL_ADVICE}") from error
