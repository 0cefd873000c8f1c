"""Tags in a cue's text: ``<i>``, ``<b>`` and ``<u>``, which every player knows. Others that files have are dropped.

What only looks like a tag is text: ``<sighs>``, or ``a<b and b>c``. Most players show nothing of the
first, which would be all of some cues.
"""

import re
from collections.abc import Iterable

KEPT = "ibu"
TAG = re.compile(r"</?[ibu]>")
EMPTY = re.compile(r"<([ibu])>(\s*)</\1>")
TOUCHING = re.compile(r"</([ibu])>(\s*)<\1>")
WHOLE = re.compile(r"\s*<([ibu])>((?:(?!</?\1>).)+)</\1>\s*", re.DOTALL)
ANY_TAG = re.compile(r"</?\s*[a-zA-Z][^<>]*>|\{\\\w[^{}]*\}")
LOOKS_LIKE_TAG = re.compile(r"</?\s*[a-zA-Z][^<>]*>")
# Tags that files of SubRip and WebVTT have. Only a font, a voice and a language may say more than ``name=value``.
_NAMES = "i|b|u|s|c|ruby|rt|rp|em|strong|strike|del|big|small|sub|sup|span|center|div|p|br|a"
_CLASSES = r"(?:\.[^\s<>/]+)?"
_ATTRIBUTES = r"""(?:\s+[\w-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s<>"'][^\s<>]*))*"""
KNOWN_TAG = re.compile(
    rf"</?(?:{_NAMES}){_CLASSES}{_ATTRIBUTES}\s*/?>|<\s*/?\s*font(?:[\s=][^<>]*)?>|</?(?:v|lang){_CLASSES}(?:\s[^<>]*)?>",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Without our tags."""
    return TAG.sub("", text) if "<" in text else text


def strip(text: str) -> str:
    """Without any tag: HTML's, WebVTT's, and the overrides of SubStation in braces."""
    return ANY_TAG.sub("", text)


def normal(text: str) -> str:
    """Text with the tags of HTML, WebVTT and SubStation as ours, closed in order; others that they have are dropped."""
    return _normal(text, KNOWN_TAG)


def shown(text: str) -> str:
    """As ``normal``, and without what looks like a tag: most players take it for one that they don't know."""
    return _normal(text, LOOKS_LIKE_TAG)


def _normal(text: str, dropped: re.Pattern[str]) -> str:
    while (other := _normal_once(text, dropped)) != text:  # a dropped tag may stand inside another one
        text = other
    return text


def _normal_once(text: str, dropped: re.Pattern[str]) -> str:
    text = re.sub(r"\{\\\w[^{}]*\}", _of_override, text)
    text = re.sub(rf"<\s*(/?)\s*([{KEPT}])\s*>", lambda tag: f"<{tag[1]}{tag[2].lower()}>", text, flags=re.IGNORECASE)
    text = dropped.sub(lambda tag: tag[0] if TAG.fullmatch(tag[0]) else "", text)
    (balanced,) = balance([text])
    return balanced


def _of_override(block: "re.Match[str]") -> str:
    """``{\\i1\\an8}`` as ``<i>``."""
    found = re.findall(rf"\\([{KEPT}])([01])(?=[\\}}])", block[0])
    return "".join(f"<{'' if on == '1' else '/'}{name}>" for name, on in found)


def balance(texts: Iterable[str], opened: list[str] | None = None) -> list[str]:
    """Each text with its tags closed: a tag that is open at its end is closed there, and opened again in the next.

    ``opened``: the tags that are open before the first text; afterwards, those that are open after the last.
    """
    opened = [] if opened is None else opened
    balanced = []
    for text in texts:
        if not opened and "<" not in text:
            balanced.append(text)
            continue
        parts, at = [f"<{name}>" for name in opened], 0
        for tag in TAG.finditer(text):
            parts += [text[at : tag.start()], _tag(tag[0], opened)]
            at = tag.end()
        parts += [text[at:], *(f"</{name}>" for name in reversed(opened))]
        balanced.append(_without_empty("".join(parts)))
    return balanced


def merged(text: str) -> str:
    """Text in which a tag that closes, and opens again at once, goes on: ``<i>one</i> <i>two</i>``."""
    while (shorter := TOUCHING.sub(r"\2", text)) != text:
        text = shorter
    return text


def unwrapped(text: str) -> tuple[str, list[str]]:
    """The text without the tags that stand around all of it, and their names, the outer one first."""
    names = []
    while whole := WHOLE.fullmatch(text):
        names.append(whole[1])
        text = whole[2]
    return text, names


def wrapped(text: str, names: Iterable[str]) -> str:
    """The text with tags around it, the first name outside."""
    for name in reversed([*names]):
        text = f"<{name}>{text}</{name}>"
    return text


def _without_empty(text: str) -> str:
    """Without tags that have only white space between them."""
    while (shorter := EMPTY.sub(r"\2", text)) != text:
        text = shorter
    return text


def _tag(tag: str, opened: list[str]) -> str:
    """The tag, or what replaces it when ``opened`` are open. A closing tag closes those inside it, which open again."""
    name = tag.strip("</>")
    if not tag.startswith("</"):
        if name in opened:
            return ""
        opened.append(name)
        return tag
    if name not in opened:
        return ""
    inner = opened[opened.index(name) + 1 :]
    opened.remove(name)
    closed = "".join(f"</{each}>" for each in reversed(inner))
    return closed + tag + "".join(f"<{each}>" for each in inner)
