"""Speech for tests, and cues made of it."""

import random
from collections.abc import Sequence
from typing import Any

from subtitling import cue_segmentation, frame_clock, style_profiles, timed_words
from subtitling.cues import Cue, TimedWord
from subtitling.frame_clock import FrameClock
from subtitling.lint import Violation, lint
from subtitling.style_profiles import StyleProfile

NO_CLOCK = FrameClock()


def spoken(text: str, start: int = 0, pace: int = 300, speaker: str = "") -> list[TimedWord]:
    """The words of a text, evenly spoken without a pause."""
    each = enumerate(text.split())
    return [TimedWord(start + index * pace, start + (index + 1) * pace, f" {word}", speaker) for index, word in each]


def cues_of(
    said: Sequence[TimedWord],
    language: str = "en",
    style: str = "netflix",
    clock: FrameClock = NO_CLOCK,
    duration: int | None = None,
) -> list[Cue]:
    profile = style_profiles.profile_of(style, language)
    tidy = timed_words.tidy(said, profile)
    until = duration if duration is not None else (tidy[-1].end if tidy else 0) + 10_000
    return cue_segmentation.cues_of_words(tidy, profile, language, clock, until)


def texts(cues: Sequence[Cue]) -> list[str]:
    return [cue.text for cue in cues]


def violations(cues: Sequence[Cue], language: str = "en", clock: FrameClock = NO_CLOCK) -> list[Violation]:
    return lint(cues, style_profiles.profile_of("netflix", language), clock)


def rules(cues: Sequence[Cue], language: str = "en", clock: FrameClock = NO_CLOCK) -> set[str]:
    return {violation.rule for violation in violations(cues, language, clock)}


def bare(text: str) -> str:
    """Without white space."""
    return "".join(text.split())


def ordinary_speech(text: str, minutes: float, seed: int, parted: bool = True) -> list[TimedWord]:
    """A text over and over, as people speak: some 15 characters a second, with pauses after sentences."""
    dice, said, clock = random.Random(seed), [], 0
    tokens = [f" {token}" for token in text.split()] if parted else list(text)
    while clock < minutes * 60_000:
        for token in tokens:
            wide = sum(2 if ord(character) > 0x2E80 else 1 for character in token)
            length = round(wide * dice.uniform(55, 75))
            said.append(TimedWord(clock, clock + length, token))
            clock += length + (dice.randint(200, 1500) if token.endswith((".", "?", "!", "。", "।", "؟")) else 0)
    return said


def profile_of(language: str, style: str = "netflix") -> StyleProfile:
    return style_profiles.profile_of(style, language)


def transcript(*said: tuple[float, float, str], duration: float = 60.0, **more: Any) -> dict[str, Any]:
    listed = [{"start": start, "end": end, "word": word} for start, end, word in said]
    return {"language": "en", "duration_s": duration, "segments": [{"words": listed}], **more}


CLOCKS = [
    FrameClock(),
    frame_clock.clock_of_rate(25),
    frame_clock.clock_of_rate("24000/1001"),
    frame_clock.clock_of_rate(60),
]
