"""Text for a terminal."""

import re

USER_INFO = r"(?i)\b((?:[a-z0-9.-]+\+)?(?:https?|ftp)://)[^/\s'\"]+@"  # an address up to its host


def printable(text: str) -> str:
    """A name or a line without characters that change a terminal: these and bytes that are no text are escaped."""
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")


def is_utf8(text: str) -> bool:
    """Whether it is text: what a system gives as bytes has lone surrogates for those that are none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def counted(count: int, thing: str) -> str:
    """Such as "1 file" and "2 files"; for a ``thing`` whose plural ends in s."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def natural_order(name: str) -> tuple[list[str | int], str]:
    """A key to sort names by, as people do: ``film 2`` before ``film 10``, and ``a`` beside ``A``."""
    parts = re.split("([0-9]+)", name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], name


def width(text: str) -> int:
    """Columns of a terminal: the letters of Chinese and Japanese take two, and marks on letters none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def shortened(text: str, most: int = 200) -> str:
    """At most so many columns, without the middle: names of films often differ at their ends, and a path of thousands
    of characters hides what is said about it."""
    if width(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{_fitting(text, most - 1 - end)}…{_fitting(text[::-1], end)[::-1]}"


def begun(text: str, most: int) -> str:
    """At most so many columns, without the end: of a sentence, the first words say most."""
    return text if width(text) <= most else f"{_fitting(text, most - 1).rstrip()}…"


def _fitting(text: str, most: int) -> str:
    """As many of the first characters as take no more columns."""
    taken = 0
    for place, character in enumerate(text):
        taken += 1 if character.isascii() else _columns(character)
        if taken > most:
            return text[:place]
    return text


def _columns(character: str) -> int:
    import unicodedata  # few names need it

    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def without_passwords(text: str) -> str:
    """Text with the name and password in each address replaced; ``ssh://git@HOST`` has no password."""
    return re.sub(USER_INFO, r"\1****@", text)
