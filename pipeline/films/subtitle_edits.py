"""Subtitles that a person has edited: taken into a job, shown, and merged with what was made since.

The work on cues is the stage ``subtitle_edit``'s; here is decided which files it gets.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.errors import InputError, PipelineError, UsageError
from pipeline.jobs import attempts, sidecar
from pipeline.jobs.events import EditDropped, OutputEdited, StageFinished
from pipeline.jobs.job import JobFolder, load
from pipeline.jobs.job_editor import NO_SOURCE, EditSource, JobEditor
from pipeline.jobs.output_edits import OutputEdit, of_event
from pipeline.jobs.records import Output
from pipeline.project import ProjectFolder
from pipeline.run import edit_promises, single_stage
from pipeline.text import counted
from pipeline.values import Struct, replace

STAGE = "subtitle_edit"
FORMATS = ("srt", "vtt", "ass")
KARAOKE = ".karaoke"  # after the track's name, in a file with the times of words


class EditedTrack(Struct, frozen=True):
    """The subtitles of one language, as a stage of a job writes them: the same cues in each format."""

    stage: str
    outputs: Mapping[str, str]  # by format
    name: str  # of its files, without the format: ``en``, ``en.forced``

    @property
    def language(self) -> str:
        return self.name.partition(".")[0]


class CueEdits(Struct, frozen=True):
    """What the stage ``subtitle_edit`` says, and what it has written, by format."""

    edits: Sequence[Mapping[str, Any]]
    clashes: Sequence[Mapping[str, Any]]
    violations: Sequence[Mapping[str, Any]]
    files: Mapping[str, bytes]
    cues: int  # that the files have
    made: Sequence[Mapping[str, Any]] = ()  # passages that a window has made again, with the cues before and after
    machine: str = ""  # the cues as no person has changed them, as WebVTT
    more: Mapping[str, Any] = MappingProxyType({})  # what else is remembered with the edit


def tracks(desk: JobEditor) -> list[EditedTrack]:
    """Of all stages that have written subtitles in every format."""
    found = []
    for stage, known in desk.job.loaded.stages.items():
        if known.committed is None:
            continue
        files = {name: Path(record.file) for name, record in known.committed.outputs.items()}
        outputs = {path.suffix[1:]: name for name, path in files.items() if path.suffix[1:] in FORMATS}
        if len(outputs) == len(FORMATS):
            found.append(EditedTrack(stage, outputs, files[outputs["srt"]].stem))
    return found


def accept(desk: JobEditor, catalog: Catalog, track: EditedTrack, file: Path) -> CueEdits:
    """What a person has changed in a file, in the subtitles of now. Raises ``InputError`` for a file that can't be."""
    kind = file.suffix[1:].lower() if file.suffix[1:].lower() in FORMATS else "vtt"
    base = _base(desk, track, kind, file)
    inputs = {"base": [base[kind].path, base["vtt"].path], "own": [file], "other": [current(desk, track)["vtt"].path]}
    return _edited(desk, catalog, track, inputs)


def apply(desk: JobEditor, catalog: Catalog, track: EditedTrack, passages: Sequence[Mapping[str, Any]]) -> CueEdits:
    """Changes that were written down elsewhere, in the subtitles of now."""
    inputs: dict[str, list[Path]] = {"base": [], "own": [], "other": [current(desk, track)["vtt"].path]}
    return _edited(desk, catalog, track, inputs, passages=list(passages))


def merge(desk: JobEditor, catalog: Catalog, track: EditedTrack) -> CueEdits:
    """The edit that counts, in what the stage has made since. Raises ``UsageError`` where its base is gone."""
    base, edit = desk.base(track.stage, track.outputs["vtt"]), desk.edit(track.stage)
    if base is None or edit is None:
        id = desk.job.id
        what = f"{id}: what the edit of stage '{track.stage}' was made from isn't there any more"
        raise UsageError(what, f"pipeline job edit {id} {track.stage} --keep")
    made = desk.made(track.stage).outputs[track.outputs["vtt"]]
    own = edit.outputs[track.outputs["vtt"]].path
    inputs = {"base": [base.path], "own": [own], "other": [made.path]}
    return _edited(desk, catalog, track, inputs)


