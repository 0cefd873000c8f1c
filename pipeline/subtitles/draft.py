"""A draft: what people have changed in the subtitles of one track, as its file's lines tell it (pure)."""

from collections.abc import Iterable, Mapping, Sequence

from pipeline.subtitles import cue_changes
from pipeline.subtitles.cue_changes import CueChange
from pipeline.subtitles.draft_cues import DraftCue, EditRejected, in_order, require_sound
from pipeline.subtitles.operations import AnyOperation, RedoOperation, UndoOperation
from pipeline.values import Struct, replace

SCHEMA = 1


class DraftLine(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, tag_field="line"):
    """A line of a draft's file."""

    revision: int
    at: str  # in UTC
    who: str


class DraftBegun(DraftLine, frozen=True, tag="begun"):
    """The cues that all later changes are of."""

    schema: int
    base: str  # digest of the WebVTT file that they are from
    cues: tuple[DraftCue, ...]


class DraftChange(DraftLine, frozen=True, tag="change"):
    """One operation; of an undone or repeated one, ``of`` is its revision."""

    do: str
    before: tuple[DraftCue, ...]
    after: tuple[DraftCue, ...]
    of: int = 0


class DraftAccepted(DraftLine, frozen=True, tag="accepted"):
    """The changes are in the job's subtitles now."""


AnyLine = DraftBegun | DraftChange | DraftAccepted


class EditConflict(Exception):
    """Somebody else was first. ``theirs`` are the cues as they are now, where the operation wanted others."""

    def __init__(self, theirs: Sequence[DraftCue]) -> None:
        super().__init__("Somebody else has changed this cue meanwhile.")
        self.theirs = tuple(theirs)


class Draft(Struct, frozen=True):
    """``begun`` is the line with which it began; ``changes``: all since then. ``done`` and ``undone`` are revisions."""

    begun: DraftBegun | None = None
    cues: Mapping[str, DraftCue] = {}
    changes: tuple[DraftChange, ...] = ()
    done: tuple[int, ...] = ()
    undone: tuple[int, ...] = ()
    revision: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed."""
        return not self.done

    @property
    def people(self) -> str:
        """Those whose changes count."""
        return ", ".join(dict.fromkeys(each.who for each in self.changes if each.revision in self.done))

    def change(self, revision: int) -> DraftChange:
        return next(each for each in self.changes if each.revision == revision)


def after_lines(draft: Draft, lines: Iterable[AnyLine]) -> Draft:
    """The draft with what these lines add to it."""
    cues, changes = dict(draft.cues), list(draft.changes)
    begun, done, undone, revision = draft.begun, list(draft.done), list(draft.undone), draft.revision
    for line in lines:
        revision = line.revision
        match line:
            case DraftBegun():
                begun, cues, changes, done, undone = line, {cue.id: cue for cue in line.cues}, [], [], []
            case DraftAccepted():
                begun, cues, changes, done, undone = None, {}, [], [], []
            case DraftChange():
                _put(cues, line)
                changes.append(line)
                _count(line, done, undone)
    return Draft(begun, cues, tuple(changes), tuple(done), tuple(undone), revision)


def _put(cues: dict[str, DraftCue], change: DraftChange | CueChange) -> None:
    for cue in change.before:
        cues.pop(cue.id, None)
    cues.update({cue.id: cue for cue in change.after})


def _count(line: DraftChange, done: list[int], undone: list[int]) -> None:
    if line.do == "undo":
        done.remove(line.of)
        undone.append(line.of)
    elif line.do == "redo":
        undone.remove(line.of)
        done.append(line.of)
    else:
        done.append(line.revision)
        undone.clear()


def next_line(  # noqa: PLR0913, PLR0917  # what a line says
    draft: Draft, operation: AnyOperation, seen: int, who: str, at: str, film_end: int | None = None
) -> DraftChange | None:
    """The line that an operation adds; ``None`` where it changes nothing. ``seen`` is the revision that the person saw.

    Raises ``EditRejected``, and ``EditConflict`` where the same cues were changed since.
    """
    _require_seen(draft, operation, seen)
    revision = draft.revision + 1
    if isinstance(operation, UndoOperation | RedoOperation):
        return _step(draft, operation, DraftChange(revision=revision, at=at, who=who, do="", before=(), after=()))
    names = iter(f"{revision}.{number}" for number in range(1, cue_changes.MOST_CUES + 2))
    found = cue_changes.change(operation, draft.cues, lambda: next(names))
    sides = [{cue.id: cue for cue in side} for side in (found.before, found.after)]
    changed = tuple(cue for cue in found.after if sides[0].get(cue.id) != cue)
    gone = tuple(cue for cue in found.before if sides[1].get(cue.id) != cue)
    if not changed and not gone:
        return None
    cues = dict(draft.cues)
    _put(cues, found)
    require_sound(changed, cues, draft.cues, film_end)
    do = str(operation.__struct_config__.tag)
    return DraftChange(revision=revision, at=at, who=who, do=do, before=gone, after=changed)


def _step(draft: Draft, operation: UndoOperation | RedoOperation, line: DraftChange) -> DraftChange:
    is_undo = isinstance(operation, UndoOperation)
    revisions = draft.done if is_undo else draft.undone
    if not revisions:
        raise EditRejected("There is nothing to undo." if is_undo else "There is nothing to do again.")
    change = draft.change(revisions[-1])
    before, after = (change.after, change.before) if is_undo else (change.before, change.after)
    return replace(line, do="undo" if is_undo else "redo", before=before, after=after, of=change.revision)


def _require_seen(draft: Draft, operation: AnyOperation, seen: int) -> None:
    """An operation on other cues than those that were changed since is as good as if it came first."""
    since = [each for each in draft.changes if each.revision > seen]
    # Who saw the revision just before the draft began saw the cues that it began with.
    is_older = draft.begun is not None and seen < draft.begun.revision - 1
    if not since and not is_older:
        return
    touched = {cue.id for each in since for cue in (*each.before, *each.after)}
    ids = set(cue_changes.ids_of(operation, draft.cues))
    steps = isinstance(operation, UndoOperation | RedoOperation)
    if is_older or steps or ids & touched or any(id not in draft.cues for id in ids):
        raise EditConflict(_theirs(draft, since, ids))


def _theirs(draft: Draft, since: Sequence[DraftChange], ids: set[str]) -> list[DraftCue]:
    """What is there now of the cues in question, and of those that took their places."""
    known = set(ids)
    for each in since:
        if known & {cue.id for cue in each.before}:
            known |= {cue.id for cue in each.after}
    return in_order(cue for id, cue in draft.cues.items() if id in known)
