"""The words of a command line, before anything is made of them."""

from collections.abc import Sequence

from pipeline.errors import UsageError


def require_no_blank(command: str, words: Sequence[str]) -> None:
    """Raises ``UsageError`` for a word without any character: it is a shell's variable that isn't set.

    Taken as a path it would be the current folder. What follows ``--`` may be a command with words of its own.
    """
    before = command
    for word in words:
        if word == "--":
            return
        option, equals, value = word.partition("=")
        if is_blank(word) or (equals and option.startswith("--") and is_blank(value)):
            place = option if equals else before
            raise UsageError(f"the word after {place} is empty (is a variable of the shell not set?)", _help(command))
        before = word


def is_blank(word: str) -> bool:
    return not word.strip()


def _help(command: str) -> str:
    return f"{command} --help"
