"""Lengths of time as people type them."""

import re

UNITS = {"h": 3600, "m": 60, "min": 60, "s": 1}
PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(h|min|m|s)", re.ASCII)
MOST = 366 * 24 * 3600.0


def parse_seconds(text: str) -> float:
    """Seconds from ``30m``, ``1h30m``, ``90 s`` or ``45min``. Raises ``ValueError`` for all else, and for none at all.

    A number without a unit is refused: whoever types 30 may mean minutes or seconds.
    """
    seconds, rest = 0.0, text.strip().lower()
    while match := PART.match(rest):
        seconds += float(match[1]) * UNITS[match[2]]
        rest = rest[match.end() :].lstrip()
    if rest or not 0 < seconds <= MOST:
        raise ValueError(f"{text!r} isn't a length of time such as 30m, 1h30m or 90s")
    return seconds
