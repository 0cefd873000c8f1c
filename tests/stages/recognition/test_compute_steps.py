"""Going down from way to way, with a recogniser that fails as the real libraries do."""

from collections.abc import Iterator, Sequence

import pytest
from recognition.compute import CPU, GPU, Compute
from recognition.compute_steps import ComputeSteps

OUT_OF_MEMORY = RuntimeError("CUDA failed with error out of memory")
NO_LIBRARY = RuntimeError("Library libcublas.so.12 is not found or cannot be loaded")
ALL = (Compute(GPU, "float16", 4), Compute(GPU, "float16", 2), Compute(GPU, "float16", 1), Compute(CPU, "int8", 2))


class Recognising:
    """Recognises numbers, each as its square; fails with more than ``most`` at a time on a GPU, from ``at`` on."""

    def __init__(self, most: int, at: int = 0, error: Exception = OUT_OF_MEMORY) -> None:
        self.most, self.at, self.error = most, at, error
        self.made: list[tuple[str, int]] = []

    def __call__(self, compute: Compute, numbers: Sequence[int]) -> Iterator[int]:
        for number in numbers:
            if compute.is_gpu and compute.windows > self.most and number >= self.at:
                raise self.error
            self.made.append((compute.device, number))
            yield number * number


def steps(ways: Sequence[Compute] = ALL) -> tuple[ComputeSteps, list[str]]:
    told: list[str] = []
    return ComputeSteps(ways, told.append), told


def test_the_best_way_is_taken_while_it_works() -> None:
    going, told = steps()
    assert going.each([1, 2, 3], Recognising(4)) == [1, 4, 9]
    assert told == []
    assert going.facts("H100") == {"device": "GPU: H100", "numbers": "float16", "windows_at_a_time": 4}


def test_out_of_memory_leads_to_fewer_windows_and_what_is_done_stays_done() -> None:
    going, told = steps()
    recognising = Recognising(most=2, at=3)
    assert going.each([1, 2, 3, 4], recognising) == [1, 4, 9, 16]
    assert [number for _, number in recognising.made] == [1, 2, 3, 4]
    assert going.now.windows == 2
    assert len(told) == 1
    assert "out of memory" in told[0]
    assert going.facts("H100")["steps_down"] == told


def test_where_one_window_is_too_much_the_cpu_goes_on_and_each_step_is_told() -> None:
    going, told = steps()
    assert going.each([1, 2], Recognising(most=0, at=2)) == [1, 4]
    assert (going.now.device, len(told)) == (CPU, 3)
    assert going.facts("H100")["device"] == "CPU"


def test_a_way_that_failed_is_not_tried_again() -> None:
    going, told = steps()
    recognising = Recognising(most=0)
    going.each([1], recognising)
    going.each([2], recognising)
    assert len(told) == 3


def test_a_gpu_without_its_libraries_is_left_at_once() -> None:
    going, told = steps()
    assert going.each([1], Recognising(most=0, error=NO_LIBRARY)) == [1]
    assert (going.now.device, len(told)) == (CPU, 1)
    assert "libcublas" in told[0]


def test_the_last_way_s_error_is_raised() -> None:
    going, _ = steps(ALL[:2])
    with pytest.raises(RuntimeError, match="out of memory"):
        going.each([1], Recognising(most=0))


def test_an_error_that_has_nothing_to_do_with_the_way_is_raised_at_once() -> None:
    going, told = steps()
    with pytest.raises(RuntimeError, match="incomplete"):
        going.each([1], Recognising(most=0, error=RuntimeError("File model.bin is incomplete")))
    assert told == []


def test_a_cpu_with_too_little_memory_takes_one_window_after_the_other() -> None:
    going, told = steps((Compute(CPU, "int8", 4, 1), Compute(CPU, "int8", 1, 4)))

    def load(compute: Compute) -> int:
        if compute.windows > 1:
            raise MemoryError
        return compute.threads

    assert going.once(load) == 4
    assert told == [
        "CPU: its memory doesn't suffice (MemoryError); going on with the CPU with int8, 1 window at a time"
    ]
