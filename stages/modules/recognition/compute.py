"""Where and how a model computes: on which device, with which kind of numbers, how many windows at a time.

Pure decisions, from what is known before the model is loaded. Estimates may be wrong: ``compute_steps`` goes down from
one way to the next where memory doesn't suffice.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

CPU, GPU = "cpu", "cuda"
GIB = 1 << 30  # bytes
MOST_AT_A_TIME = 16  # windows; a GPU gains nothing from more
UNKNOWN_MEMORY_BATCH = 4  # windows, on a card that doesn't say how much of its memory is free
# Bytes, by what faster-whisper's README measures for large-v2 (3.1 GB of weights as float16, beams of 5): 4.5 GB with
# one window at a time, 6.1 GB with eight.
CUDA_ITSELF = GIB // 2
BESIDE_WEIGHTS, FOR_A_WINDOW = 0.23, 0.073  # of the weights as float16
PREFERRED = ("float16", "int8_float16", "int8", "float32")  # an old card has no float16
SIZES = {"float32": 2.0, "float16": 1.0, "int8_float16": 0.5, "int8": 0.5}  # of the weights as float16, by kind


@dataclass(frozen=True)
class Compute:
    """One way to compute."""

    device: str  # "cpu" or "cuda"
    kind: str  # of numbers, as CTranslate2 calls them: float16, int8_float16, int8, float32
    windows: int  # at a time
    threads: int = 1  # for each window; a GPU takes none

    @property
    def is_gpu(self) -> bool:
        return self.device == GPU

    def __str__(self) -> str:
        many = f"{self.windows} window{'s' * (self.windows > 1)} at a time"
        return f"the {'GPU' if self.is_gpu else 'CPU'} with {self.kind}, {many}"


@dataclass(frozen=True)
class GraphicsCard:
    name: str
    free: int | None  # bytes of its memory; None where it doesn't say


def ways(
    card: GraphicsCard | None, kinds: Collection[str], weights: int, on_cpu: Sequence[Compute]
) -> tuple[Compute, ...]:
    """The ways to compute, the best first: those on the card, then those ``on_cpu``.

    ``kinds``: numbers that the card computes with. ``weights``: bytes of the model as float16.
    """
    return (*(_on_gpu(card, kinds, weights) if card else ()), *on_cpu)


def on_cpu(windows: int, cpus: int, kind: str = "int8") -> tuple[Compute, ...]:
    """Several windows at a time, and for too little memory one after the other. ``windows``: how many there are."""
    side_by_side = Compute(CPU, kind, *parallelism(windows, cpus))
    one = Compute(CPU, kind, 1, cpus)
    return (side_by_side,) if side_by_side == one or cpus == 1 else (side_by_side, one)


def parallelism(windows: int, cpus: int) -> tuple[int, int]:
    """Windows at a time, and threads for each: one window per CPU, unless there are too few windows for all CPUs."""
    return (cpus, 1) if 2 * windows > cpus or windows == 0 else (1, cpus)


def _on_gpu(card: GraphicsCard, kinds: Collection[str], weights: int) -> Iterator[Compute]:
    """The best kind that has room, with fewer and fewer windows; then the next smaller kind, a window at a time."""
    fitting = [(kind, _batch(card, kind, weights)) for kind in PREFERRED if kind in kinds]
    fitting = [(kind, batch) for kind, batch in fitting if batch]
    for kind, batch in fitting[:1]:
        yield from (Compute(GPU, kind, windows) for windows in _halves(batch))
    smaller = [kind for kind, _ in fitting if SIZES[kind] < SIZES[fitting[0][0]]]
    yield from (Compute(GPU, kind, 1) for kind in smaller[:1])


def _halves(batch: int) -> Iterator[int]:
    while batch:
        yield batch
        batch //= 2


def _batch(card: GraphicsCard, kind: str, weights: int) -> int:
    """Windows at a time for which there is room; 0 where even the weights have none."""
    if card.free is None:
        return UNKNOWN_MEMORY_BATCH
    if card.free < SIZES[kind] * weights + CUDA_ITSELF:
        return 0
    left = card.free - CUDA_ITSELF - (SIZES[kind] + BESIDE_WEIGHTS) * weights
    return min(max(int(left / max(FOR_A_WINDOW * weights, 1)), 1), MOST_AT_A_TIME)
