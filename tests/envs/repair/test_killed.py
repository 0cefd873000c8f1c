"""A repair that ends at any step, by a kill or for want of room: nothing half-made is used, and the next ends well."""

import pytest

from pipeline.envs.registry import MARKER, RETIRED
from pipeline.envs.repair.repair import repair
from pipeline.envs.verification import file_check
from pipeline.progress import quiet
from tests.conftest import also
from tests.crash.harness import KILLED, in_child
from tests.crash.steps import Nth, Steps
from tests.envs.repair.conftest import NATIVE, Bench

# Negative ones are counted from the end, where the marker is written and the name is turned. The walk through all of
# them is for the exhaustive part.
SOME = [12, -1, -3, *also(3, -5)]
FEWEST = 17


def mend(bench: Bench) -> None:
    repair(bench.builder, bench.definition, quiet)


def damage(bench: Bench) -> None:
    file = bench.site_packages / "library/native.so"
    file.unlink()  # which uv's cache may share; the steps are to be the same each time
    file.write_bytes(NATIVE[:1000])


def count(bench: Bench) -> int:
    """The steps of an undisturbed repair. The damage is there again afterwards."""
    steps, told = Steps(bench.folder), bench.folder / "count"

    def act() -> None:
        steps.watch()
        mend(bench)
        told.write_text(str(len(steps.labels) - 1))

    damage(bench)
    assert in_child(act) == 0
    (bench.build.prefix / RETIRED).rename(bench.build.prefix / MARKER)
    bench.builder.registry.point("alpha", bench.build.prefix)
    return int(told.read_text())


def ends_at(bench: Bench, number: int, full: bool) -> int:
    steps = Steps(bench.folder, Nth(number), full=full)

    def act() -> None:
        steps.watch()
        mend(bench)

    return in_child(act)


def must_be_safe_and_end_well(bench: Bench) -> None:
    live = bench.builder.registry.live("alpha")
    if live is not None and live.prefix != bench.build.prefix:
        assert file_check.thorough(live).is_clean
    mend(bench)
    repaired = bench.builder.registry.live("alpha")
    assert repaired is not None
    assert repaired.prefix != bench.build.prefix
    assert file_check.thorough(repaired).is_clean
    bench.builder.ensure(bench.definition, quiet, force=True)  # which sweeps
    folders = [path for path in bench.builder.registry.builds.iterdir() if path.is_dir()]
    assert all((path / MARKER).is_file() or (path / RETIRED).is_file() for path in folders)


@pytest.mark.parametrize("number", SOME)
def test_a_repair_that_is_killed_leaves_nothing_half(bench: Bench, number: int) -> None:
    steps = count(bench)
    assert steps >= FEWEST
    assert ends_at(bench, number if number > 0 else steps + 1 + number, full=False) == KILLED
    must_be_safe_and_end_well(bench)


@pytest.mark.parametrize("number", [9])
def test_a_disk_that_is_full_in_the_middle_of_a_repair_leaves_nothing_half(bench: Bench, number: int) -> None:
    count(bench)
    assert ends_at(bench, number, full=True) not in {0, KILLED}
    must_be_safe_and_end_well(bench)


@pytest.mark.exhaustive
@pytest.mark.parametrize("full", [False, True])
def test_a_repair_may_end_at_each_of_its_steps(bench: Bench, full: bool) -> None:
    for number in range(1, count(bench) + 1):
        ends_at(bench, number, full)
        must_be_safe_and_end_well(bench)
        live = bench.builder.registry.live("alpha")
        assert live is not None
        bench = Bench(bench.builder, bench.definition, live, bench.folder)
        damage(bench)
