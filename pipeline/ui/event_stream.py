"""What a page hears while it is open, as a browser's EventSource reads it."""

import json
import time
from collections.abc import Iterator
from typing import Any

from pipeline.api.folder_notices import FolderNotices
from pipeline.errors import PipelineError
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.proposal_file import NewProposals
from pipeline.ui.live import LiveJob

TOGETHER_SECONDS = 0.4  # between two messages: what happens meanwhile comes in one
SILENCE_SECONDS = 5.0  # until a message without content shows whether the page is still open


def of_job(job: PlannedJob) -> Iterator[bytes]:
    """Messages for as long as the browser reads them. A job that is removed ends it."""
    return _messages(LiveJob(job))


def _messages(live: LiveJob) -> Iterator[bytes]:
    job = live.job
    proposals = NewProposals(job.folder)
    with FolderNotices(job.folder, job.logs) as notices:
        while job.folder.is_dir():
            try:
                if live.has_news():
                    yield message("stages", live.message())
            except PipelineError as error:  # its journal is gone, or damaged
                yield message("ended", {"words": error.message})
                return
            if grown := live.grown_logs():
                yield message("logs", grown)
            for proposal in proposals.take():
                yield message("proxy" if proposal.get("kind") == "proxy" else "proposal", proposal)
            time.sleep(TOGETHER_SECONDS)
            notices.wait(SILENCE_SECONDS)
            yield b": still here\n\n"
    yield message("ended", {"words": "The job was removed."})


def message(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
