"""TTML that programs write and the standard doesn't know, put into a form that it knows: times, and the order."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

TIMED = ("begin", "end", "dur")
STANDARD = re.compile(r"\d{2,}:\d\d:\d\d(?:\.\d+|:\d{2,}(?:\.\d+)?)?|\d+(?:\.\d+)?(?:h|m|s|ms|f|t)")
CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
LATE = "360000s"
MOST_PARAGRAPHS = 200
ID = "{http://www.w3.org/XML/1998/namespace}id"
DEFAULT_REGION = "default_region"  # ttconv's name for the place of a text where a file has no region
SECONDS = re.compile(r"\d+(?:\.\d+)?")


def repair(root: Element) -> list[str]:
    """Change the tree. What has times that can't be read is taken out, and its times are returned."""
    _put_into_divisions(root)
    _put_into_regions(root)
    unread = _repair_times(root)
    _make_ends_explicit(root)
    return unread


def _make_ends_explicit(root: Element) -> None:
    """ttconv 1.2.3 forgets a parent's begin where the parent's end is that of its children, and cuts their last times.

    Where all children have ends, a parent without one gets an end that is late enough for all.
    """
    for element in root.iter():
        if element.get("begin") and not _has_end(element) and _is_bounded(element):
            element.set("dur", LATE)


def _has_end(element: Element) -> bool:
    return element.get("end") is not None or element.get("dur") is not None


def _is_bounded(element: Element) -> bool:
    """Whether what is shown of it has an end of its own."""
    if _has_end(element):
        return True
    texts = [element.text, *(child.tail for child in element)]
    is_empty = not any(text and text.strip() for text in texts)
    return is_empty and len(element) > 0 and all(map(_is_bounded, element))


def parts(root: Element) -> Iterator[Element]:
    """The tree in parts of a few paragraphs each: ttconv takes a time that grows with the square of their number.

    It stays whole where the time of a paragraph depends on the one before.
    """
    paragraphs = [element for element in root.iter() if element.tag.endswith("}p")]
    if len(paragraphs) <= MOST_PARAGRAPHS or any(element.get("timeContainer") == "seq" for element in root.iter()):
        yield root
        return
    for first in range(0, len(paragraphs), MOST_PARAGRAPHS):
        own = {id(each) for each in paragraphs[first : first + MOST_PARAGRAPHS]}
        yield _with_paragraphs(root, own)


def _with_paragraphs(element: Element, own: set[int]) -> Element:
    """A copy with these paragraphs alone; all elements that hold none are the same."""
    if not any(each.tag.endswith("}p") for each in element.iter()):
        return element
    copy = Element(element.tag, element.attrib)
    copy.text, copy.tail = element.text, element.tail
    for child in element:
        if not child.tag.endswith("}p"):
            copy.append(_with_paragraphs(child, own))
        elif id(child) in own:
            copy.append(child)
    return copy


def _put_into_divisions(root: Element) -> None:
    """Paragraphs stand in a ``div``, not in the ``body``."""
    for body in [element for element in root.iter() if element.tag.endswith("}body")]:
        for paragraph in [child for child in body if child.tag.endswith("}p")]:
            body.remove(paragraph)
            SubElement(body, body.tag.replace("}body", "}div")).append(paragraph)


def _put_into_regions(root: Element) -> None:
    """Where there are regions, the standard shows nothing that is in none; it is meant for the usual place."""
    layout = next((element for element in root.iter() if element.tag.endswith("}layout")), None)
    regions = [] if layout is None else [child for child in layout if child.tag.endswith("}region")]
    if layout is None or not regions:
        return
    unplaced = [each for body in root if body.tag.endswith("}body") for each in _unplaced(body)]
    if unplaced:
        SubElement(layout, regions[0].tag, {ID: DEFAULT_REGION})
    for paragraph in unplaced:
        paragraph.set("region", DEFAULT_REGION)


def _unplaced(element: Element) -> Iterator[Element]:
    """Paragraphs without a region of their own, around them or in them."""
    if element.get("region"):
        return
    if not element.tag.endswith("}p"):
        for child in element:
            yield from _unplaced(child)
    elif not any(each.get("region") for each in element.iter()):
        yield element


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
