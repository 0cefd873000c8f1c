"""How long a model takes for a film on this machine: as it was measured here, else by published figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.config.model_figures import PublishedSpeed
from pipeline.engines.model_candidates import MachineFacts, ModelCandidate

MEASURED = "measured on this machine"
PUBLISHED = "by published figures"


@dataclass(frozen=True)
class ModelSpeed:
    times: float  # seconds of speech a second
    basis: str  # how that is known, for a person


def speed(model: ModelCandidate, others: Sequence[ModelCandidate], machine: MachineFacts) -> ModelSpeed | None:
    """``others`` may have run here: then this one is as many times faster than they as is published.

    ``None`` where it never ran here, and nothing is published.
    """
    if model.measured:
        return ModelSpeed(model.measured, MEASURED)
    times = _published(model, machine)
    if times is None:
        return None
    ran = [(other, own) for other in others if other.measured and (own := _published(other, machine))]
    if not ran:
        return ModelSpeed(times, PUBLISHED)
    # The one that is most alike: how the speed of models differs from machine to machine depends on their size.
    nearest, own = min(ran, key=lambda each: max(each[1] / times, times / each[1]))
    return ModelSpeed(times * (nearest.measured or own) / own, f"by how fast {nearest.name} is on this machine")


def fits(model: ModelCandidate, machine: MachineFacts) -> bool:
    """Whether it has the memory that it needs, on a GPU or without one; also where nobody says what it needs."""
    return (model.figures.memory or 0) <= max(machine.memory, machine.gpu_memory)


def _published(model: ModelCandidate, machine: MachineFacts) -> float | None:
    need, gpu = model.figures.memory or 0, model.figures.gpu_speed
    if gpu and 0 < machine.gpu_memory >= need:
        return gpu.times
    return _on_cpu(model.figures.cpu_speed, machine.cpus) if model.figures.cpu_speed else None


def _on_cpu(published: PublishedSpeed, cpus: int) -> float:
    """With fewer cores it takes longer. What more of them would bring, nobody says."""
    return published.times * min(1.0, cpus / (published.cores or cpus))