def changes(desk: JobEditor, catalog: Catalog, track: EditedTrack) -> Sequence[Mapping[str, Any]]:
    """What the edit that counts has changed, as passages with the cues before and after."""
    base, edit = desk.base(track.stage, track.outputs["vtt"]), desk.edit(track.stage)
    if base is None or edit is None:
        return []
    own = edit.outputs[track.outputs["vtt"]].path
    inputs = {"base": [base.path], "own": [own], "other": [base.path]}
    return _edited(desk, catalog, track, inputs).edits


def in_windows(
    desk: JobEditor,
    catalog: Catalog,
    track: EditedTrack,
    versions: tuple[Path, Path],
    windows: Sequence[Sequence[float]],
) -> CueEdits:
    """What was made of the film at some times, pairs of seconds, instead of what was there: the second of two
    ``versions`` (WebVTT files) instead of the first, in the subtitles of now.

    Elsewhere nothing changes, and what people have changed stays.
    """
    base, made = versions
    inputs = {"base": [base, base], "own": [current(desk, track)["vtt"].path], "other": [made]}
    return _edited(desk, catalog, track, inputs, windows=list(windows))


def put(  # noqa: PLR0913, PLR0917  # what an edit has
    project: ProjectFolder,
    desk: JobEditor,
    track: EditedTrack,
    found: CueEdits,
    who: str,
    source: EditSource = NO_SOURCE,
) -> OutputEdited | None:
    """Let the edited subtitles stand for the stage's, in every format. ``None`` where nothing has changed.

    Raises ``InputError`` where they aren't what the stage promises.
    """
    files = {track.outputs[kind]: data for kind, data in found.files.items()}
    edit_promises.require(project, desk, track.stage, files, source.path or f"the subtitles '{track.name}'")
    quality = {"cues": found.cues, "broken": Counter(each["rule"] for each in found.violations)}
    about = {"edits": [*found.edits, *found.made], "clashes": list(found.clashes), **quality, **found.more}
    data = json.dumps(about, ensure_ascii=False, indent=1).encode()
    return desk.put(track.stage, files, who, source, data)


def merged_in_run(project: ProjectFolder, job: JobFolder, stage: str) -> tuple[OutputEdit, list[str]] | None:
    """``merge`` for whoever runs the job and holds its lock: the edit that counts now, and what to tell of it.

    ``None`` where the stage's outputs aren't subtitles, or they can't be merged now.
    """
    try:
        desk, catalog = JobEditor(load(job.folder)), Catalog(project)
        track = next((each for each in tracks(desk) if each.stage == stage), None)
        if track is None or stage not in desk.job.loaded.edits:
            return None
        before = desk.job.loaded.edits[stage]
        found = merge(desk, catalog, track)
        event = put(project, desk, track, found, before.who)
    except PipelineError:
        return None
    if event is None:
        return None
    said = [
        f"{job.id}: {counted(len(found.edits), 'change')} of {before.who} came into the new subtitles '{track.name}'"
    ]
    if found.clashes:
        said.append(f"pipeline subtitles edits {job.id}   shows {len(found.clashes)} of them that clash with new words")
    return of_event(desk.job, event), said


def current(desk: JobEditor, track: EditedTrack) -> Mapping[str, Output]:
    """The files that count now, by format."""
    edit = desk.edit(track.stage)
    outputs = {**desk.made(track.stage).outputs, **(edit.outputs if edit else {})}
    return {kind: outputs[name] for kind, name in track.outputs.items()}


class TrackVersion(Struct, frozen=True):
    """One state that a track's files had, by format."""

    outputs: Mapping[str, Output]
    source: str  # the path of the person's file that it was taken from
    digests: frozenset[str]  # of these files, and of all that was made while they counted, as other formats of them

    @property
    def is_there(self) -> bool:
        return all(output.path.exists() for output in self.outputs.values())


