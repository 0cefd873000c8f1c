"""The JSON Schemas that outputs are to fit, as parts of a stage's key."""

from pathlib import Path

from pipeline.digests import sha256_of_bytes
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder


class SchemaDigests:
    """Each file is read once in a run."""

    def __init__(self, project: ProjectFolder) -> None:
        self._project = project
        self._known: dict[Path, str | None] = {}

    def of(self, stage: PlannedStage, stage_file: Path) -> dict[str, str | None]:
        """By output; ``None`` where a schema isn't there, which shows at the end."""
        named = {output: promise["schema"] for output, promise in stage.ensure.items() if promise.get("schema")}
        if not named:
            return {}
        owner = self._project.owner(stage_file)
        return {output: self._digest(owner.locate(name)) for output, name in named.items()}

    def _digest(self, file: Path) -> str | None:
        if file not in self._known:
            try:
                self._known[file] = sha256_of_bytes(file.read_bytes())
            except OSError:
                self._known[file] = None
        return self._known[file]
