"""Every event comes back from a journal as it was written; one that this version doesn't know is refused."""

import json
import zlib
from pathlib import Path
from typing import Any, get_args

import pytest

from pipeline.errors import ExitCode, UsageError
from pipeline.jobs.events import (
    AnyEvent,
    AttemptFailed,
    EditDropped,
    EditedOutput,
    Event,
    JobPrepared,
    JobReplanned,
    OutputEdited,
    RunCancelled,
    RunEnded,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    ServiceEnded,
    ServiceReady,
    ServiceStarted,
    StageExpanded,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from pipeline.jobs.journal import CHECKSUM, NAME, Journal
from pipeline.jobs.records import OutputRecord
from pipeline.values import replace
from tests.jobs.helpers import DIGEST

ODD = "caf\udce9 \u2028 ü \U0001f600\n"  # no valid UTF-8, and more than one kind of line break
OUTPUTS = {"file": OutputRecord(ODD, 1 << 40, 1790000000123456789, "blake3:00")}
ABOUT = {"engine": ODD, "n": 1.5, "big": 10**25, "none": None, "list": [{}, []]}
EVENTS: list[AnyEvent] = [
    JobPrepared(DIGEST),
    RunStarted(),
    RunStarted({"alpha": ODD}),
    StageStarted("one", 1, DIGEST),
    StageStarted("one", 2, DIGEST, ODD),
    JobReplanned(DIGEST),
    StageExpanded("part", 0),
    StageFinished("one", 1, DIGEST, 0.0, {}),
    StageFinished("one", 2, DIGEST, 1234567.891, OUTPUTS, ("quiet", ODD), ABOUT, adopted=True, taken="job-1"),
    AttemptFailed("one", 0, 0, ODD),
    AttemptFailed("one", 3, 2.5, "killed", "out of memory", -9, 0.0),
    StageSkipped("two", "one"),
    ServiceStarted("server", DIGEST),
    ServiceStarted("server", DIGEST, shared=True),
    ServiceReady("server", 1.5),
    ServiceEnded("server"),
    ServiceEnded("server", ODD, "crashed", (ODD, "last words")),
    OutputEdited("one", {"file": EditedOutput(DIGEST, OUTPUTS["file"])}, ODD),
    EditDropped("one", ODD),
    RunInterrupted("SIGTERM"),
    RunCancelled(),
    RunFailed(ODD),
    RunEnded(),
    RunFinished(()),
    RunFinished(("a.txt", ODD)),
]


def line(fields: dict[str, Any]) -> bytes:
    """A line with its checksum, as another version would write it."""
    body = json.dumps(fields).encode("ascii")
    return b"%b%b%d}\n" % (body[:-1], CHECKSUM, zlib.crc32(body))


def test_there_is_one_of_each_kind() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(AnyEvent))


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_comes_back_with_its_checksum(tmp_path: Path, event: Event) -> None:
    journal = Journal(tmp_path)
    journal.append(event)
    journal.close()
    (read,) = journal.read()
    body, checksum = (tmp_path / NAME).read_bytes().rsplit(CHECKSUM, 1)
    assert read == replace(event, crc=zlib.crc32(body + b"}"))
    assert checksum == b"%d}\n" % read.crc


def test_all_events_of_a_journal_come_back_in_their_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for event in EVENTS:
        journal.append(event)
    journal.close()
    assert [replace(event, crc=0) for event in journal.read()] == EVENTS


def test_a_line_has_no_field_that_says_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(StageStarted("one", 1, DIGEST))
    journal.close()
    assert json.loads((tmp_path / NAME).read_bytes()).keys() == {"event", "stage", "attempt", "key", "at", "crc"}


LATER: dict[str, dict[str, Any]] = {
    "an event": {"event": "stage_teleported", "at": "now", "stage": "one"},
    "an event of a run": {"event": "run_teleported", "at": "now"},
    "an event without a name": {"at": "now", "stage": "one"},
    "a field": {"event": "run_ended", "at": "now", "teleported": True},
    "a field in an output": {
        "event": "stage_finished",
        "at": "now",
        "stage": "one",
        "attempt": 1,
        "key": DIGEST,
        "seconds": 1.0,
        "outputs": {"file": {"file": "a", "size": 1, "mtime_ns": 1, "digest": "d", "teleported": 1}},
    },
    "another form of a field": {"event": "stage_expanded", "at": "now", "stage": "one", "members": ["teleported"]},
    "NaN": {"event": "stage_failed", "at": "now", "stage": "one", "attempt": 1, "seconds": float("nan"), "reason": ""},
}


@pytest.mark.parametrize("name", LATER)
def test_what_a_later_version_wrote_is_refused(tmp_path: Path, name: str) -> None:
    journal = Journal(tmp_path)
    (tmp_path / NAME).write_bytes(line({"event": "run_started", "at": "now"}) + line(LATER[name]))
    with pytest.raises(UsageError) as refused:
        journal.read()
    assert refused.value.exit_code is ExitCode.USAGE
    assert str(tmp_path / NAME) in refused.value.message
    assert refused.value.next_step


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("an event", "'stage_teleported' - at `$[1].event`"),
        ("a field", "`teleported` - at `$[1]`"),
        ("a field in an output", "`teleported` - at `$[1].outputs[...]`"),
        ("another form of a field", "`$[1].members`"),
    ],
)
def test_it_is_named_with_its_place(tmp_path: Path, name: str, place: str) -> None:
    (tmp_path / NAME).write_bytes(line({"event": "run_started", "at": "now"}) + line(LATER[name]))
    with pytest.raises(UsageError) as refused:
        Journal(tmp_path).read()
    assert place in refused.value.message
