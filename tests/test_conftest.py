"""What all tests rely on: empty homes, and a marker that follows a fixture."""

from pathlib import Path

import pytest

from tests.conftest import Sandbox, empty_homes


def test_a_home_serves_until_something_is_written_there(tmp_path: Path) -> None:
    homes = empty_homes(tmp_path)
    first = next(homes)
    assert next(homes) == first
    (first / ".config").mkdir()
    second = next(homes)
    assert second != first
    assert list(second.iterdir()) == []


def test_a_home_that_was_taken_is_nobody_else_s(tmp_path: Path) -> None:
    homes = empty_homes(tmp_path)
    first = next(homes)
    second = homes.send(True)
    assert second != first
    assert next(homes) == second


@pytest.fixture
def indirect(spawning: None) -> None:
    """Starts processes for those who use it."""


def is_marked(request: pytest.FixtureRequest) -> bool:
    return request.node.get_closest_marker("spawning") is not None


def test_a_test_that_uses_the_fixture_is_marked(spawning: None, request: pytest.FixtureRequest) -> None:
    assert is_marked(request)


def test_so_is_one_that_uses_it_by_way_of_another(indirect: None, request: pytest.FixtureRequest) -> None:
    assert is_marked(request)


def test_any_other_is_not(sandbox: Sandbox, request: pytest.FixtureRequest) -> None:
    assert not is_marked(request)
