"""One model in memory at a time."""

import gc
import weakref

from recognition.compute import CPU, GPU, Compute
from recognition.model_holder import ModelHolder


class HeldModel:
    def __init__(self, way: Compute) -> None:
        self.way = way


def test_a_model_is_loaded_once_for_any_number_of_windows_on_a_gpu() -> None:
    holder = ModelHolder(HeldModel)
    first = holder.get(Compute(GPU, "float16", 8))
    assert holder.get(Compute(GPU, "float16", 4)) is first
    assert holder.get(Compute(GPU, "int8", 4)) is not first


def test_on_a_cpu_the_number_of_windows_and_threads_belongs_to_the_model() -> None:
    holder = ModelHolder(HeldModel)
    first = holder.get(Compute(CPU, "int8", 2, 1))
    assert holder.get(Compute(CPU, "int8", 2, 1)) is first
    assert holder.get(Compute(CPU, "int8", 1, 2)) is not first


def test_the_memory_of_one_is_given_back_before_the_next_is_loaded() -> None:
    before: list[weakref.ref[HeldModel]] = []

    def load(way: Compute) -> HeldModel:
        gc.collect(1)  # what is as young as the model
        assert all(each() is None for each in before)
        model = HeldModel(way)
        before.append(weakref.ref(model))
        return model

    holder = ModelHolder(load)
    for kind in ("float16", "int8"):
        holder.get(Compute(GPU, kind, 1))
    assert len(before) == 2
