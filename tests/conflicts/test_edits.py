"""Edits that would remove a conflict."""

from tests.conflicts.conftest import Universe
from tests.conflicts.helpers import changes, conflict, hub


def test_the_least_edit_comes_first_and_is_as_loose_as_the_metadata_lets_it_be(universe: Universe) -> None:
    hub(universe)
    found = conflict(universe, "speech==3.0", "models>=5")
    assert changes(found) == [("models>=5", "models>=4,<5", "4.0"), ("speech==3.0", "speech", "2.0")]
    assert not found.others_remain


def test_an_edit_keeps_the_extra_and_the_marker(universe: Universe) -> None:
    for version in ("1.0", "2.0"):
        universe.add("hub", version)
        universe.add("app", version, f"hub=={version} ; extra == 'web'", extras=("web",))
    found = conflict(universe, "app[web]==2.0 ; python_version >= '3'", "hub==1.0")
    assert ('app[web] ; python_version >= "3"', "1.0") in [(edit.text, edit.version) for edit in found.edits]


def test_an_upper_bound_is_dropped_and_the_lower_one_stays(universe: Universe) -> None:
    for version in ("1.0", "2.0", "3.0"):
        universe.add("hub", version)
    universe.add("app", "1.0", "hub>=3")
    assert changes(conflict(universe, "app", "hub>=1,<3")) == [("hub>=1,<3", "hub>=1", "3.0")]


def test_an_edit_that_leaves_another_conflict_says_so(universe: Universe) -> None:
    for name in ("hub", "pub"):
        for version in ("1.0", "2.0"):
            universe.add(name, version)
    universe.add("app", "1.0", "hub>=2", "pub>=2")
    found = conflict(universe, "app", "hub<2", "pub<2")
    assert len(found.lines) == 2
    assert len(found.edits) == 1
    assert found.others_remain
