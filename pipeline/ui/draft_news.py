"""Which drafts of a job have changed, for the pages that show them."""

import os
from contextlib import suppress
from pathlib import Path

from pipeline.api.folder_notices import FolderNotices
from pipeline.jobs import output_edits
from pipeline.subtitles import draft_file


class DraftNews:
    """The drafts of one job. A draft's file grows with each change."""

    def __init__(self, job: Path, notices: FolderNotices) -> None:
        self._folder = job / output_edits.FOLDER
        self._notices = notices
        self._is_watched = False
        self._sizes: dict[str, int] = {}

    def take(self) -> list[str]:
        """The tracks whose draft has changed since the last call; at first all that have one."""
        if not self._is_watched and self._folder.is_dir():
            self._notices.add(self._folder)
            self._is_watched = True
        sizes = self._now() if self._is_watched else {}
        changed = [track for track, size in sizes.items() if self._sizes.get(track) != size]
        self._sizes = sizes
        return changed

    def _now(self) -> dict[str, int]:
        sizes = {}
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                if track := draft_file.track_of(entry.name):
                    sizes[track] = entry.stat().st_size
        return sizes
