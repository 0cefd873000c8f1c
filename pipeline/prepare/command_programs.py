"""The programs that command stages start: looked for where the stages will find them, before there is a job."""

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from pipeline.config.catalog import Catalog
from pipeline.config.command_stages import CommandSpec, interpreter_of
from pipeline.envs.build import Build
from pipeline.envs.definition import Definition
from pipeline.envs.platform.layout import program_folders
from pipeline.envs.variables import system_path, which
from pipeline.errors import NotReady
from pipeline.jobs.plan import PlannedStage
from pipeline.plan.planner import PlannedWorkflow
from pipeline.prepare.readiness import wrapper_note
from pipeline.sdk.command_words import find_program
from pipeline.values import replace

ON_PATH = "PATH"


@dataclass(frozen=True)
class ProgramFolders:
    """Where a stage finds programs, in order: its environment, those that provide programs to it, and ``PATH``."""

    environment: Build
    providers: Mapping[str, Path]  # environment to its folder of programs
    system: tuple[str, ...]

    @property
    def places(self) -> list[tuple[str, str]]:
        """Whose each folder is, with the folder."""
        own = program_folders(self.environment.prefix, self.environment.conda)
        return [
            *((self.environment.name, str(folder)) for folder in own),
            *((name, str(folder)) for name, folder in self.providers.items()),
            *((ON_PATH, folder) for folder in self.system),
        ]

    def find(self, program: str) -> tuple[str, str] | None:
        """The environment that has a program, or PATH, with the program's file; ``None`` where it isn't there."""
        places = [(ON_PATH, "")] if os.path.isabs(program) else self.places
        found = ((owner, find_program(program, folder)) for owner, folder in places)
        return next(((owner, file) for owner, file in found if file), None)

    def idle_file(self, program: str) -> str | None:
        """A file of that name that may not be executed."""
        files = [program] if os.path.isabs(program) else [os.path.join(folder, program) for _, folder in self.places]
        return next((file for file in files if os.path.isfile(file)), None)


def folders_of(environment: Build, providers: Mapping[str, Build]) -> ProgramFolders:
    found = {name: build.provided_tools for name, build in providers.items()}
    return ProgramFolders(environment, found, tuple(system_path(os.environ)))


def located(catalog: Catalog, uses: str, folders: ProgramFolders) -> dict[str, str]:
    """The programs of a command stage, each with the environment that has it, or PATH. Raises ``NotReady``."""
    command = catalog.stage(uses).command or CommandSpec()
    problems = [*_script_problems(uses, command)]
    owners: dict[str, str] = {}
    for program in (*command.programs, *command.interpreters):
        if found := folders.find(program):
            owners[program] = found[0]
            problems += _broken(uses, found[1], folders)
        else:
            problems.append(_missing(catalog, uses, program, folders))
    if problems:
        raise NotReady("\n".join(what for what, _ in problems), "\n".join(dict.fromkeys(step for _, step in problems)))
    return owners


def with_programs(catalog: Catalog, planned: PlannedWorkflow, folders: Mapping[str, ProgramFolders]) -> PlannedWorkflow:
    """The plan with what each command starts; ``folders`` by environment. Raises ``NotReady``."""
    kinds = {stage.uses: stage.environment for stage in planned.programs if stage.is_command}
    programs = {uses: located(catalog, uses, folders[name]) for uses, name in kinds.items()}

    def with_own(stage: PlannedStage) -> PlannedStage:
        return replace(stage, programs=programs[stage.uses]) if stage.is_command else stage

    return dataclasses.replace(
        planned,
        stages=tuple(map(with_own, planned.stages)),
        services=tuple(replace(each, stage=with_own(each.stage)) for each in planned.services),
    )


def wrapper_notes(stages: Iterable[PlannedStage], environments: Mapping[str, Definition]) -> Iterator[str]:
    """One for each program of which nobody sees that it is upgraded. The environments' own ``tools`` have theirs."""
    started = {(stage.environment, name): where for stage in stages for name, where in stage.programs.items()}
    for (environment, name), where in started.items():
        path = which(name, os.environ) if where == ON_PATH else None
        if path and name not in environments[environment].tools:
            note = wrapper_note(environments[environment], Path(name).name, Path(path))
            yield from [note] if note else []


def _script_problems(uses: str, command: CommandSpec) -> Iterator[tuple[str, str]]:
    script = command.script
    if script is not None and not os.access(script, os.X_OK):
        what = f"stages/{uses}.yaml: {script} can't be executed, since it lacks the permission"
        yield (
            what,
            f"chmod +x {quote(str(script))}   or put its interpreter before it, such as [bash, '{command.words[0]}']",
        )


def _broken(uses: str, file: str, folders: ProgramFolders) -> Iterator[tuple[str, str]]:
    """A program that is a script, and whose interpreter isn't there."""
    try:
        interpreter = interpreter_of(Path(file))
    except OSError:  # that may be executed and not read
        return
    if interpreter and folders.find(interpreter) is None:
        what = f"stages/{uses}.yaml: {file} can't be started: its interpreter {interpreter} isn't there"
        yield what, f"install {interpreter}, or correct the first line of {file}"


def _missing(catalog: Catalog, uses: str, program: str, folders: ProgramFolders) -> tuple[str, str]:
    file, name = f"stages/{uses}.yaml", folders.environment.name
    if (idle := folders.idle_file(program)) is not None:
        return f"{file}: the program {idle} can't be executed, since it lacks the permission", f"chmod +x {quote(idle)}"
    if os.path.isabs(program):
        return f"{file}: the program {program} isn't there", f"install it, or name another one in {file}"
    looked = ", ".join(dict.fromkeys(folder for _, folder in folders.places))
    what = f"{file}: the program '{program}' isn't there; it was looked for in {looked}"
    path = catalog.declared_environment(name).path
    if provider := catalog.provider(program):
        return what, f"write tools: [{program}] into {path}, since environment '{provider.name}' provides it"
    return what, f"install {program}, or add a package that has it to the environment '{name}' ({path})"