def rules(desk: JobEditor, track: EditedTrack) -> dict[str, Any]:
    """What its cues are checked by: the parameters ``style`` and ``frame_rate`` of its stage."""
    planned = next((each for each in desk.job.stages if each.name == track.stage), None)
    known = planned.parameters if planned else {}
    return {name: value for name, value in known.items() if name in {"style", "frame_rate"}}


def require_current(desk: JobEditor, stage: str) -> None:
    """Raises ``UsageError`` where an edit that counts is of other subtitles than the stage has made by now."""
    if stage in desk.job.loaded.edits and not desk.is_current(stage):
        id = desk.job.id
        raise UsageError(
            f"{id}: stage '{stage}' has made other subtitles since they were edited", f"pipeline subtitles merge {id}"
        )


def _base(desk: JobEditor, track: EditedTrack, kind: str, file: Path) -> Mapping[str, Output]:
    """What the person's file was made from: what was delivered last, or what the same file was accepted as after
    that."""
    about, title = desk.job.output / sidecar.FOLDER, desk.job.input.stem
    kinds = dict.fromkeys([kind, *FORMATS])
    names = (file.name, *(f"{title}.{track.name}.{each}" for each in kinds))  # the first, if it was set aside
    delivered = [sidecar.digest_in(about / sidecar.name_for(each)) for each in names]
    versions = [
        each for each in _versions(desk, track) if all(output.path.exists() for output in each.outputs.values())
    ]
    known = frozenset[str]().union(*(each.digests for each in versions))
    digest = next((each for each in delivered if each in known), None)
    fitting = [each for each in versions if digest in each.digests or each.source == str(file.resolve())]
    return fitting[-1].outputs if fitting else current(desk, track)


def _versions(desk: JobEditor, track: EditedTrack) -> list[TrackVersion]:
    """Each state that the track's files had, the newest last."""
    found: list[TrackVersion] = []
    made: Mapping[str, Output] = {}
    for event in desk.job.journal().read():
        if isinstance(event, StageFinished) and event.stage != track.stage and found:
            others = {each.digest for each in event.outputs.values()}
            found[-1] = replace(found[-1], digests=found[-1].digests | others)
        elif isinstance(event, StageFinished) and event.stage == track.stage:
            made = attempts.of_event(desk.job, event).outputs
            found.append(_version(track, made))
        elif isinstance(event, OutputEdited) and event.stage == track.stage:
            found.append(_version(track, {**made, **of_event(desk.job, event).outputs}, event.source))
        elif isinstance(event, EditDropped) and event.stage == track.stage:
            own = _version(track, made).outputs
            found += [each for each in found if each.outputs == own][-1:]  # the stage's own counts again
    return found


def _version(track: EditedTrack, outputs: Mapping[str, Output], source: str = "") -> TrackVersion:
    files = {kind: outputs[name] for kind, name in track.outputs.items()}
    return TrackVersion(files, source, frozenset(output.digest for output in files.values()))


def _edited(
    desk: JobEditor, catalog: Catalog, track: EditedTrack, inputs: Mapping[str, Sequence[Path]], **more: Any
) -> CueEdits:
    """``more``: further parameters of the stage."""
    parameters = {**rules(desk, track), "language": track.language, **more}
    with single_stage.run(catalog, STAGE, inputs, parameters) as outputs:
        said = json.loads(outputs["edits"].read_bytes())
        files = {kind: outputs[kind].read_bytes() for kind in FORMATS}
        machine = outputs["machine"].read_text(encoding="utf-8")
    if said["problem"]:
        what = ", ".join(str(file) for file in inputs["own"])
        raise InputError(f"{what} can't be taken as the subtitles '{track.name}' of {desk.job.id}: {said['problem']}")
    return CueEdits(said["edits"], said["clashes"], said["violations"], files, said["cues"], said["made"], machine)
