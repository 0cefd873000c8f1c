"""A browser's place: the page of a project, served as `pipeline ui` serves it."""

from collections.abc import Iterator

import pytest

from tests.conftest import Sandbox
from tests.ui.pages import Browser, served


@pytest.fixture
def browser(sandbox: Sandbox) -> Iterator[Browser]:
    yield from served(sandbox, edits=False)


@pytest.fixture
def editor(sandbox: Sandbox) -> Iterator[Browser]:
    yield from served(sandbox, edits=True)
