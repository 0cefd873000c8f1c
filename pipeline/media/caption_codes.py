"""Scenarist closed captions (``.scc``): whether there is any text among the codes, by CEA-608."""

import re

LINE = re.compile(rb"^\s*\d+:\d+:\d+[:;.,]\d+\s+((?:[0-9a-fA-F]{4}\s*)+)$", re.MULTILINE)
SPECIAL = range(0x11, 0x14)  # the first byte of letters such as é and ♪, in the first channel; 8 more in the second
PARITY = 0x7F


def has_text(content: bytes) -> bool:
    """Whether any caption has a letter that can be read."""
    lines = LINE.finditer(content.replace(b"\r", b"\n"))
    return any(_is_text(int(code, 16)) for line in lines for code in line[1].split())


def _is_text(code: int) -> bool:
    first, second = code >> 8 & PARITY, code & PARITY
    if first & ~0x08 in SPECIAL:  # of these codes, colours and places have a second byte in other rows
        return 0x30 <= second <= 0x3F if first & 0x07 == 1 else 0x20 <= second <= 0x3F
    return first > 0x20 or (second > 0x20 and first == 0x20)
