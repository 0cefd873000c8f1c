"""A stage's identity: if none of this has changed, the result it had is the result it would have."""

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pipeline.digests import canonical_json, sha256_of_bytes, tagged_digest
from pipeline.envs import inheritance
from pipeline.errors import ConfigurationError
from pipeline.jobs import input_name
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.jobs.records import Key
from pipeline.jobs.results import Results
from pipeline.jobs.secrets import Secrets
from pipeline.models.store import ModelStore
from pipeline.project import ProjectFolder
from pipeline.references import JOB_INPUT
from pipeline.run.invocation_file import Arguments, shown
from pipeline.run.schema_digests import SchemaDigests
from pipeline.script import reads_stage_name
from pipeline.values import encode

if TYPE_CHECKING:
    from pipeline.config.shared_modules import SharedModule
    from pipeline.run.programs import Identity, Programs
    from pipeline.run.stage_command import StageCommand

NOTHING: dict[str, Any] = {}  # one value for 100,000 stages
SDK = Path(__file__).parents[1] / "sdk"


class StageKeys:
    """The keys of one job's stages; each stage file is read once, so a run sees one version of it."""

    def __init__(
        self,
        project: ProjectFolder,
        job: PlannedJob,
        results: Results,
        caller: Mapping[str, str] = MappingProxyType({}),
        secrets: Secrets | None = None,
    ) -> None:
        """``caller``: the variables of the process that runs the job, of which stages get some."""
        self._project = project
        self._caller = caller
        self._locale = inheritance.locale_of(caller)
        self._secrets = secrets or Secrets(caller)
        self._plan = job.plan
        self.results = results
        self._programs: Programs | None = None  # made for the first stage that uses one
        self._sources: dict[str, str] = {}
        self._schema_digests = SchemaDigests(project)
        self._name_readers: dict[str, bool] = {}  # by the stage's file
        self._commands: dict[str, StageCommand] = {}  # likewise; only of those that are commands
        self._functions = {stage.uses: stage.function for stage in job.stages if stage.function}
        self._files = {uses: job.function_file(uses) for uses in self._functions}
        self._modules: dict[tuple[Path, str], SharedModule] = {}  # by what they belong to
        self._service_keys: dict[str, Key] = {}
        self._last_contents: tuple[bytes, dict[str, Any]] = (b"", {})  # those of the last key, and their text

    def of(self, stage: PlannedStage) -> Key:
        """With its parts by name, so that a difference can be told. All that the stage needs must have results.

        Raises ``ConfigurationError`` where the stage's file isn't there.
        """
        arguments, contents = self.arguments(stage), self._contents(stage)
        text = canonical_json(contents)
        digest = sha256_of_bytes(b"stage\0" + encode(arguments) + b"\0" + text)
        if text != self._last_contents[0]:
            self._last_contents = text, contents
        return Key(digest, self._last_contents[1], shown(arguments))

    def arguments(self, stage: PlannedStage) -> Arguments:
        """What the stage is called with, as its invocation says it. All that it needs must have results."""
        return Arguments(
            name=stage.name if self._reads_name(stage) else None,
            inputs={slot: self._names(refs) for slot, refs in stage.inputs.items()} if stage.inputs else NOTHING,
            parameters=stage.parameters,
            models={slot: self._model_folder(name) for slot, name in stage.models.items()} if stage.models else NOTHING,
            outputs=stage.outputs,
        )

    def save(self) -> None:
        """Remember what was read for the keys, as well as the disk allows."""
        if self._programs:
            self._programs.save()

    def _tools(self, stage: PlannedStage) -> Mapping[str, "Identity"]:
        command = self.command(stage.uses)
        if not self._plan.tools.get(stage.environment) and not command:
            return {}
        from pipeline.run.programs import Programs

        self._programs = self._programs or Programs(self._project, self._plan)
        found = self._programs.of(stage.environment)
        return {**found, **self._programs.of_command(stage, command.programs)} if command else found

    def _contents(self, stage: PlannedStage) -> dict[str, Any]:
        """What stands behind the names: code and data, by digest."""
        parts = {
            "stage": stage.uses,
            "source": self.source(stage.uses),
            "stagekit": _sdk_digest(),
            "environment": self._plan.environment_keys[stage.environment],
            "inputs": {slot: self._digests(refs) for slot, refs in stage.inputs.items()},
            "models": {slot: self._plan.models[name] for slot, name in stage.models.items()},
        }
        # A variable may switch a library to other results, so what a person set counts; {cache} counts as it is
        # written, since where a project lies changes no result. The usual ones only say where things are kept.
        variables = self._plan.environment_variables.get(stage.environment)
        modules = {name: self.module(stage, name).digest for name in stage.modules}
        optional = {
            "ensure": stage.ensure,
            "schemas": self._schema_digests.of(stage, self.file(stage.uses)),
            "modules": modules,
            "services": self._services(stage),
            "tools": self._tools(stage),
            "variables": variables,
            "locale": self._locale,
            "passed": self._passed(stage),
            "secrets": self._secret_digests(stage),
            "bounds": [*([] if stage.network else ["no network"]), *(["read only"] if stage.read_only else [])],
            "inherited": self._inherited,
        }
        return {**parts, **{name: value for name, value in optional.items() if value}}

    def of_service(self, name: str) -> Key:
        """The key of one of the job's services: all that decides what it answers. Port and token aren't in it."""
        if name not in self._service_keys:
            (planned,) = (each.stage for each in self._plan.services if each.name == name)
            self._service_keys[name] = self.of(planned)
        return self._service_keys[name]

    def _services(self, stage: PlannedStage) -> Mapping[str, Mapping[str, Any]]:
        return {slot: self.of_service(name).parts for slot, name in stage.services.items()}

    def file(self, uses: str) -> Path:
        if uses not in self._files:
            self._files[uses] = self._project.stage_file(uses)
        return self._files[uses]

    def source(self, uses: str) -> str:
        """The digest of a stage's file; of a command, that of what is started."""
        if uses not in self._sources:
            if command := self.command(uses):
                self._sources[uses], self._name_readers[uses] = command.digest, False
                return command.digest
            content = _read(self.file(uses))
            self._sources[uses] = sha256_of_bytes(content)
            self._require_frozen(uses)
            self._name_readers[uses] = reads_stage_name(content)
        return self._sources[uses]

    def _require_frozen(self, uses: str) -> None:
        """Raises ``ConfigurationError`` where a function isn't what was frozen with the job."""
        frozen = self._functions.get(uses)
        if frozen is not None and self._sources[uses] != frozen:
            raise ConfigurationError(
                f"{self.file(uses)} was changed, and a function stays as it was when the job was prepared",
                "put it back, or prepare a new job in the program or notebook that has the function",
            )

    def command(self, uses: str) -> "StageCommand | None":
        """What a command stage starts, as it was when it was first asked for; ``None`` for a stage in Python.

        Raises ``ConfigurationError`` where its file is wrong.
        """
        if self.file(uses).suffix == ".py":
            return None
        if uses not in self._commands:
            from pipeline.run import stage_command

            self._commands[uses] = stage_command.load(self._project, uses)
        return self._commands[uses]

    def _reads_name(self, stage: PlannedStage) -> bool:
        """The name in the job is shown to no other stage: under another name, or in a fan-out, it has the same key."""
        self.source(stage.uses)
        return self._name_readers[stage.uses] or any(
            self.module(stage, name).reads_stage_name for name in stage.modules
        )

    def module(self, stage: PlannedStage, name: str) -> "SharedModule":
        """What stages share, as it was when it was first asked for; ``ConfigurationError`` where it isn't there."""
        owner = self._project.owner(self.file(stage.uses))
        if (owner.root, name) not in self._modules:
            from pipeline.config import shared_modules

            self._modules[owner.root, name] = shared_modules.read(owner, name)
        return self._modules[owner.root, name]

    def loaded_source(self, stage: PlannedStage) -> str:
        """The digest of all that is loaded to run a stage: its file, and the modules that it shares."""
        own = self.source(stage.uses)
        if not stage.modules:
            return own
        modules = {name: self.module(stage, name).digest for name in stage.modules}
        return tagged_digest("loaded", {"source": own, "modules": modules})

    def _passed(self, stage: PlannedStage) -> dict[str, str | None]:
        """The variables that a stage asks for, by a digest from which their values can't be guessed."""
        if not stage.passed:
            return {}
        from pipeline.jobs.secret_digests import salted_digest

        passed = inheritance.passed(self._caller, stage.passed)
        return {
            name: salted_digest(self._project.jobs, passed[name]) if name in passed else None for name in stage.passed
        }

    def secrets(self, stage: PlannedStage) -> dict[str, str]:
        """The values of its secret parameters. Raises ``NotReady`` where one can't be had."""
        return {name: self._secrets.value(source, name) for name, source in stage.secrets.items()}

    def _secret_digests(self, stage: PlannedStage) -> dict[str, str]:
        if not stage.secrets:
            return {}
        from pipeline.jobs.secret_digests import salted_digest

        return {name: salted_digest(self._project.jobs, value) for name, value in self.secrets(stage).items()}

    @cached_property
    def _inherited(self) -> str | None:
        return inheritance.digest_of_others(self._caller) if self._plan.inherits_environment else None

    def _model_folder(self, name: str) -> str:
        return ModelStore(self._project.model_store).folder(name, self._plan.models[name]).name

    def _names(self, references: Sequence[str]) -> list[str]:
        names: list[str] = []
        for reference in references:
            if reference == JOB_INPUT:
                names.append(input_name.name_for(Path(self._plan.input.path)))
            else:
                names += [output.path.name for output in self.results.outputs(reference).values()]
        return names

    def _digests(self, references: Sequence[str]) -> list[str]:
        digests: list[str] = []
        for reference in references:
            if reference == JOB_INPUT:
                digests.append(self._plan.input.digest)
            else:
                digests += [output.digest for output in self.results.outputs(reference).values()]
        return digests


def changed_parts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Also where only an order has changed."""
    return [part for part in {**now, **before} if encode(before.get(part)) != encode(now.get(part))]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        name = f"{file.parent.name}/{file.name}"
        raise ConfigurationError(f"the stage file {name} isn't there any more", f"put {name} back") from error


@cache
def _sdk_digest() -> str:
    files = (SDK / "run_stage.py", *sorted(path for path in (SDK / "stagekit").iterdir() if path.suffix == ".py"))
    return sha256_of_bytes(b"".join(file.read_bytes() for file in files))
