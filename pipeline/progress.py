"""How work that takes a while reports its steps to a person who waits."""

from collections.abc import Callable

Progress = Callable[[str], None]  # is called with the step that begins now, in a few words


def quiet(_step: str) -> None:
    """Report no steps."""
