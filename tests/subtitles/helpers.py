"""Drafts for tests."""

from pipeline.subtitles.draft import AnyLine, Draft, DraftBegun, after_lines, next_line
from pipeline.subtitles.draft_cues import DraftCue
from pipeline.subtitles.operations import AnyOperation

AT = "2026-01-01T00:00:00Z"
CUES = (
    DraftCue("1", 1000, 3000, "Hello there, my friend.", "Ann"),
    DraftCue("2", 3000, 5000, "<i>How are\nyou today?</i>", "Bob"),
    DraftCue("3", 6000, 8000, "Fine.", "Ann"),
)
FILM_END = 10_000


def begun(cues: tuple[DraftCue, ...] = CUES) -> Draft:
    line = DraftBegun(revision=1, at=AT, who="ann", schema=1, base="sha256:0", cues=cues)
    return after_lines(Draft(), [line])


def edited(draft: Draft, *operations: AnyOperation, who: str = "ann") -> Draft:
    """After each of these operations, as somebody does them who sees all that is there."""
    for operation in operations:
        line = next_line(draft, operation, draft.revision, who, AT, FILM_END)
        lines: list[AnyLine] = [line] if line else []
        draft = after_lines(draft, lines)
    return draft


def texts(draft: Draft) -> list[str]:
    return [cue.text for cue in sorted(draft.cues.values(), key=lambda cue: cue.start)]
