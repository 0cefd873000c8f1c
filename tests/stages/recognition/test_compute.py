"""Which ways of computing there are, and their order."""

import pytest
from recognition.compute import CPU, GIB, GPU, Compute, GraphicsCard, on_cpu, parallelism, ways

LARGE = 3_087_000_000  # bytes of large-v3 as float16
BASE = 145_000_000
ALL_KINDS = {"float32", "float16", "int8", "int8_float16", "bfloat16"}
LAST = on_cpu(100, 4)


def shown(free: int | None, weights: int, kinds: set[str] = ALL_KINDS) -> list[tuple[str, int]]:
    """Kinds of numbers and windows at a time, on the GPU."""
    found = ways(GraphicsCard("card", free), kinds, weights, LAST)
    assert found[-len(LAST) :] == LAST
    return [(each.kind, each.windows) for each in found if each.is_gpu]


@pytest.mark.parametrize(
    ("windows", "cpus", "layout"),
    [
        (20, 2, (2, 1)),
        (2, 2, (2, 1)),
        (1, 2, (1, 2)),
        (3, 16, (1, 16)),
        (9, 16, (16, 1)),
        (0, 4, (4, 1)),
        (5, 1, (1, 1)),
    ],
)
def test_windows_are_recognised_side_by_side_unless_that_leaves_cpus_idle(
    windows: int, cpus: int, layout: tuple[int, int]
) -> None:
    assert parallelism(windows, cpus) == layout


def test_without_a_card_the_cpu_computes() -> None:
    assert ways(None, ALL_KINDS, BASE, LAST) == LAST == (Compute(CPU, "int8", 4, 1), Compute(CPU, "int8", 1, 4))


@pytest.mark.parametrize(("windows", "cpus"), [(1, 4), (9, 1)])
def test_windows_one_after_the_other_have_no_smaller_step(windows: int, cpus: int) -> None:
    assert len(on_cpu(windows, cpus)) == 1


def test_a_large_card_takes_as_many_windows_as_are_of_use_and_fewer_where_that_fails() -> None:
    assert shown(80 * GIB, LARGE) == [*(("float16", count) for count in (16, 8, 4, 2, 1)), ("int8_float16", 1)]


def test_a_card_that_just_holds_the_weights_takes_one_window() -> None:
    assert shown(round(4.4 * GIB), LARGE) == [("float16", 1), ("int8_float16", 1)]


def test_weights_that_do_not_fit_are_made_smaller() -> None:
    found = shown(3 * GIB, LARGE)
    assert found[0][0] == found[-1][0] == "int8_float16"


def test_a_card_that_cannot_hold_even_those_is_not_tried() -> None:
    assert shown(GIB, LARGE) == []


def test_a_card_that_does_not_say_how_much_is_free_is_tried_with_a_few() -> None:
    assert shown(None, BASE)[:3] == [("float16", 4), ("float16", 2), ("float16", 1)]


def test_an_old_card_without_float16_computes_with_what_it_has() -> None:
    assert {kind for kind, _ in shown(8 * GIB, BASE, {"float32", "int8", "int8_float32"})} == {"int8"}
    assert {kind for kind, _ in shown(8 * GIB, BASE, {"float32"})} == {"float32"}


def test_a_way_says_what_it_is() -> None:
    assert str(Compute(GPU, "float16", 8)) == "the GPU with float16, 8 windows at a time"
    assert str(Compute(CPU, "int8", 1, 4)) == "the CPU with int8, 1 window at a time"
