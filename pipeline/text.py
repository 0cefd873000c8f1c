"""Text from outside, as it can stand on a terminal."""


def printable(text: str) -> str:
    """A name or a line as it can stand on one line of a terminal, whatever bytes are in it."""
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def counted(count: int, thing: str) -> str:
    """``thing`` in the singular, of those that take an s."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
