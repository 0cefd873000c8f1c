"""What a page hears while it is open, as a browser's EventSource reads it."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.api.folder_notices import FolderNotices
from pipeline.errors import PipelineError
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.proposal_file import NewProposals
from pipeline.ui.background import give_way
from pipeline.ui.draft_news import DraftNews
from pipeline.ui.live_job import LiveJob
from pipeline.values import encode

TOGETHER_SECONDS = 0.4  # between two messages: what happens meanwhile comes in one
BUSY_SECONDS = 1.0  # the same where more happens than anybody can follow, which a browser would draw at the run's cost
BUSY_BYTES = 16 << 10  # of a message: some 100 rows
OWN_EVENTS = ("proxy", "film")  # kinds that pages hear by these names; all others are proposals
SILENCE_SECONDS = 5.0  # until a message without content shows whether the page is still open
STILL_HERE = b": still here\n\n"


def of_job(job: PlannedJob) -> Iterator[bytes]:
    """Messages for as long as the browser reads them. A job that is removed ends it."""
    return _messages(LiveJob(job))


def _messages(live: LiveJob) -> Iterator[bytes]:
    job = live.job
    give_way()
    proposals = NewProposals(job.folder)
    with FolderNotices(job.folder, job.logs) as notices:
        drafts = DraftNews(job.folder, notices)
        while job.folder.is_dir():
            try:
                news = _news(live, proposals, drafts)
                yield news or STILL_HERE
            except PipelineError as error:  # its journal is gone, or damaged
                yield message("ended", {"words": error.message})
                return
            time.sleep(BUSY_SECONDS if len(news) > BUSY_BYTES else TOGETHER_SECONDS)
            notices.wait(SILENCE_SECONDS)
    yield message("ended", {"words": "The job was removed."})


def _news(live: LiveJob, proposals: NewProposals, drafts: DraftNews) -> bytes:
    """All that has happened since the last call, in one piece: each wakes several processes of a browser.

    Raises ``PipelineError``.
    """
    proposed = proposals.take()  # before the journal is read, which then has all that was done before them
    pieces = [message("stages", live.message())] if live.has_news() else []
    if grown := live.grown_logs():
        pieces.append(message("logs", grown))
    pieces += [message(str(each["kind"]) if each.get("kind") in OWN_EVENTS else "proposal", each) for each in proposed]
    if changed := drafts.take():
        pieces.append(message("drafts", changed))
    return b"".join(pieces)


def of_rows(folders: Sequence[Path], rows: Callable[[], list[Any]]) -> Iterator[bytes]:
    """A table's rows, made again whenever something is added to these folders, removed or replaced."""
    told: object = None
    with FolderNotices(*folders) as notices:
        while True:
            if (now := [_entries(folder) for folder in folders]) != told:
                told = now
                yield message("rows", rows())
            time.sleep(TOGETHER_SECONDS)
            notices.wait(SILENCE_SECONDS)
            yield STILL_HERE


def _entries(folder: Path) -> list[tuple[str, int]]:
    found = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        found = sorted((entry.name, entry.stat(follow_symlinks=False).st_mtime_ns) for entry in entries)
    return found


def message(name: str, data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), encode(data))
