"""One loaded model at a time: before another way of computing is tried, the memory of the one before is given back."""

from collections.abc import Callable
from typing import Generic, TypeVar

from recognition.compute import Compute

Loaded = TypeVar("Loaded")


class ModelHolder(Generic[Loaded]):
    """Loads a model when it is first needed in some way of computing. A worker keeps the holder for its later tasks."""

    def __init__(self, load: Callable[[Compute], Loaded]) -> None:
        self._load = load
        self._way: object = None
        self._model: Loaded | None = None

    def has(self, compute: Compute) -> bool:
        """Whether the model is loaded for this way of computing."""
        return self._model is not None and self._way == _way(compute)

    def get(self, compute: Compute) -> Loaded:
        """The model. On a GPU, it is the same for any number of windows at a time. Raises what loading raises."""
        if not self.has(compute) or self._model is None:
            self._model = None  # so that two are never in memory
            self._model = self._load(compute)
            self._way = _way(compute)
        return self._model


def _way(compute: Compute) -> object:
    """What a loaded model depends on."""
    return (compute.device, compute.kind) if compute.is_gpu else compute
