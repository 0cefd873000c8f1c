"""One build for each key: names with one key stand for it together, whoever builds, dies, repairs or removes it."""

import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pipeline.envs import leases
from pipeline.envs.build import Build
from pipeline.envs.builder.builder import Builder
from pipeline.envs.choice.decision import EnvironmentOptions
from pipeline.envs.choice.finder import EnvironmentFinder
from pipeline.envs.choice.source import EnvironmentSource
from pipeline.envs.definition import Definition
from pipeline.envs.external.inspection_cache import InspectionCache
from pipeline.envs.gc import removal
from pipeline.envs.registry import MARKER, Registry
from pipeline.envs.repair.repair import repair
from pipeline.envs.store_projects import StoreProject, StoreProjects
from pipeline.envs.verification import file_check, health
from pipeline.locks import exclusive
from pipeline.progress import quiet
from tests.conftest import also, build_folders
from tests.crash.harness import KILLED, in_child, require_alone
from tests.crash.steps import Nth, Steps
from tests.envs.gc.conftest import found, states

SECONDS = 60


@pytest.fixture
def gamma(definition: Definition) -> Definition:
    """Another name with the same key."""
    return replace(definition, name="gamma")


def projects(builder: Builder, folder: Path, *names: str) -> list[Builder]:
    """Builders of projects that share one store."""
    store = folder / "store"
    made = []
    for name in names:
        (folder / name).mkdir()
        own = StoreProject(folder / name, folder / name / "venv")
        registry = Registry(own.environments, store, StoreProjects(store, own))
        made.append(replace(builder, registry=registry, logs=folder / name / "logs"))
    return made


