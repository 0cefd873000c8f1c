"""What is said of a conflict, or of none, by the real resolver on small packages."""

import zipfile
from pathlib import Path

from pipeline.conflicts.conflicting_lines import explain
from tests.conflicts.conftest import OWN, Universe
from tests.conflicts.helpers import changes, conflict, hub, in_file, texts


def test_two_lines_conflict_through_a_package_that_neither_names(universe: Universe) -> None:
    hub(universe)
    found = conflict(universe, "speech==3.0", "models>=5")
    assert texts(found) == ["speech==3.0", "models>=5"]
    assert found.package == "hub"
    assert [str(chain) for chain in found.chains] == [
        "speech==3.0 (argument 1) → speech 3.0 → hub<1",
        "models>=5 (argument 2) → models 5.1 → hub>=2.0",
    ]
    assert "hub<1" in found.refusal


def test_lines_that_have_nothing_to_do_with_it_are_left_out_of_the_conflict(universe: Universe) -> None:
    hub(universe)
    for name in ("one", "two", "three"):
        universe.add(name, "1.0", "hub")
    found = conflict(universe, "one", "speech==3.0", "two", "models>=5", "three")
    assert texts(found) == ["speech==3.0", "models>=5"]


def test_a_conflict_of_three_of_which_each_two_fit(universe: Universe) -> None:
    for version in ("1.0", "2.0", "3.0"):
        universe.add("hub", version)
    for name, bound in (("low", "hub<3"), ("high", "hub>=2"), ("not_two", "hub!=2.0")):
        universe.add(name, "1.0", bound)
    found = conflict(universe, "low", "high", "not_two")
    assert texts(found) == ["low", "high", "not_two"]
    assert found.package == "hub"
    assert [chain.specifier for chain in found.chains] == ["<3", ">=2", "!=2.0"]
    assert found.edits == ()


def test_chains_of_one_two_and_three_steps(universe: Universe) -> None:
    for version in ("1.0", "2.0"):
        universe.add("hub", version)
    universe.add("first", "1.0", "second")
    universe.add("second", "1.0", "third")
    universe.add("third", "1.0", "hub>=2")
    universe.add("near", "1.0", "hub<2")
    found = conflict(universe, "first", "near")
    assert str(found.chains[0]) == "first (argument 1) → first 1.0 → second 1.0 → third 1.0 → hub>=2"
    assert str(conflict(universe, "first", "hub==1.0").chains[1]) == "hub==1.0 (argument 2)"


def test_a_package_that_an_extra_brings_is_in_the_chain(universe: Universe) -> None:
    for version in ("1.0", "2.0"):
        universe.add("hub", version)
    universe.add("app", "1.0", "hub>=2 ; extra == 'web'", extras=("web",))
    assert universe.explain("app", "hub<2").conflict is None
    found = conflict(universe, "app[web]", "hub<2")
    assert str(found.chains[0]) == "app[web] (argument 1) → app 1.0 → hub>=2"


def test_a_marker_that_is_false_here_conflicts_with_nothing(universe: Universe) -> None:
    universe.add("hub", "1.0")
    universe.add("app", "1.0", "hub>=2 ; python_version < '3'")
    assert universe.explain("app", "hub==1.0", "hub==7 ; sys_platform == 'nowhere'").conflict is None


def test_one_line_is_a_conflict_of_its_own_where_there_is_no_such_package(universe: Universe) -> None:
    universe.add("hub", "1.0")
    found = conflict(universe, "hub", "nowhere>=1")
    assert texts(found) == ["nowhere>=1"]
    assert (found.package, found.chains) == ("", ())
    assert "nowhere" in found.refusal
    assert found.edits == ()


def test_one_line_that_asks_for_a_version_that_is_not_there_is_told_what_there_is(universe: Universe) -> None:
    universe.add("hub", "1.0")
    assert changes(conflict(universe, "hub>=2")) == [("hub>=2", "hub<2", "1.0")]


