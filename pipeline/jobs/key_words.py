"""What differs between two keys of a stage, in a person's words: names, sizes and times in place of digests."""

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.digests import CONTENT_PREFIX, is_tree
from pipeline.jobs import attempts, output_edits
from pipeline.jobs.events import StageFinished
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import Plan, PlannedStage
from pipeline.references import JOB_INPUT, split
from pipeline.sizes import show_size
from pipeline.text import counted

SHOWN_WIDTH = 80  # characters of a value
# A key's parts, where their names alone don't say what they are.
PARTS = {
    "source": "code",
    "modules": "shared modules",
    "stagekit": "runner",
    "input_names": "names of input files",
    "model_names": "models' names",
    "tools": "programs",
    "locale": "language settings",
    "passed": "variables of the shell",
    "inherited": "variables of the shell",
    "ensure": "promises",
    "schemas": "promised schemas",
}


@dataclass(frozen=True)
class KnownFile:
    """What is known of a file by its digest."""

    name: str
    size: int  # bytes
    mtime_ns: int
    path: Path | None = None  # of an output
    edited: str = ""  # by whom and when, where a person has made it


@dataclass(frozen=True)
class KeySide:
    """One of the two keys: the stage as its plan has it, and the files that it could have read."""

    plan: Plan
    stage: PlannedStage | None
    files: Mapping[str, KnownFile]  # by digest


def side(job: PlannedJob, stage: str) -> KeySide:
    """``stage`` may be the member of a fan-out."""
    planned = {each.name: each for each in job.plan.stages}
    found = planned.get(stage) or planned.get(stage.rpartition("_")[0])
    events = [event for event in job.journal().read() if isinstance(event, StageFinished)]
    files = {
        output.digest: KnownFile(output.path.name, output.size, output.mtime_ns, output.path)
        for event in events
        for output in attempts.of_event(job, event).outputs.values()
    }
    files |= {
        output.digest: KnownFile(output.path.name, output.size, output.mtime_ns, output.path, edit.words)
        for edit in output_edits.of_events(job, job.journal().read())
        for output in edit.outputs.values()
    }
    if found and any(found.is_own_file(each) for listed in found.inputs.values() for each in listed):
        files |= _in_directories([each for each in files.values() if each.path and each.path.is_dir()])
    given = job.plan.input
    return KeySide(job.plan, found, {**files, given.digest: KnownFile(job.input.name, given.size, given.mtime_ns)})


def _in_directories(directories: Iterable[KnownFile]) -> dict[str, KnownFile]:
    """The files in them, of which a stage gets one alone."""
    from pipeline.directories import manifest

    files: dict[str, KnownFile] = {}
    for each in directories:
        assert each.path is not None
        for entry in manifest.of_directory(each.path):
            path = each.path / entry.path
            with contextlib.suppress(OSError):
                found = KnownFile(path.name, entry.size, path.lstat().st_mtime_ns, path)
                files[f"{CONTENT_PREFIX}{entry.content}"] = found
    return files


def part_names(parts: list[str]) -> str:
    """Parts of a key, as the end of "since its"."""
    return ", ".join(PARTS.get(part, part) for part in parts)


def words(part: str, before: Any, after: Any, old: KeySide, new: KeySide) -> str:
    """A sentence without its full stop. ``part`` is as in ``KeyChange``."""
    kind, _, name = part.partition(".")
    if kind == "inputs" and name:
        return _inputs(name, before or [], after or [], old, new)
    if kind == "models" and name:
        return _model(name, old, new)
    if kind == "tools" and name:
        return f"the program {name}: {_program(before, after)}"
    if kind == "environment":
        name = new.stage.environment if new.stage else ""
        return f"the environment {name} has other packages, another Python or other settings".replace("  ", " ")
    if kind == "source":
        file = f" ({new.stage.file})" if new.stage else ""
        return f"the code of the stage{file} was edited"
    say = SENTENCES.get(kind)
    return say(name, before, after) if say else _values(part.replace("_", " "), before, after)


def _inputs(slot: str, before: list[str], after: list[str], old: KeySide, new: KeySide) -> str:
    what = f"its input '{slot}'"
    references = new.stage.inputs.get(slot, ()) if new.stage else ()
    if JOB_INPUT not in references and references:
        what += f" (from {', '.join(dict.fromkeys(split(each)[0] for each in references))})"
    if len(before) == len(after) == 1:
        return f"{what}: {_edited(before, after, old, new) or _file(before[0], after[0], old, new)}"
    if sorted(before) == sorted(after):
        return f"{what}: the same files come in another order"
    fresh = len(set(after) - set(before))
    counts = f"{counted(len(before), 'file')} before, {counted(len(after), 'file')} now, {fresh} of them new"
    return f"{what}: {'; '.join(filter(None, [counts, _edited(before, after, old, new)]))}"