def begun(act: Callable[[], object]) -> int:
    """A process that does something; its id."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            act()
            code = 0
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
        finally:
            os._exit(code)
    return pid


def code_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def module(build: Build) -> Path:
    return build.site_packages / "quirk.py"


def test_two_names_with_one_key_have_one_build(builder: Builder, definition: Definition, gamma: Definition) -> None:
    steps: list[str] = []
    first, second = builder.ensure(definition, quiet), builder.ensure(gamma, steps.append)
    assert (first.prefix, first.key) == (second.prefix, second.key)
    assert (first.name, second.name) == ("alpha", "gamma")
    assert steps == []
    assert builder.registry.names_of(first.prefix) == ["alpha", "gamma"]


def test_a_second_name_that_asks_for_more_gets_a_build_that_has_passed_it(
    builder: Builder, definition: Definition, gamma: Definition
) -> None:
    first = builder.ensure(definition, quiet)
    second = builder.ensure(replace(gamma, imports=("quirk", "json")), quiet)
    assert first.key == second.key
    assert first.prefix != second.prefix
    assert builder.registry.live("alpha") == first


def test_of_two_names_that_begin_at_once_one_waits_for_the_other_and_is_told(
    builder: Builder, definition: Definition, gamma: Definition
) -> None:
    told: list[str] = []
    ready = threading.Event()

    def tell(step: str) -> None:
        if step == "installing":
            ready.set()
            time.sleep(0.3)

    first = threading.Thread(target=builder.ensure, args=(definition, tell))
    first.start()
    assert ready.wait(SECONDS)
    build = builder.ensure(gamma, told.append)
    first.join(SECONDS)
    assert "installing" not in told
    who = f"process {os.getpid()} on {os.uname().nodename}"
    assert f"waiting for {who} (for environment 'alpha')" in told
    assert build_folders(builder.registry.builds) == [build.prefix]
    assert builder.registry.names_of(build.prefix) == ["alpha", "gamma"]


def test_a_project_that_waits_is_told_for_which_project_the_other_process_works(
    builder: Builder, definition: Definition, gamma: Definition, tmp_path: Path
) -> None:
    first, second = projects(builder, tmp_path, "one", "two")
    told: list[str] = []
    installing = threading.Event()

    def tell(step: str) -> None:
        if step == "installing":
            installing.set()
            time.sleep(0.3)

    thread = threading.Thread(target=first.ensure, args=(definition, tell))
    thread.start()
    assert installing.wait(SECONDS)
    second.ensure(gamma, told.append)
    thread.join(SECONDS)
    assert any(each.endswith(f"(for environment 'alpha' of the project in {tmp_path / 'one'})") for each in told)


def test_the_same_name_of_two_projects_with_different_keys_does_not_wait(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    first, second = projects(builder, tmp_path, "one", "two")
    told: list[str] = []
    with first.name_held("alpha", quiet), first.key_held("sha256:" + "0" * 64, "alpha", quiet):
        second.ensure(definition, told.append)
    assert not [each for each in told if each.startswith("waiting")]


@pytest.mark.parametrize("count", [2, *also(3, 4, 5)])
def test_processes_of_several_projects_and_names_make_one_build(
    builder: Builder, definition: Definition, gamma: Definition, tmp_path: Path, count: int
) -> None:
    names = [f"project{number}" for number in range(count)]
    made = projects(builder, tmp_path, *names)
    children = [begun(partial(each.ensure, one, quiet)) for each in made for one in (definition, gamma)]
    assert [code_of(pid) for pid in children] == [0] * len(children)
    (folder,) = build_folders(tmp_path / "store/.builds")
    for each in made:
        for name in ("alpha", "gamma"):
            build = each.registry.live(name)
            assert build is not None
            assert build.prefix == folder


def steps_of_a_build(builder: Builder, definition: Definition) -> int:
    root = builder.registry.root.parent
    steps, told = Steps(root), root / "count"

    def act() -> None:
        steps.watch()
        builder.ensure(definition, quiet)
        told.write_text(str(len(steps.labels)))

    assert in_child(act) == 0
    return int(told.read_text())


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8, 0.95, *also(*(number / 20 for number in range(20)))])
def test_a_name_that_waits_for_a_build_which_is_killed_makes_its_own(
    builder: Builder, definition: Definition, gamma: Definition, part: float
) -> None:
    """The other one is killed at some step, while a second process wants the same build for another name."""
    count = steps_of_a_build(builder, definition)
    for each in found(builder.registry).values():
        removal.remove(builder.registry, each)

    def die() -> None:
        steps = Steps(builder.registry.root.parent, Nth(max(1, int(count * part))))
        steps.watch()
        builder.ensure(definition, quiet)

    dying = begun(die)
    waiting = begun(lambda: builder.ensure(gamma, quiet))
    assert code_of(dying) in {KILLED, 0}  # it may have found the other one's build
    assert code_of(waiting) == 0
    require_alone()
    build = builder.registry.live("gamma")
    assert build is not None
    assert health.problem(build) is None
    assert file_check.thorough(build).is_clean
    assert builder.ensure(definition, quiet).prefix == build.prefix
    builder.ensure(definition, quiet, force=True)  # which sweeps
    assert all((folder / MARKER).is_file() for folder in build_folders(builder.registry.builds))


def test_a_damaged_build_of_two_names_is_repaired_once(
    builder: Builder, definition: Definition, gamma: Definition
) -> None:
    old = builder.ensure(definition, quiet)
    builder.ensure(gamma, quiet)
    module(old).unlink()
    module(old).write_text("VER")
    children = [begun(partial(repair, builder, each, quiet)) for each in (definition, gamma)]
    assert [code_of(pid) for pid in children] == [0, 0]
    alpha, other = builder.registry.live("alpha"), builder.registry.live("gamma")
    assert alpha is not None
    assert other is not None
    assert alpha.prefix == other.prefix != old.prefix
    assert file_check.thorough(alpha).is_clean
    assert states(builder.registry) == {old.prefix.name: "damaged", alpha.prefix.name: "live"}


def test_who_repairs_after_another_name_says_that_it_takes_that_build(
    builder: Builder, definition: Definition, gamma: Definition
) -> None:
    old = builder.ensure(definition, quiet)
    builder.ensure(gamma, quiet)
    module(old).unlink()
    first, second = repair(builder, definition, quiet), repair(builder, gamma, quiet)
    assert first.problems
    assert first.build.prefix == second.build.prefix
    assert "made meanwhile" in second.summary


def test_a_stage_that_failed_under_the_second_name_gets_what_the_first_has_repaired(
    builder: Builder, definition: Definition, gamma: Definition
) -> None:
    old = builder.ensure(definition, quiet)
    builder.ensure(gamma, quiet)
    module(old).unlink()
    mended = repair(builder, definition, quiet, old.prefix)
    assert repair(builder, gamma, quiet, old.prefix).build.prefix == mended.build.prefix


def test_a_build_whose_definition_has_another_key_by_now_is_not_repaired_under_the_old_one(
    builder: Builder, definition: Definition, gamma: Definition, tmp_path: Path
) -> None:
    """While it is built under the new key, the old key is free: nobody holds one key and waits for another."""
    from tests.envs.conftest import other

    old = builder.ensure(definition, quiet)
    module(old).unlink()
    held: list[bool] = []

    def tell(step: str) -> None:
        if step == "installing":
            with exclusive(builder.registry.key_lock(old.key)):
                held.append(True)

    newer = other(definition, tmp_path, "2.0")
    done = repair(builder, newer, tell)
    assert held
    assert done.build.key != old.key
    assert re.search("built again as a whole", done.summary)


def test_a_build_goes_only_with_the_last_name_that_stands_for_it(
    builder: Builder, definition: Definition, gamma: Definition
) -> None:
    build = builder.ensure(definition, quiet)
    builder.ensure(gamma, quiet)
    builder.ensure(definition, quiet, force=True)
    registry = builder.registry
    assert states(registry)[build.prefix.name] == "live"
    assert found(registry)[build.prefix.name].labels == ("gamma",)
    builder.ensure(gamma, quiet, force=True)
    assert states(registry)[build.prefix.name] == "superseded"
    with leases.hold(build), pytest.raises(removal.RemovalRefused, match="uses it"):
        removal.remove(registry, found(registry)[build.prefix.name])
    removal.remove(registry, found(registry)[build.prefix.name])
    assert not build.prefix.exists()


def test_both_names_go_with_their_build(builder: Builder, definition: Definition, gamma: Definition) -> None:
    build = builder.ensure(definition, quiet)
    builder.ensure(gamma, quiet)
    removal.remove(builder.registry, found(builder.registry)[build.prefix.name])
    assert [path.name for path in builder.registry.root.iterdir() if path.is_symlink()] == []


def test_while_a_key_is_built_none_of_its_builds_is_removed_and_others_are(
    builder: Builder, definition: Definition, tmp_path: Path
) -> None:
    from tests.envs.conftest import other

    first = builder.ensure(definition, quiet)
    second = builder.ensure(other(definition, tmp_path, "2.0"), quiet)
    registry = builder.registry
    with builder.key_held(first.key, "gamma", quiet):
        with pytest.raises(removal.RemovalRefused, match=f"process {os.getpid()} .*'gamma'"):
            removal.remove(registry, found(registry)[first.prefix.name])
        removal.remove(registry, found(registry)[second.prefix.name])
    assert build_folders(registry.builds) == [first.prefix]


def test_a_lock_file_of_a_key_goes_when_it_has_no_builds_and_nobody_holds_it(
    builder: Builder, definition: Definition
) -> None:
    build = builder.ensure(definition, quiet)
    registry = builder.registry
    removal.sweep_locks(registry)
    assert registry.key_locks() == [registry.key_lock(build.key)]
    removal.remove(registry, found(registry)[build.prefix.name])
    with exclusive(registry.key_lock(build.key)):
        removal.sweep_locks(registry)
        assert registry.key_locks()
    removal.sweep_locks(registry)
    assert registry.key_locks() == []


@pytest.fixture
def older(builder: Builder, definition: Definition, monkeypatch: pytest.MonkeyPatch) -> Build:
    """A build as earlier versions made it, in a folder that is named after its environment, too."""
    with monkeypatch.context() as patch:
        patch.setattr(
            Registry,
            "new_place",
            lambda registry, key: Path(os.path.realpath(registry.builds), f"alpha-{key[7:23]}.{os.urandom(4).hex()}"),
        )
        return builder.ensure(definition, quiet)


def test_a_build_of_an_earlier_version_counts_for_all_names(
    builder: Builder, definition: Definition, gamma: Definition, older: Build
) -> None:
    assert older.prefix.name.startswith("alpha-")
    assert builder.ensure(definition, quiet).prefix == older.prefix
    assert builder.ensure(gamma, quiet).prefix == older.prefix
    found_again = builder.registry.with_key("delta", older.key)
    assert found_again is not None
    assert found_again.prefix == older.prefix


def test_a_build_of_an_earlier_version_is_repaired_and_removed(
    builder: Builder, definition: Definition, older: Build
) -> None:
    module(older).unlink()
    repaired = repair(builder, definition, quiet)
    registry = builder.registry
    assert states(registry) == {older.prefix.name: "damaged", repaired.build.prefix.name: "live"}
    with (
        exclusive(registry.builds / "alpha.lock"),  # an earlier version may be at work
        pytest.raises(removal.RemovalRefused, match="is building or removing environment 'alpha'"),
    ):
        removal.remove(registry, found(registry)[older.prefix.name])
    removal.remove(registry, found(registry)[older.prefix.name])
    assert states(registry) == {repaired.build.prefix.name: "live"}


def test_a_job_waits_for_what_is_built_for_another_name_and_uses_it(
    builder: Builder, definition: Definition, gamma: Definition, tmp_path: Path
) -> None:
    told: list[str] = []
    options = EnvironmentOptions(wait_seconds=SECONDS)
    finder = EnvironmentFinder(
        registry=builder.registry,
        cache=InspectionCache(tmp_path / "cache"),
        options=options,
        builder=lambda: builder,
        progress=told.append,
    )
    installing = threading.Event()

    def tell(step: str) -> None:
        if step == "installing":
            installing.set()
            time.sleep(0.5)

    thread = threading.Thread(target=builder.ensure, args=(definition, tell))
    thread.start()
    assert installing.wait(SECONDS)
    answer = finder.settle(gamma, finder.choose(gamma))
    thread.join(SECONDS)
    assert answer.source is EnvironmentSource.WAITED
    assert any("(for environment 'alpha'), which builds environment 'gamma'" in each for each in told)
    assert answer.build.prefix == Path(os.path.realpath(builder.registry.pointer("alpha")))
