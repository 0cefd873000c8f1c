"""Tags that stand around all of a cue's part of a sentence: taken off before the translation, and put back after it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from subtitling import markup

from translating.sentence_split import Sentence, text_of_parts


@dataclass(frozen=True)
class UntaggedSentence:
    """A sentence without these tags, and their names for each of its parts, the outer one first."""

    sentence: Sentence
    names: tuple[tuple[str, ...], ...]


def without(sentence: Sentence) -> UntaggedSentence:
    """Only for a sentence over several cues: within one cue, its tags are part of its frame."""
    if len(sentence.parts) < 2:
        return UntaggedSentence(sentence, ((),) * len(sentence.parts))
    bare, names = zip(*(markup.unwrapped(part.text) for part in sentence.parts), strict=True)
    parts = tuple(part._replace(text=text) for part, text in zip(sentence.parts, bare, strict=True))
    return UntaggedSentence(replace(sentence, text=text_of_parts(parts), parts=parts), tuple(map(tuple, names)))


def restored(untagged: UntaggedSentence, pieces: Sequence[str]) -> list[str]:
    """The pieces of the translation, one for each part, with the tags of the parts."""
    return [markup.wrapped(piece, names) for piece, names in zip(pieces, untagged.names, strict=True)]
