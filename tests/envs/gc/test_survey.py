"""Every folder among the builds is told for what it is."""

from pathlib import Path

from pipeline.envs.gc.survey import survey
from pipeline.envs.registry import MARKER, Registry
from pipeline.locks import exclusive
from tests.envs.conftest import Make
from tests.envs.gc.conftest import found, states


def test_where_nothing_was_built_there_is_nothing(tmp_path: Path) -> None:
    assert survey(Registry(tmp_path / "none")) == []


def test_the_build_that_a_name_stands_for_is_live_and_the_one_before_is_superseded(
    registry: Registry, make: Make
) -> None:
    before, now = make("alpha", 1), make("alpha", 2)
    assert states(registry) == {before.prefix.name: "superseded", now.prefix.name: "live"}


def test_a_damaged_build_is_told(registry: Registry, make: Make) -> None:
    build = make("alpha")
    registry.retire(build.prefix)
    assert states(registry) == {build.prefix.name: "damaged"}
    assert found(registry)[build.prefix.name].key == build.key


def test_a_build_without_a_marker_was_interrupted_and_is_measured(registry: Registry, make: Make) -> None:
    build = make("alpha", size=8192)
    (build.prefix / MARKER).unlink()
    half = found(registry)[build.prefix.name]
    assert (half.state.value, half.size.allocated) == ("half-built", 8192)


def test_a_build_without_a_marker_whose_name_is_locked_is_being_built(registry: Registry, make: Make) -> None:
    build = make("alpha")
    (build.prefix / MARKER).unlink()
    with exclusive(registry.builds / "alpha.lock"):
        assert states(registry) == {build.prefix.name: "being built"}


def test_a_name_that_begins_like_another_s_is_told_apart(registry: Registry, make: Make) -> None:
    make("alpha", 1), make("alpha-two", 2)
    assert sorted(each.name for each in survey(registry)) == ["alpha", "alpha-two"]


def test_what_is_not_named_like_a_build_is_left_alone(registry: Registry) -> None:
    (registry.builds / "mine").mkdir()
    (registry.builds / "alpha-0000000000000001.00000001").write_text("a file")
    assert states(registry) == {}


def test_a_marker_that_cannot_be_read_has_no_key(registry: Registry, make: Make) -> None:
    build = make("alpha")
    (build.prefix / MARKER).write_text("[1")
    assert found(registry)[build.prefix.name].key == ""


def test_a_build_that_no_run_has_used_counts_from_when_it_was_made(registry: Registry, make: Make) -> None:
    build = make("alpha", age=1000)
    each = found(registry)[build.prefix.name]
    assert each.last_used == (build.prefix / MARKER).stat().st_mtime
