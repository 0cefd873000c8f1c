"""The words of our commands, in one text file for each command or subject.

Elsewhere, tests look at an error's class, its exit code, the place that it names and the next command. So whoever finds
better words changes the words, runs ``pytest tests/snapshots --rewrite``, and reads the difference.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import PipelineError
from tests.conftest import Result, Sandbox, given_here, make_sandbox

FOLDER = Path(__file__).parent

# What differs from run to run and from machine to machine, and what stands for it.
VARYING = (
    (re.compile(r"\bjob-\d{8}-[a-z0-9_]+-(\d{4})\b"), r"job-DATE-USER-\1"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"), "TIME"),
    (re.compile(r"\b(\d{4}-\d{2}-\d{2}) \d{2}:\d{2}\b(?!:)"), r"\1 HH:MM"),
    (re.compile(r"\b\d{2}:\d{2}:\d{2}\b(?!\.)"), "HH:MM:SS"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}\b(?!')"), "DATE"),
    (re.compile(r"\b[0-9a-f]{16}\.[0-9a-f]{8}\b"), "KEY"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\b\d+\.\d s\b"), "N s"),
    (re.compile(r"\(\d+\.\d\d s\)"), "(N s)"),
    (re.compile(r"\bprocess \d+ on \S+"), "process PID on HOST"),
    (re.compile(r"\bprocess \d+ \(\S+\)"), "process PID (PROGRAM)"),
    (re.compile(r"\bPython 3\.\d+(\.\d+)?"), "Python VERSION"),
    (re.compile(r"\b\d+(\.\d)? [KM]iB\b|\b\d+\.\d [GT]iB\b"), "SIZE"),
    # Steps of uv that may be too short to be seen.
    (re.compile(r"(?m)^.*: (fetching \d+|installing \d+ of \d+) packages?\n"), ""),
    (re.compile(r"(?m)(^!   \| .*\n)+(?=!   \| )"), "!   | …\n"),  # of a traceback, but for its last line
    (re.compile(r"(?m)( can't be fetched): .*"), r"\1: (what uv says)"),
    (re.compile(r"(In the resolver's words:\n)(  .*\n?)+"), r"\1  (what uv says)\n"),
)
TABLE = "───"  # below the names of its columns


def general(text: str, folders: Mapping[str, str]) -> str:
    """``text`` without what differs from run to run. ``folders``: paths, and the words that stand for them."""
    for folder, name in sorted(folders.items(), key=lambda item: -len(item[0])):
        text = text.replace(folder, name)
    for pattern, name in VARYING:
        text = pattern.sub(name, text)
    return text


@dataclass(frozen=True)
class Words:
    """What a snapshot's file will hold: a title, and what was said, for each scene."""

    folders: dict[str, str] = field(default_factory=dict)
    scenes: list[str] = field(default_factory=list)

    def add(self, title: str, *said: str) -> None:
        lines = [f"== {title}", *(each.rstrip("\n") for each in said if each)]
        self.scenes.append(general("\n".join(lines), self.folders) + "\n")

    def add_error(self, title: str, error: PipelineError) -> None:
        self.add(title, *shown(error))

    @property
    def text(self) -> str:
        return "\n".join(self.scenes)


def shown(error: PipelineError) -> list[str]:
    """An error as lines, for a snapshot."""
    next_step = f"next: {error.next_step}" if error.next_step else ""
    return [f"{type(error).__name__} ({int(error.exit_code)}): {error.message}", next_step]


@dataclass(frozen=True)
class Scene(Sandbox):
    """A project of its own, in which the commands of one scene are given."""

    said: list[str] = field(default_factory=list)

    def say(
        self, *words: str, variables: Mapping[str, str] | None = None, apart: bool = False, ordered: bool = True
    ) -> Result:
        """Give one of our commands in the project's folder, and note all of its words.

        ``apart``: as a process of its own. ``ordered``: its lines come in the same order each time.
        """
        if apart:
            result = self.run(*words, variables=variables)
        else:
            there = {"PIPELINE_ROOT": str(self.root), **(variables or {})}
            result = given_here(*words, variables=there, folder=self.root)
        err = prefixed(compact(result.err))
        if not ordered:
            lines = general(err, {}).splitlines()
            timed = [line for line in lines if "HH:MM:SS" in line]
            err = "\n".join([*sorted(timed), *(line for line in lines if line not in timed)])
        self.said.extend([f"$ {' '.join(map(quoted, words))}", compact(result.out), err, f"exit code {result.code}"])
        return result


def quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w./:=,-]+", word) else f"'{word}'"


def compact(text: str) -> str:
    """Tables without the spaces and lines that depend on their width."""
    if TABLE not in text:
        return text
    lines = (re.sub(r"(?<=\S) {3,}", "   ", re.sub("─+", TABLE, line)).rstrip() for line in text.splitlines())
    return "\n".join(filter(None, lines))


def prefixed(text: str) -> str:
    """What was said on the standard error, told apart from the standard output."""
    return "".join(f"! {line}".rstrip() + "\n" for line in text.splitlines())


@dataclass(frozen=True)
class Play:
    """Makes the scenes of one snapshot, each in a project of its own."""

    words: Words
    folder: Path
    venv: Path | None  # of a project with built environments

    @contextmanager
    def scene(self, title: str, ready: bool = False) -> Iterator[Scene]:
        """``ready``: its two environments are built."""
        place = self.folder / f"scene-{len(self.words.scenes)}"
        scene = Scene(make_sandbox(place / "project", place / "wheels").root)
        if ready:
            assert self.venv is not None
            (scene.root / "venv").symlink_to(self.venv)
        self.words.folders.update({str(scene.root): "PROJECT", str(place): "FOLDER"})
        yield scene
        self.words.add(title, *scene.said)


def compare(name: str, text: str, rewrite: bool) -> None:
    """Fails where ``NAME.txt`` differs; with ``rewrite``, makes it the same."""
    file = FOLDER / f"{name}.txt"
    if rewrite:
        file.write_text(text, encoding="utf-8")
        return
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    difference = difflib.unified_diff(before.splitlines(), text.splitlines(), file.name, "now", lineterm="")
    assert text == before, "\n".join([*difference, "", "to take these words: pytest tests/snapshots --rewrite"])


Compare = Callable[[str, Words], None]
