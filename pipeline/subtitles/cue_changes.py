"""What operations do to the cues of a draft (pure). Each becomes a change: cues before, and after."""

from collections.abc import Callable, Mapping, Sequence

from pipeline.errors import UsageError
from pipeline.subtitles import cue_text
from pipeline.subtitles.draft_cues import SPEAKERS, DraftCue, EditRejected, clock, in_order, tidy
from pipeline.subtitles.operations import (
    AddOperation,
    AnyOperation,
    CueEdit,
    DeleteOperation,
    MergeOperation,
    ProposalOperation,
    RenameOperation,
    SpeakerOperation,
    SplitOperation,
    SubstituteOperation,
    TextOperation,
    TimesOperation,
)
from pipeline.values import Struct, replace

MOST_CUES = 500  # of a proposal


class CueChange(Struct, frozen=True):
    """Cues that go, and cues that come; one with the same id on both sides has changed."""

    before: tuple[DraftCue, ...]
    after: tuple[DraftCue, ...]


Cues = Mapping[str, DraftCue]
NewId = Callable[[], str]


class CuesGone(UsageError):
    """The cue isn't there any more: somebody has deleted, split or joined it."""


def ids_of(operation: AnyOperation, cues: Cues) -> tuple[str, ...]:
    """The cues that an operation is about, some of which may be gone."""
    match operation:
        case TextOperation(id=id) | TimesOperation(id=id) | SplitOperation(id=id):
            return (id,)
        case MergeOperation(id=id):
            following = _following(cues, id)
            return (id, *([following.id] if following else []))
        case DeleteOperation(ids=ids) | SpeakerOperation(ids=ids) | ProposalOperation(ids=ids):
            return ids
        case SubstituteOperation(texts=texts):
            return tuple(texts)
        case _:
            return ()


def change(operation: CueEdit, cues: Cues, new_id: NewId) -> CueChange:
    """Raises ``EditRejected``, and ``CuesGone`` where a cue isn't there."""
    ids = ids_of(operation, cues)
    if any(id not in cues for id in ids):
        raise CuesGone("This cue isn't there any more.")
    before = [cues[id] for id in ids]
    if isinstance(operation, RenameOperation):
        return _renamed(operation, cues)
    return CueChange(tuple(before), tuple(_after(operation, before, new_id)))


def _after(operation: CueEdit, before: Sequence[DraftCue], new_id: NewId) -> Sequence[DraftCue]:
    after: Sequence[DraftCue] = ()
    match operation:
        case TextOperation(text=text):
            after = [replace(before[0], text=tidy(text))]
        case TimesOperation(start=start, end=end):
            after = [replace(before[0], start=start, end=end)]
        case SplitOperation():
            after = _split(operation, before[0], new_id)
        case MergeOperation():
            after = _merged(before)
        case AddOperation(start=start, end=end, text=text, speaker=speaker):
            after = [DraftCue(new_id(), start, end, tidy(text), _name(speaker))]
        case SpeakerOperation(speaker=speaker):
            after = [replace(cue, speaker=_name(speaker)) for cue in before]
        case SubstituteOperation(texts=texts):
            after = [replace(cue, text=tidy(texts[cue.id])) for cue in before]
        case ProposalOperation():
            after = _proposed(operation, before, new_id)
    return after


def _split(operation: SplitOperation, cue: DraftCue, new_id: NewId) -> list[DraftCue]:
    first, second = cue_text.parted(cue.text, operation.offset)
    sizes = [len(cue_text.plain(text).strip()) for text in (first, second)]
    if not all(sizes):
        raise EditRejected("Put the caret between two words: each of the two cues needs some text.")
    at = operation.at
    if at is None or not cue.start < at < cue.end:
        at = cue.start + round((cue.end - cue.start) * sizes[0] / sum(sizes))
    if not cue.start < at < cue.end:
        raise EditRejected(f"The cue at {clock(cue.start)} is too short to be split.")
    return [replace(cue, end=at, text=tidy(first)), replace(cue, id=new_id(), start=at, text=tidy(second))]


def _merged(before: Sequence[DraftCue]) -> list[DraftCue]:
    if len(before) < 2:
        raise EditRejected("There is no next cue to join this one with.")
    text, speaker = cue_text.joined(*before)
    return [replace(before[0], end=max(cue.end for cue in before), text=tidy(text), speaker=speaker)]


def _renamed(operation: RenameOperation, cues: Cues) -> CueChange:
    new = _name(operation.new_name)
    before = tuple(cue for cue in in_order(cues.values()) if operation.name in cue.speaker.split(SPEAKERS))
    if not before:
        raise EditRejected("Nobody of this name speaks in these subtitles.")
    return CueChange(
        before, tuple(replace(cue, speaker=_with_name(cue.speaker, operation.name, new)) for cue in before)
    )


def _with_name(speaker: str, name: str, new: str) -> str:
    return SPEAKERS.join(new if each == name else each for each in speaker.split(SPEAKERS))


def _proposed(operation: ProposalOperation, before: Sequence[DraftCue], new_id: NewId) -> list[DraftCue]:
    """The first ones keep the ids of those whose places they take."""
    if len(operation.cues) > MOST_CUES:
        raise EditRejected(f"These are {len(operation.cues)} cues; {MOST_CUES} can be taken at once.")
    kept = [*(cue.id for cue in before), *([""] * len(operation.cues))]
    return [
        replace(cue, id=id or new_id(), text=tidy(cue.text), speaker=_name(cue.speaker))
        for id, cue in zip(kept, operation.cues, strict=False)
    ]


def _following(cues: Cues, id: str) -> DraftCue | None:
    if id not in cues:
        return None
    row = [cue for cue in in_order(cues.values()) if cue.row == cues[id].row]
    place = next(number for number, cue in enumerate(row) if cue.id == id)
    return row[place + 1] if place + 1 < len(row) else None


def _name(speaker: str) -> str:
    """A name in one line, without what WebVTT takes for a tag."""
    return " ".join("".join(" " if letter in "<>" else letter for letter in speaker).split())[:100]
