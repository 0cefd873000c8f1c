"""What a person can do to the cues of a draft, as a page sends it."""

from collections.abc import Mapping

from pipeline.subtitles.draft_cues import DraftCue
from pipeline.values import Struct


class CueOperation(Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    """What a page sends."""


class TextOperation(CueOperation, frozen=True, tag="text"):
    """Let a cue say something else."""

    id: str
    text: str


class TimesOperation(CueOperation, frozen=True, tag="times"):
    """Move a cue, or one of its ends."""

    id: str
    start: int
    end: int


class SplitOperation(CueOperation, frozen=True, tag="split"):
    """Cut a cue in two at a character of its text. ``at``: when the second begins; else by the length of the texts."""

    id: str
    offset: int
    at: int | None = None


class MergeOperation(CueOperation, frozen=True, tag="merge"):
    """Join a cue with the next one in its row of the picture."""

    id: str


class AddOperation(CueOperation, frozen=True, tag="add"):
    start: int
    end: int
    text: str
    speaker: str = ""


class DeleteOperation(CueOperation, frozen=True, tag="delete"):
    ids: tuple[str, ...]


class SpeakerOperation(CueOperation, frozen=True, tag="speaker"):
    """Say who speaks in cues; an empty name is nobody's."""

    ids: tuple[str, ...]
    speaker: str


class RenameOperation(CueOperation, frozen=True, tag="rename_speaker"):
    """Another name for a speaker, everywhere."""

    name: str
    new_name: str


class SubstituteOperation(CueOperation, frozen=True, tag="substitute"):
    """New texts of many cues at once, which a search has made."""

    texts: Mapping[str, str]


class ProposalOperation(CueOperation, frozen=True, tag="proposal"):
    """Other cues in the place of some: what was recognised or translated again."""

    ids: tuple[str, ...]
    cues: tuple[DraftCue, ...]  # their ids don't count


class UndoOperation(CueOperation, frozen=True, tag="undo"):
    pass


class RedoOperation(CueOperation, frozen=True, tag="redo"):
    pass


CueEdit = (
    TextOperation
    | TimesOperation
    | SplitOperation
    | MergeOperation
    | AddOperation
    | DeleteOperation
    | SpeakerOperation
    | RenameOperation
    | SubstituteOperation
    | ProposalOperation
)
AnyOperation = CueEdit | UndoOperation | RedoOperation
