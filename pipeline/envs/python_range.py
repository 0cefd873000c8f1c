"""Which versions of Python an environment may have: a range such as ``>=3.10,<3.13``, as packages write it.

Packaging's own reader of ranges takes longer to load than to start a worker. Plain ranges, which nearly all are, are
read here, with the same result; it reads the others.
"""

import operator
from collections.abc import Callable

OPERATORS: dict[str, Callable[[list[int], list[int]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
LONGEST = 10  # digits of a number
ANY = ".*"  # at the end of a version: whatever follows


class InvalidRange(ValueError):
    """It isn't a range of versions."""


def contains(text: str, version: str) -> bool:
    """Whether a version is in a range. Raises ``InvalidRange``."""
    clauses, release = _plain(text), _release(version)
    if clauses is None or release is None:
        return version in _packaging_s(text)  # type: ignore[operator]  # it is a set of versions
    return all(_holds(each, release) for each in clauses)


def check(text: str) -> None:
    """Raises ``InvalidRange``."""
    if _plain(text) is None:
        _packaging_s(text)


def _plain(text: str) -> list[tuple[str, str]] | None:
    """The operator and the version of each part; ``None`` where it has more than releases in it."""
    parts = [_clause(part.strip()) for part in text.split(",")] if text.strip() else []
    clauses = [each for each in parts if each is not None]
    return clauses if len(clauses) == len(parts) else None


def _clause(part: str) -> tuple[str, str] | None:
    sign = next((each for each in OPERATORS if part.startswith(each)), None)
    if sign is None:
        return None
    version = part.removeprefix(sign).strip()
    release = version.removesuffix(ANY) if sign in {"==", "!="} else version
    return None if _release(release) is None else (sign, version)


def _release(version: str) -> list[int] | None:
    """The numbers of a version that is a release, such as 3.11.7."""
    parts = version.split(".")
    is_release = all(each.isascii() and each.isdecimal() and len(each) < LONGEST for each in parts)
    return [int(each) for each in parts] if is_release else None


def _holds(clause: tuple[str, str], release: list[int]) -> bool:
    sign, text = clause
    asked = _release(text.removesuffix(ANY)) or []
    length = len(asked) if text.endswith(ANY) else max(len(asked), len(release))
    return OPERATORS[sign](_padded(release, length), _padded(asked, length))


def _padded(release: list[int], length: int) -> list[int]:
    """3.11 is 3.11.0."""
    return [*release, *[0] * length][:length]


def _packaging_s(text: str) -> object:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise InvalidRange(str(error)) from error
