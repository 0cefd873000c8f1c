"""Whether the language that a person named is the one that is spoken, looked at before anything is recognised."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import stagekit

from recognition import language_evidence
from recognition.intervals import length
from recognition.segments import Segment
from recognition.two_pass import SpeechActivity
from recognition.whisper import Recogniser
from recognition.windows import Window


@dataclass(frozen=True)
class LanguageCheck:
    """``notes`` for a person, and ``facts`` for what is told beside the result."""

    notes: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def check(recogniser: Recogniser, windows: Sequence[Window], named: str, is_strict: bool, model: str) -> LanguageCheck:
    """Compare the language that was ``named`` (a Whisper code, or ``auto``) with what the model hears.

    With ``is_strict``, raises ``InputUnusable`` where another language is clearly spoken, and ``StageFailed`` where the
    ``model`` (its name) can't tell.
    """
    if named == "auto" or not windows:
        return LanguageCheck()
    if not recogniser.is_multilingual:  # then what it recognised says more (``notes_on_english``)
        if is_strict:
            what = f"model {model} knows English only, so it can't tell which language is spoken"
            raise stagekit.StageFailed(f"{what}. Choose another with --model, or do without --strict-language")
        return LanguageCheck()
    evidence = recogniser.listen(windows)
    if not evidence.is_enough:
        unsure = language_evidence.doubt(evidence, named)
        unchecked = language_evidence.too_little_text(evidence) if is_strict else None
        return LanguageCheck(tuple(note for note in (unchecked, unsure) if note))
    language, probability = evidence.likeliest
    facts = {"heard": {language: round(probability, 4), named: round(evidence.probabilities.get(named, 0.0), 4)}}
    spoken = language_evidence.contradiction(evidence, named)
    if spoken is None:
        return LanguageCheck((), facts)
    text = language_evidence.contradiction_text(evidence, named, spoken)
    if is_strict:
        raise stagekit.InputUnusable(f"{text}; nothing was recognised", {"language": spoken})
    advice = f"Its text is likely to be wrong: say -s {spoken}, or leave -s out"
    return LanguageCheck((f"{text}. {advice}",), facts)


def notes_on_english(
    recogniser: Recogniser, activity: SpeechActivity, segments: Sequence[Segment], model: str
) -> list[str]:
    """A note where a model for English alone seems to have heard another language. ``model``: its name."""
    if recogniser.is_multilingual:
        return []
    probabilities = [word.probability for segment in segments for word in segment.words]
    doubt = language_evidence.doubt_about_english(probabilities, length(activity.speech), model)
    return [doubt] if doubt else []
