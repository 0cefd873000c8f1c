"""TTML that programs write and the standard doesn't know, put into a form that it knows: times, and the order."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

TIMED = ("begin", "end", "dur")
STANDARD = re.compile(r"\d{2,}:\d\d:\d\d(?:\.\d+|:\d{2,}(?:\.\d+)?)?|\d+(?:\.\d+)?(?:h|m|s|ms|f|t)")
CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
SECONDS = re.compile(r"\d+(?:\.\d+)?")


def repair(root: Element) -> list[str]:
    """Change the tree. What has times that can't be read is taken out, and its times are returned."""
    _put_into_divisions(root)
    return _repair_times(root)


def _put_into_divisions(root: Element) -> None:
    """Paragraphs stand in a ``div``, not in the ``body``."""
    for body in [element for element in root.iter() if element.tag.endswith("}body")]:
        for paragraph in [child for child in body if child.tag.endswith("}p")]:
            body.remove(paragraph)
            SubElement(body, body.tag.replace("}body", "}div")).append(paragraph)


def _repair_times(root: Element) -> list[str]:
    parents = {child: parent for parent in root.iter() for child in parent}
    unread = []
    for element in list(root.iter()):
        for name in TIMED:
            value = element.get(name)
            if value is None:
                continue
            known = next(_known(value.strip()), None)
            if known is not None:
                element.set(name, known)
            elif element in parents and element in list(parents[element]):
                unread.append(f"{name}={value!r}")
                parents[element].remove(element)
    return unread


def _known(value: str) -> Iterator[str]:
    value = value.replace(",", ".").replace(";", ":")
    if STANDARD.fullmatch(value):
        yield value
    if clock := CLOCK.fullmatch(value):
        hours, minutes, seconds = clock.groups()
        whole, point, fraction = seconds.partition(".")
        yield f"{int(hours or 0):02}:{int(minutes):02}:{int(whole):02}{point}{fraction}"
    if SECONDS.fullmatch(value):
        yield f"{value}s"
