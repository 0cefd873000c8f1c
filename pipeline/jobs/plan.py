"""``job.json``: what a job is to run, frozen when it was prepared. Its form is ``schemas/job.json``.

It is decoded once into these values. A field that has its default isn't written, since a plan can have ten thousand
stages.
"""

from typing import Any, Literal

from pipeline.envs.choice.source import EXTERNAL, EnvironmentSource
from pipeline.policy import STARTS, ResourceRequest, Start
from pipeline.references import JOB_INPUT, is_paired, split
from pipeline.text import printable
from pipeline.values import Struct, field


class JobInput(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The file that a job was prepared for, as it was then."""

    path: str  # absolute
    size: int  # bytes
    mtime_ns: int
    digest: str  # sha256:…
    duration_s: float | None  # None where it isn't media, or doesn't say
    ctime_ns: int | None = None  # of its last change, which nobody can set; None in a plan of an earlier version


class Retries(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    attempts: int = 1  # in one run
    backoff: float = 1.0  # seconds before the second attempt; doubled before each further one

    def pause(self, failed: int) -> float:
        """Seconds to wait after this many failed attempts."""
        return float(self.backoff * 2 ** (failed - 1))


class PlannedStage(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One stage of a job. ``inputs`` hold references: ``job.input``, or ``STAGE.OUTPUT`` by planned names.

    With ``for_each`` it stands for one member for each item of a list that is known only when the job runs. Its
    parameters may hold ``$each`` and its inputs ``STAGE[$each].OUTPUT``, both filled in then.
    """

    name: str
    uses: str  # the name of its file in stages/
    environment: str
    needs: tuple[str, ...]
    inputs: dict[str, tuple[str, ...]]
    parameters: dict[str, Any]
    models: dict[str, str]  # slot to the model's name
    outputs: dict[str, str]  # to a file name, or a pattern that one file has
    for_each: str | None = None  # STAGE.OUTPUT
    ensure: dict[str, dict[str, Any]] = field(default_factory=dict)
    function: str | None = None  # the digest of functions/USES.py in the job's folder, where it is a function
    modules: tuple[str, ...] = ()  # in stages/modules/, loaded with the stage
    services: dict[str, str] = field(default_factory=dict)  # as the stage names them, to those of the plan
    secrets: dict[str, str] = field(default_factory=dict)  # parameters, each with where its value comes from
    passed: tuple[str, ...] = ()  # the caller's variables that it gets beside what every stage gets
    is_command: bool = False  # the stage's file is stages/USES.yaml, and starts a program
    # The programs that a command starts, each with the environment that has it, or PATH.
    programs: dict[str, str] = field(default_factory=dict)
    title: str = ""  # what it does, in a person's words
    # The ways it may be started, the preferred one first. An older plan may name one that there is no more.
    start: tuple[str, ...] = ("cold",)
    timeout_seconds: float | None = None  # of one attempt
    expected_seconds: float | None = None
    expected_per_second: float | None = None  # seconds for each second of the job's input
    network: bool = True  # without it, the stage has its own loopback alone
    read_only: bool = False  # whether it can write into its own folder alone
    cache: bool = True  # whether other jobs may reuse its results
    resources: ResourceRequest = ResourceRequest()
    retries: Retries = Retries()

    @property
    def planned_name(self) -> str:
        """The name in the plan: for a member of a fan-out over a list, that of the fan-out."""
        return self.name

    @property
    def label(self) -> str:
        """How messages name it: by its title, with the name that commands take."""
        return f"'{printable(self.title)}' ({self.name})" if self.title else f"'{self.name}'"

    @property
    def file(self) -> str:
        """From the project's folder; of a function, from the job's."""
        if self.function:
            return f"functions/{self.uses}.py"
        return f"stages/{self.uses}.{'yaml' if self.is_command else 'py'}"

    def way(self, preferred: Start | None) -> Start:
        """How to start the stage: as is preferred, where it allows that, else as it likes best.

        A command, and one that has secrets, such as the token of a service, or is confined, gets a process of its own,
        which ends with it.
        """
        if self.secrets or self.services or self.is_confined or self.is_command:
            return "cold"
        ways = [way for name in self.start for way in STARTS if way == name]
        return preferred if preferred in ways else next(iter(ways), "cold")

    @property
    def is_confined(self) -> bool:
        return self.read_only or not self.network

    @property
    def takes_job_input(self) -> bool:
        return any(JOB_INPUT in references for references in self.inputs.values())

    @property
    def sources(self) -> list[tuple[str, bool]]:
        """The stages whose outputs it takes, each with whether only the member for the same value counts."""
        references = [each for listed in self.inputs.values() for each in listed if each != JOB_INPUT]
        lists = [(split(self.for_each)[0], False)] if self.for_each else []
        return [*((split(each)[0], is_paired(each) and not self.is_own_file(each)) for each in references), *lists]

    def is_own_file(self, reference: str) -> bool:
        """Whether each member of this fan-out gets its own file of the directory that the fan-out is over."""
        return is_paired(reference) and ".".join(split(reference)) == self.for_each


class PlannedService(Struct, frozen=True, forbid_unknown_fields=True):
    """A service of a job: a program that its stages use while they run. It has no result."""

    # Without inputs and outputs. How it is asked whether it is ready stands in the stage's file alone: that may be a
    # command, and a plan leads to none but the project's own.
    stage: PlannedStage

    @property
    def name(self) -> str:
        return self.stage.name


class EnvironmentOrigin(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where an environment of a job comes from."""

    source: EnvironmentSource
    place: str | None = None  # an external environment's folder; the path in use comes from its definition
    migration_target: str | None = None  # what it stands in for
    warning: str | None = None  # why results that are made with it stay in their job

    @property
    def is_external(self) -> bool:
        return self.source in EXTERNAL


class BesideInput(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes next to the input as well."""

    outputs: tuple[str, ...]  # of those that are delivered
    overwrite: bool  # also over a file that isn't ours


class BetterEngine(Struct, frozen=True, forbid_unknown_fields=True):
    """An engine that would be taken instead, but for what it lacks."""

    engine: str
    lacks: tuple[str, ...]
    commands: tuple[str, ...]


class EngineDecision(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which engine does a task, and why. A task alone is something that a person should know."""

    task: str
    engine: str | None = None
    model: str | None = None
    why: str | None = None
    doubt: str | None = None  # what isn't known yet and may keep it from working
    better: tuple[BetterEngine, ...] = ()


class BetterModel(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A model that gets fewer words wrong, and what it would cost."""

    model: str
    about: str  # for a person
    command: str
    is_here: bool = False
    size: int | None = None  # bytes of its download, where they are known
    seconds: float | None = None  # for the whole input
    wrong_percent: float | None = None  # of the words; None where nobody measured it
    measured_on: str | None = None  # what the model was to recognise for that


class ModelDecision(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which model recognises speech, why, and what to expect of it."""

    model: str
    language: str = ""  # the code; empty where it isn't known what is spoken
    why: str | None = None  # None where a person named the model
    seconds: float | None = None  # for the whole input, as was expected
    basis: str | None = None  # how that is known
    wrong_percent: float | None = None  # of the words; at least so many where ``note`` says so
    measured_on: str | None = None  # what the model was to recognise for that
    note: str | None = None  # what a person should know of the text that it makes
    # What they should know in each language, by its code, where nobody named the one that is spoken. Languages in which
    # there is nothing to say are absent.
    notes: dict[str, str] = field(default_factory=dict)
    better: tuple[BetterModel, ...] = ()


class WorkerBounds(Struct, frozen=True, forbid_unknown_fields=True):
    """When a process that is kept for later stages ends."""

    idle_seconds: float
    tasks: int
    memory: int  # bytes, looked at after each task


class Plan(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """All of ``job.json``."""

    schema: Literal[1]
    job_id: str
    created_at: str  # YYYY-MM-DDTHH:MM:SSZ
    workflow: str
    input: JobInput
    parameters: dict[str, Any]
    environments: dict[str, str]  # to venv/NAME, a label: the path in use comes from the project
    environment_keys: dict[str, str]
    environment_sources: dict[str, EnvironmentOrigin] = field(default_factory=dict)
    environment_locks: dict[str, str] = field(default_factory=dict)  # to the digest of the lock that it was built from
    # To the variables that the definition sets, with {cache} and the like as they were written.
    environment_variables: dict[str, dict[str, str]] = field(default_factory=dict)
    unconfined: str | None = None  # why stages that should be confined aren't, on this machine
    inherits_environment: bool = False  # whether stages get all of the caller's variables
    allows_code: bool = False  # whether models in folders may run code when they are loaded
    stage_environments: dict[str, str]
    tools: dict[str, dict[str, str]]  # environment to its programs, each with the environment that has it, or PATH
    tool_versions: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)  # how they are asked for it
    models: dict[str, str]  # to the model's digest
    stages: tuple[PlannedStage, ...]  # in an order in which they can run
    services: tuple[PlannedService, ...] = ()  # each is used by a stage
    deliver: tuple[str, ...]
    asked: dict[str, str] = field(default_factory=dict)  # parameters as they were typed
    decisions: tuple[EngineDecision, ...] = ()
    model_decision: ModelDecision | None = None
    beside: BesideInput | None = None
    disk_needed: int = 0  # bytes that the job was thought to write
    grace_seconds: float
    cache_limit: int  # bytes that the store of results may hold when the job has run
    workers: WorkerBounds
    timeout_seconds: float | None = None  # of the whole job

    @property
    def programs(self) -> tuple[PlannedStage, ...]:
        """All that is started for the job: its services, and its stages."""
        return (*(service.stage for service in self.services), *self.stages)

    def origin(self, environment: str) -> EnvironmentOrigin:
        """A plan from before there were others than the live build says nothing."""
        return self.environment_sources.get(environment, LIVE)


LIVE = EnvironmentOrigin(EnvironmentSource.LIVE)
