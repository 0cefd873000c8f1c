"""The programs that stages use and that aren't packages, such as ffmpeg: each by what it is, for the stages' keys.

A program from ``PATH`` may be upgraded at any time, so it is what is there when the job runs: its file, the programs
that a wrapper script names, and the version that it gives, if it is known how to ask. That of an environment is as it
was built.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.envs import inheritance, program_versions, program_wrappers
from pipeline.envs.program_versions import VersionAnswer
from pipeline.envs.variables import system_path, which, without_python
from pipeline.files import nearest
from pipeline.jobs.plan import Plan, PlannedStage
from pipeline.project import ProjectFolder
from pipeline.run.program_files import ProgramFiles

MISSING = "not there"  # its stages don't run then
NO_ANSWER = "it doesn't answer"

Identity = str | dict[str, Any]


class Programs:
    """Those of one job's environments; each is looked at once in a run."""

    def __init__(self, project: ProjectFolder, plan: Plan) -> None:
        self._files = ProgramFiles(project.cache / "programs.json")
        self._folder = project.jobs
        self._plan = plan
        self._identities: dict[tuple[str, tuple[str, ...]], Identity] = {}

    def save(self) -> None:
        """Remember what was read, as well as the disk allows."""
        self._files.save()

    def of(self, environment: str) -> Mapping[str, Identity]:
        """By name, what tells a program from any other: its digest, the key of the environment that provides it, or
        several such things by name."""
        tools = self._plan.tools.get(environment, {})
        keys = self._plan.environment_keys
        asked = self._plan.tool_versions.get(environment, {})
        return {
            name: keys.get(where) or self._from_path(name, asked.get(name) or program_versions.KNOWN.get(name, ()))
            for name, where in sorted(tools.items())
        }

    def of_command(self, stage: PlannedStage, names: Iterable[str]) -> Mapping[str, Identity]:
        """The programs that a command starts, but for those of its own environment, which is in the key itself."""
        known = {**self._plan.tools.get(stage.environment, {}), **stage.programs}
        asked = self._plan.tool_versions.get(stage.environment, {})
        return {
            name: self._plan.environment_keys.get(known.get(name, ""))
            or self._from_path(name, asked.get(name) or program_versions.KNOWN.get(Path(name).name, ()))
            for name in sorted(names)
            if known.get(name) != stage.environment
        }

    def _from_path(self, name: str, arguments: tuple[str, ...]) -> Identity:
        key = (name, arguments)
        if key not in self._identities:
            place = which(name, os.environ)
            self._identities[key] = self._identity(name, Path(place), arguments) if place else MISSING
        return self._identities[key]

    def _identity(self, name: str, place: Path, arguments: tuple[str, ...]) -> Identity:
        """The digest alone where nothing else is known of it."""
        digest = self._digest(place)
        others = program_wrappers.behind(place, system_path(os.environ))
        parts: dict[str, Any] = {}
        if others:
            parts["starts"] = {str(each): self._digest(each) for each in others}
        if arguments and digest != MISSING:
            answer = self._answer(name, place, arguments)
            parts |= {"version": answer.line, "answer": answer.digest} if answer else {"version": NO_ANSWER}
        return {"file": digest, **parts} if parts else digest

    def _digest(self, place: Path) -> str:
        read = self._files.read(Path(os.path.realpath(place)))
        return read.digest if read else MISSING

    def _answer(self, name: str, place: Path, arguments: tuple[str, ...]) -> VersionAnswer | None:
        """A wrapper is asked in each run: nothing else shows what is behind it."""
        words = " ".join(arguments)
        path = Path(os.path.realpath(place))
        libraries = program_versions.libraries_signature()
        is_kept = libraries is not None and not program_wrappers.is_wrapper(name, place)
        if is_kept and (answer := self._files.answer(path, words, libraries)):
            return answer
        caller = os.environ if self._plan.inherits_environment else inheritance.visible(os.environ)
        variables = {**without_python(caller), "PATH": os.pathsep.join(system_path(os.environ))}
        answer = program_versions.ask(str(place), arguments, variables, nearest(self._folder))
        if answer and is_kept:
            self._files.keep(path, words, libraries, answer)
        return answer
