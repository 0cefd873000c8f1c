"""The marks with which Spanish questions and exclamations begin: engines that know no such rule leave them out."""

import re

from subtitling.typography import CLOSERS, OPENERS

from translating import abbreviations
from translating.sentence_translation import SentenceEngine

LANGUAGES = ("es", "ast")
OPENING_MARK = {"?": "¿", "!": "¡"}
SENTENCE = re.compile(r"[^?!]*[?!]+")
PAUSE = re.compile(r"(\S*)[.…:;]\s+")  # may be the end of what stands before the sentence that a mark ends
PAIRS = {"“": "”", "«": "»", "(": ")", "[": "]"}
LEADING = f"{OPENERS}{CLOSERS}.…"  # what may stand before the first word
ASKING = r"(?:a |de |con |para |por |en )?(?:qué|quién(?:es)?|cómo|cuándo|a?dónde|cuál(?:es)?|cuánt[oa]s?)\b"
TAG = r"(?:no|verdad|eh|vale|cierto|ok|de acuerdo|no es (?:así|verdad|cierto))\s*\?"
CLAUSE = re.compile(rf",\s+(?={ASKING}|{TAG})", re.IGNORECASE)


class MarkingEngine:
    """An engine whose answers get the marks that are missing."""

    def __init__(self, engine: SentenceEngine) -> None:
        self.marks = engine.marks
        self._engine = engine

    def translate(self, texts: list[str]) -> list[str]:
        return [opened(answer) for answer in self._engine.translate(texts)]


def engine_for(engine: SentenceEngine, target: str) -> SentenceEngine:
    """The engine itself where the language ``target`` has no such marks."""
    return MarkingEngine(engine) if target.partition("-")[0].lower() in LANGUAGES else engine


def opened(text: str) -> str:
    """The text with a mark before each question and exclamation that has none."""
    return SENTENCE.sub(lambda sentence: _opened(sentence[0]), text)


def _opened(sentence: str) -> str:
    body = sentence.rstrip("?!")
    start = _start(body, sentence)
    if not any(map(str.isalpha, body[start:])) or any(mark in body for mark in OPENING_MARK.values()):
        return sentence
    marks = dict.fromkeys(OPENING_MARK[end] for end in reversed(sentence[len(body) :]))
    return sentence[:start] + "".join(marks) + sentence[start:]


def _start(body: str, sentence: str) -> int:
    """Where the question begins: after another sentence, an open quote, or a clause that isn't part of the question."""
    pauses = [pause.end() for pause in PAUSE.finditer(body) if not _is_abbreviation(pause[1])]
    start = max(0, *pauses[-1:], _after_open_quote(body))
    clause = CLAUSE.search(sentence, start)
    if clause and not re.match(rf"\W*{ASKING}", body[start:], re.IGNORECASE):
        start = clause.end()
    while start < len(body) and (body[start].isspace() or body[start] in LEADING):
        start += 1
    return start


def _is_abbreviation(word: str) -> bool:
    bare = word.lstrip(LEADING).lower()
    return len(bare) == 1 or "." in bare or bare in abbreviations.of_language("es")


def _after_open_quote(body: str) -> int:
    """The place after the last quote or bracket that isn't closed; 0 where there is none."""
    opened: list[int] = []
    for place, character in enumerate(body):
        if character == '"' and any(body[each - 1] == '"' for each in opened):
            opened.pop()
        elif character == '"' or character in PAIRS:
            opened.append(place + 1)
        elif character in PAIRS.values() and opened:
            opened.pop()
    return opened[-1] if opened else 0
