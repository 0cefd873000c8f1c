"""The report of a lint of cues, as a document (config/schemas/subtitle_report.json)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from subtitling.cues import Cue
from subtitling.frame_clock import FrameClock
from subtitling.lint import UNITS, Violation, lint, reading_speed, too_fast_share
from subtitling.style_profiles import StyleProfile

SCHEMA = 1


def report(cues: Sequence[Cue], profile: StyleProfile, language: str, clock: FrameClock) -> dict[str, Any]:
    """``broken`` counts the violations of every rule, zero included; ``violations`` lists them, with seconds."""
    violations = lint(cues, profile, clock)
    broken = Counter(each.rule for each in violations)
    return {
        "schema": SCHEMA,
        "style": profile.style,
        "style_source": profile.source,
        "language": language,
        "frame_rate": str(clock.rate) if clock.rate else None,
        "cues": len(cues),
        "reading_speed": {
            "allowed": profile.speed_characters,
            "highest": round(max((reading_speed(cue, profile) for cue in cues), default=0.0), 2),
            "share_over": round(too_fast_share(cues, violations), 4),
        },
        "broken": {rule: broken[rule] for rule in UNITS},
        "violations": [_entry(each) for each in violations],
    }


def _entry(violation: Violation) -> dict[str, Any]:
    return {
        "rule": violation.rule,
        "cues": list(violation.cues),
        "at_s": violation.at / 1000,
        "measured": round(violation.measured, 3),
        "allowed": round(violation.allowed, 3),
        "unit": violation.unit,
    }
