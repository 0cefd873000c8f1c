"""How work that takes a while says what it is doing."""

from collections.abc import Callable

Tell = Callable[[str], None]  # gets the step that begins now, for a person who waits


def quiet(_step: str) -> None:
    """For who doesn't want to hear it."""
