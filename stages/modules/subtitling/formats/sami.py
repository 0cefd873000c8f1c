"""SAMI: times with a paragraph for each class, which is a language. An empty paragraph ends the one before."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import groupby, pairwise
from typing import NamedTuple

from subtitling import markup
from subtitling.cues import Cue
from subtitling.formats.parsed_file import ParsedFile, ReadingOptions, with_ends
from subtitling.style_profiles import base_of

CLASS = re.compile(r"\.([\w-]+)\s*\{([^}]*)\}")
LANGUAGE = re.compile(r"lang\s*:\s*([A-Za-z-]+)", re.IGNORECASE)
UNKNOWN = -1  # an end that isn't known yet


class _Paragraph(NamedTuple):
    start: int
    kind: str  # the name of its class, in lower case
    text: str
    is_source: bool  # the name of who speaks from now on


def parse(text: str, options: ReadingOptions) -> ParsedFile:
    """The cues of one class: that of the wanted language, else the first that has text."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    languages = {name.lower(): _language(rules) for name, rules in CLASS.findall(text)}
    kinds = list(dict.fromkeys(each.kind for each in reader.paragraphs if each.text.strip() and not each.is_source))
    if not kinds:
        return ParsedFile([])
    wanted = base_of(options.language)
    kind = next((each for each in kinds if wanted and base_of(languages.get(each, "")) == wanted), kinds[0])
    notes = [_note(kinds, kind, languages)] if len(kinds) > 1 else []
    own = [each for each in reader.paragraphs if each.kind == kind or not (each.kind or each.text.strip())]
    return ParsedFile(_cues(own), languages.get(kind, ""), notes)


def _cues(paragraphs: Sequence[_Paragraph]) -> list[Cue]:
    """The paragraphs of each time until the next one; those without text only end others, and sources name speakers."""
    shown: list[Cue] = []
    speaker = ""
    for start, own in groupby(paragraphs, key=lambda each: each.start):
        texts: list[str] = []
        for each in own:
            if each.is_source:
                speaker = each.text.strip()
            elif each.text.strip():
                texts.append(each.text.strip())
        (text,) = markup.balance(["\n".join(texts)])
        shown.append(Cue(start, UNKNOWN, text, speaker))
    ended = [cue._replace(end=max(cue.start, following.start)) for cue, following in pairwise(shown)]
    return [cue for cue in [*ended, *with_ends(shown[-1:])] if cue.text]


def _language(rules: str) -> str:
    found = LANGUAGE.search(rules)
    return found[1] if found else ""


def _note(kinds: Sequence[str], kind: str, languages: dict[str, str]) -> str:
    there = ", ".join(languages.get(each) or each for each in kinds)
    return f"it holds several languages ({there}); {languages.get(kind) or kind} was read"


class _Reader(HTMLParser):
    """Collects paragraphs. Most files close neither their paragraphs nor their times."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[_Paragraph] = []
        self._start = 0
        self._is_in_body = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "sync":
            number = re.match(r"\s*(-?\d+)", values.get("start") or "")
            self._start = max(0, int(number[1])) if number else self._start
            self._is_in_body = True
            self._begin("")
        elif tag == "p":
            self._begin((values.get("class") or "").lower(), (values.get("id") or "").lower() == "source")
        elif tag == "br":
            self._add("\n")
        elif tag in markup.KEPT:
            self._add(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in markup.KEPT:
            self._add(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._add(re.sub(r"[ \t\n]+", " ", data))

    def _begin(self, kind: str, is_source: bool = False) -> None:
        last = self.paragraphs[-1] if self.paragraphs else None
        if last and last.start == self._start and not last.kind and not last.text.strip():
            self.paragraphs.pop()  # the time's own, before its first paragraph
        self.paragraphs.append(_Paragraph(self._start, kind, "", is_source))

    def _add(self, text: str) -> None:
        if self._is_in_body and self.paragraphs:
            self.paragraphs[-1] = self.paragraphs[-1]._replace(text=self.paragraphs[-1].text + text)
