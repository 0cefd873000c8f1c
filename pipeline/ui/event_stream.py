"""What a page hears while it is open, as a browser's EventSource reads it."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.api.folder_notices import FolderNotices
from pipeline.errors import PipelineError
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.proposal_file import NewProposals
from pipeline.ui.draft_news import DraftNews
from pipeline.ui.live import LiveJob

TOGETHER_SECONDS = 0.4  # between two messages: what happens meanwhile comes in one
OWN_EVENTS = ("proxy", "film")  # kinds that pages hear by these names; all others are proposals
SILENCE_SECONDS = 5.0  # until a message without content shows whether the page is still open


def of_job(job: PlannedJob) -> Iterator[bytes]:
    """Messages for as long as the browser reads them. A job that is removed ends it."""
    return _messages(LiveJob(job))


def _messages(live: LiveJob) -> Iterator[bytes]:
    job = live.job
    proposals = NewProposals(job.folder)
    with FolderNotices(job.folder, job.logs) as notices:
        drafts = DraftNews(job.folder, notices)
        while job.folder.is_dir():
            proposed = proposals.take()  # before the journal is read, which then has all that was done before them
            try:
                if live.has_news():
                    yield message("stages", live.message())
            except PipelineError as error:  # its journal is gone, or damaged
                yield message("ended", {"words": error.message})
                return
            if grown := live.grown_logs():
                yield message("logs", grown)
            for each in proposed:
                yield message(str(each["kind"]) if each.get("kind") in OWN_EVENTS else "proposal", each)
            if changed := drafts.take():
                yield message("drafts", changed)
            time.sleep(TOGETHER_SECONDS)
            notices.wait(SILENCE_SECONDS)
            yield b": still here\n\n"
    yield message("ended", {"words": "The job was removed."})


def of_rows(folders: Sequence[Path], rows: Callable[[], list[Any]]) -> Iterator[bytes]:
    """A table's rows, made anew whenever something is added to these folders, removed or replaced."""
    told: object = None
    with FolderNotices(*folders) as notices:
        while True:
            if (now := [_entries(folder) for folder in folders]) != told:
                told = now
                yield message("rows", rows())
            time.sleep(TOGETHER_SECONDS)
            notices.wait(SILENCE_SECONDS)
            yield b": still here\n\n"


def _entries(folder: Path) -> list[tuple[str, int]]:
    found = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        found = sorted((entry.name, entry.stat(follow_symlinks=False).st_mtime_ns) for entry in entries)
    return found


def message(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
