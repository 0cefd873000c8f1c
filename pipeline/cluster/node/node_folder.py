"""The folder of a node: what its agent keeps, on a disk of its own."""

import os
from pathlib import Path

from pipeline.cluster.wire.attempt_order import AttemptId
from pipeline.digests import sha256_of_bytes
from pipeline.project import ProjectFolder
from pipeline.values import Struct, encode


class NodeFolder(Struct, frozen=True):
    root: Path

    @property
    def project(self) -> ProjectFolder:
        """Environments are built here as in a project; nothing of it is written by people."""
        return ProjectFolder(self.root)

    @property
    def contents(self) -> Path:
        return self.root / "contents"

    @property
    def definitions(self) -> Path:
        """What environments are built from, by their keys."""
        return self.root / "definitions"

    @property
    def attempts(self) -> Path:
        return self.root / "attempts"

    @property
    def outcomes(self) -> Path:
        """What is kept of attempts that have ended."""
        return self.root / "outcomes.jsonl"

    @property
    def sources(self) -> Path:
        """The files of stages, as the agent that works here has laid them out."""
        return self.root / "sources"

    @property
    def owner(self) -> Path:
        """Whose it is."""
        return self.root / "owner"

    @property
    def note(self) -> Path:
        """Of the agent that works here."""
        return self.root / "agent.json"

    def attempt(self, id: AttemptId) -> Path:
        """Its own folder, which isn't there unless something is in it; names of jobs and stages are no paths here."""
        work = sha256_of_bytes(encode(id.work)).removeprefix("sha256:")[:32]
        return self.attempts / f"{work}.{id.number}"

    def make(self) -> None:
        """For this user alone. Raises ``OSError``."""
        for folder in (
            self.root,
            self.contents,
            self.definitions,
            self.attempts,
            self.project.logs,
            self.project.cache,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.root, 0o700)  # noqa: PTH101