def _edited(before: list[str], after: list[str], old: KeySide, new: KeySide) -> str:
    """Which of the files a person has edited, or which edits don't count any more; empty where there are none."""
    fresh = [new.files[each] for each in after if each not in before and each in new.files]
    gone = [old.files[each] for each in before if each not in after and each in old.files]
    now = [f"the file {each.name} was {each.edited}" for each in fresh if each.edited]
    return "; ".join(now or [f"the file {each.name} was {each.edited} before" for each in gone if each.edited])


def _file(before: str, after: str, old: KeySide, new: KeySide) -> str:
    first, second = old.files.get(before), new.files.get(after)
    name = second or first
    if first is None or second is None:
        return f"the file {name.name} has other content" if name else "the file has other content"
    if is_tree(before) and is_tree(after) and (changes := _entries(before, after, first, second)):
        return f"the folder {second.name} changed: {changes}"
    if first.name != second.name:
        return f"the file {first.name} ({_size_and_time(first)}) before, {second.name} ({_size_and_time(second)}) now"
    if show_size(first.size) != show_size(second.size):
        return f"the file {second.name} changed: {show_size(first.size)} before, {show_size(second.size)} now"
    return f"the file {second.name} changed: {_size_and_time(first)} before, {_size_and_time(second)} now"


def _entries(before: str, after: str, first: KnownFile, second: KnownFile) -> str:
    """Which names in a directory differ; empty where its manifests are gone."""
    from pipeline.directories import manifest

    old = manifest.read(first.path, before) if first.path else None
    new = manifest.read(second.path, after) if second.path else None
    return manifest.described(old, new) if old and new else ""


def _size_and_time(file: KnownFile) -> str:
    return f"{show_size(file.size)} of {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(file.mtime_ns / 1e9))}"


def _model(slot: str, old: KeySide, new: KeySide) -> str:
    first, second = (each.stage.models.get(slot) if each.stage else None for each in (old, new))
    if first == second:
        return f"the model {second or slot} has other files"
    return f"the model: {first or 'none'} before, {second or 'none'} now"


def _program(before: Any, after: Any) -> str:
    first, second = (each if isinstance(each, dict) else {"file": each} for each in (before, after))
    versions = [each.get("version") for each in (first, second)]
    if all(versions) and versions[0] != versions[1]:
        return f"{versions[0]} before, {versions[1]} now"
    if first.get("file") != second.get("file"):
        return "another file before" if all(each.get("file") for each in (first, second)) else "it wasn't used before"
    if first.get("starts") != second.get("starts"):
        return f"what it starts is another one: {', '.join(second.get('starts', ())) or 'nothing'}"
    return "its answer to the question for its version is another one"


def _service(name: str, before: Any, after: Any) -> str:
    """Which parts of a service's key differ; ``None`` where a stage didn't use it."""
    if before is None or after is None:
        return f"its service '{name}' {'is new' if before is None else 'is gone'}"
    parts = [part for part in {**after, **before} if before.get(part) != after.get(part)]
    return f"its service '{name}' has changed: {part_names(parts)}"


def _values(what: str, before: Any, after: Any) -> str:
    return f"{what}: {_shown(before)} before, {_shown(after)} now"


def _secretly(what: str, before: Any, after: Any) -> str:
    """Of a value that isn't shown."""
    if before is None:
        return f"{what} is set now"
    return f"{what} isn't set any more" if after is None else f"{what} has another value"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_WIDTH else f"{text[:SHOWN_WIDTH]}..."


Sentence = Callable[[str, Any, Any], str]
SENTENCES: Mapping[str, Sentence] = {
    "stage": lambda _, before, after: _values("the file in stages/", before, after),
    "stagekit": lambda *_: "the code that runs stages is another one, since the pipeline was updated",
    "services": _service,
    "modules": lambda name, *_: f"the shared module stages/modules/{name} was edited",
    "parameters": lambda name, before, after: _values(f"the parameter {name}", before, after),
    "outputs": lambda name, before, after: _values(f"the name of its output '{name}'", before, after),
    "input_names": lambda name, before, after: _values(f"the names of the files in '{name}'", before, after),
    "model_names": lambda name, before, after: _values(f"the folder of the model '{name}'", before, after),
    "variables": lambda name, before, after: _values(f"the environment's variable {name}", before, after),
    "locale": lambda name, before, after: _values(f"the variable {name}", before, after),
    "passed": lambda name, before, after: _secretly(f"the variable {name}", before, after),
    "secrets": lambda name, before, after: _secretly(f"the secret parameter {name}", before, after),
    "ensure": lambda name, before, after: _values(f"what it promises of its output '{name}'", before, after),
    "schemas": lambda name, *_: f"the schema that its output '{name}' must fit was edited",
    "bounds": lambda _, before, after: _values("its limits", before, after),
    "inherited": lambda *_: "the variables of the shell differ (--inherit-environment)",
}
