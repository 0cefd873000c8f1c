"""Amounts of bytes as people write and read them."""

import re

from pipeline.text import shortened

UNITS = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
}
MOST = (1 << 63) - 1  # bytes, which is as far as systems count
LONGEST = 40  # digits, so that no time is spent on a number of millions
SHOWN = ("TiB", "GiB", "MiB", "KiB")
FORM = r"(?ai)([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)"
_FACTORS = {unit.lower(): factor for unit, factor in UNITS.items()}


def parse_size(value: str | int) -> int:
    """Bytes from "4 GiB", "500 MB", "1.5 TiB" or a plain number of bytes. Raises ``ValueError`` with a message."""
    from fractions import Fraction  # its import takes a millisecond, and most runs read no size

    match = re.fullmatch(FORM, str(value).strip())
    factor = _FACTORS.get(match[2].lower() or "b") if match else None
    if match is None or factor is None:
        raise ValueError(
            f"{shortened(str(value))!r} isn't a size; write a number and one of {', '.join(UNITS)}, such as '20 GiB'"
        )
    size = int(Fraction(match[1]) * factor) if len(match[1]) < LONGEST else MOST + 1
    if size > MOST:
        raise ValueError(f"{shortened(str(value))!r} is more than any disk has")
    return size


def show_size(size: int) -> str:
    """A size as ``parse_size`` reads it, with two to four digits; exact where it is a whole number of the unit."""
    unit = next((unit for unit in SHOWN if size >= UNITS[unit]), "B")
    amount = size / UNITS[unit]
    digits = 0 if amount >= 100 or size % UNITS[unit] == 0 else 1
    return f"{amount:.{digits}f} {unit}"