def test_a_pre_release_is_taken_only_where_there_is_nothing_else(universe: Universe) -> None:
    universe.add("hub", "1.0")
    universe.add("hub", "2.0rc1")
    universe.add("only", "1.0a1")
    assert universe.explain("only", "hub").conflict is None
    universe.add("app", "1.0", "hub>=2")
    assert texts(conflict(universe, "app", "hub")) == ["app"]


def test_what_can_be_one_says_which_packages_are_saved(universe: Universe) -> None:
    wheel = universe.add("hub", "1.0")
    universe.add("one", "1.0", "hub")
    universe.add("two", "1.0", "hub")
    found = universe.explain("one", "two")
    assert found.conflict is None
    assert [(each.name, each.version, each.sides, each.wheel_bytes) for each in found.shared] == [
        ("hub", "1.0", 2, wheel.stat().st_size)
    ]


def test_a_line_is_named_with_its_file_and_number_through_includes(universe: Universe, tmp_path: Path) -> None:
    hub(universe)
    one = in_file(tmp_path, "one", "# a comment", "", "speech \\", "  ==3.0")
    in_file(tmp_path, "shared", "models>=5  # new")
    two = in_file(tmp_path, "two", "-r shared.txt")
    found = explain([one, two], universe.resolver(), OWN).conflict
    assert found is not None
    assert [line.where for line in found.lines] == ["requirements/one.txt:3", "requirements/shared.txt:1"]


def test_a_constraint_conflicts_as_well_as_what_is_asked_for(universe: Universe, tmp_path: Path) -> None:
    hub(universe)
    in_file(tmp_path, "bounds", "hub<1")
    found = explain([in_file(tmp_path, "one", "-c bounds.txt", "models==5.0")], universe.resolver(), OWN).conflict
    assert found is not None
    assert {line.where for line in found.lines} == {"requirements/bounds.txt:1", "requirements/one.txt:2"}
    assert found.package == "hub"


def test_ranges_of_python_without_a_version_in_common_are_the_conflict(universe: Universe, tmp_path: Path) -> None:
    sides = [
        in_file(tmp_path, name, python=python)
        for name, python in (("old", ">=3.9,<3.11"), ("any", ">=3.8"), ("new", ">=3.12"))
    ]
    found = explain(sides, universe.resolver(), OWN).conflict
    assert found is not None
    assert [str(each) for each in found.pythons] == [
        "Python >=3.9,<3.11 (config/environments/old.yaml:1)",
        "Python >=3.12 (config/environments/new.yaml:1)",
    ]


def test_a_package_with_no_wheel_for_the_python_that_the_other_needs(universe: Universe, tmp_path: Path) -> None:
    for_python(universe.add("app", "1.0"), "cp311-cp311-linux_x86_64")
    universe.add("hub", "1.0")
    sides = [in_file(tmp_path, "one", "app", python=">=3.9"), in_file(tmp_path, "two", "hub", python=">=3.12")]
    found = explain(sides, universe.resolver(), OWN).conflict
    assert found is not None
    assert texts(found) == ["app"]
    assert [each.where for each in found.pythons] == ["config/environments/two.yaml:1"]


def test_another_python_of_the_range_is_taken_where_ours_has_no_solution(universe: Universe, tmp_path: Path) -> None:
    for_python(universe.add("app", "1.0"), "cp312-cp312-linux_x86_64")
    found = explain([in_file(tmp_path, "one", "app", python=">=3.10,<3.14")], universe.resolver(), OWN)
    assert found.conflict is None
    assert found.python.startswith("3.12.")


def for_python(wheel: Path, tag: str) -> None:
    """Say in a wheel's name and in itself that it is for one Python."""
    with zipfile.ZipFile(wheel) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel.with_name(wheel.name.replace("py3-none-any", tag)), "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data.replace(b"py3-none-any", tag.encode()))
    wheel.unlink()


def test_a_side_that_asks_for_nothing_conflicts_with_nothing(universe: Universe, tmp_path: Path) -> None:
    universe.add("hub", "1.0")
    sides = [in_file(tmp_path, "none", "# nothing yet"), in_file(tmp_path, "one", "hub")]
    assert explain(sides, universe.resolver(), OWN).conflict is None
    assert explain(sides[:1] * 2, universe.resolver(), OWN).conflict is None
