# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["cue_windows", "subtitling"]
# inputs = ["base", "own", "other"]
# [tool.pipeline.stage.parameters]
# language = ""
# style = "netflix"
# frame_rate = 0
# passages = []
# windows = []
# [tool.pipeline.stage.outputs]
# srt = "edited.srt"
# vtt = "edited.vtt"
# ass = "edited.ass"
# edits = "edits.json"
# machine = "machine.vtt"
# ///
"""Bring a person's changes of subtitles into the subtitles as they are now, and write these in every format.

Inputs: ``base``: what the person's file was made from, in its own format, and as WebVTT, which knows who speaks;
``own``: the person's file; ``other``: the subtitles of now, as WebVTT.

Parameters: ``language`` of the text, ``style`` and ``frame_rate`` as in subtitle_generation. ``passages``: instead of
``base`` and ``own``, objects with the cues ``before`` and ``after``, each with ``start`` and ``end`` in seconds and
``text``. ``windows``, pairs of seconds: ``other`` counts only where it differs from ``base`` at these times; ``base``
is WebVTT then. The cues that this gives, before anything of a person is in them, are ``machine.vtt``.

``edits.json``: ``problem``, why the file can't be taken, or ``null``, and then ``cues``, the number of cues,
``edits`` and ``clashes``, lists of passages with the cues ``before``, ``after`` and ``now``, ``made``, passages with
the person's cues ``before`` and those ``after`` that the windows have instead, and ``violations`` of the style's rules,
as in subtitle_generation's report.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cue_windows
import stagekit
from subtitling import cue_merge, frame_clock, lint_report, reader, style_profiles, told_cues, writer
from subtitling.cues import Cue
from subtitling.exports.export_formats import EXPORT_FORMATS
from subtitling.exports.written_file import ExportOptions, Unwritable

FEWEST = 10  # per cent of a file's cues that are of the same film


class EditRefused(Exception):
    """The person's file can't be taken; the message says why."""


def run(stage: stagekit.Stage) -> None:
    """Merge, check and write. A file that can't be taken gives no cue, and the reason."""
    wish = stage.parameters
    language, problem = wish["language"], None
    own: list[Cue] = []
    profile = style_profiles.profile_of(wish["style"], language)
    other = told_cues.of_own_file(stage.inputs("other")[0], language)
    merged, made = cue_merge.MergedCues([], [], []), list[cue_windows.ChangedCues]()
    try:
        base, own = _of_passages(wish["passages"]) if wish["passages"] else _of_files(stage, language)
        if wish["windows"]:
            made = cue_windows.changes(base, other, wish["windows"])
            other = cue_windows.replaced(base, made)
        merged = cue_merge.merge(base, own, other)
    except EditRefused as error:
        problem = str(error)
    for kind in writer.FORMATS:
        writer.save(merged.cues, stage.output(kind), kind, profile.right_to_left)
    writer.save(other, stage.output("machine"), "vtt", profile.right_to_left)
    report = lint_report.report(merged.cues, profile, language, frame_clock.clock_of_rate(wish["frame_rate"]))
    told = {
        "problem": problem,
        "cues": len(merged.cues),
        "edits": [_shown(each) for each in merged.edits],
        "clashes": [_shown(each) for each in merged.clashes],
        "made": [_made(each, own) for each in made],
        "violations": report["violations"],
    }
    stage.output("edits").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _of_files(stage: stagekit.Stage, language: str) -> tuple[list[Cue], list[Cue]]:
    """What the person's file was made from, and its cues, with what its format doesn't say."""
    plain, *rich = stage.inputs("base")
    rate = frame_clock.clock_of_rate(stage.parameters["frame_rate"]).rate
    own = stage.inputs("own")[0]
    try:
        base, found = reader.read(plain, language), reader.read(own, language, float(rate) if rate else None)
    except reader.Unreadable as error:
        raise EditRefused(str(error)) from error
    whole = told_cues.of_own_file(rich[0], language) if rich else base.cues
    if found.format != base.format:
        base = as_in_format(base, whole, found.format, stage.work, ExportOptions(language, rate))
    require_usable(found, base.cues)
    full = whole if len(whole) == len(base.cues) else base.cues
    return full, [enriched(cue, base.cues, full) for cue in found.cues if cue.text.strip()]


def as_in_format(
    base: reader.SubtitleFile, cues: Sequence[Cue], kind: str, folder: Path, options: ExportOptions
) -> reader.SubtitleFile:
    """What the person's file was made from as it would be in that file's format, which may know fewer letters and
    coarser times; what that loses is then no change of the person's."""
    if kind not in EXPORT_FORMATS:
        return base
    file = folder / f"base.{EXPORT_FORMATS[kind].suffix}"
    try:
        file.write_bytes(EXPORT_FORMATS[kind].write(cues, options).data)
    except Unwritable:
        return base
    return reader.read(file, options.language, float(options.frame_rate) if options.frame_rate else None)


def require_usable(found: reader.SubtitleFile, base: Sequence[Cue]) -> None:
    """Raises ``EditRefused`` for a file that isn't whole, or isn't of this film."""
    cues = [cue for cue in found.cues if cue.text.strip()]
    if found.left_out:
        raise EditRefused("; ".join(found.notes) or f"{found.left_out} cues can't be read")
    if not cues and base:
        raise EditRefused("it has no cue")
    if late := [cue for cue in cues if cue.end <= cue.start]:
        raise EditRefused(f"the cue at {_clock(late[0].start)} ends before it begins")
    known = {(cue.start, cue.end) for cue in base}
    ordered = sorted(cues, key=lambda cue: (cue.row, cue.start))
    for cue, following in pairwise(ordered):
        is_new = {(cue.start, cue.end), (following.start, following.end)} - known
        if cue.row == following.row and following.start < cue.end and is_new:
            raise EditRefused(
                f"the cues at {_clock(cue.start)} and {_clock(following.start)} are shown at the same time"
            )
    said = {tuple(cue_merge.words([cue])) for cue in base}
    same = [cue for cue in cues if (cue.start, cue.end) in known or tuple(cue_merge.words([cue])) in said]
    if base and len(same) * 100 < FEWEST * min(len(base), len(cues)):
        raise EditRefused(
            f"it seems to be of another film: {len(same)} of {len(cues)} cues have times or words of this one"
        )


def enriched(cue: Cue, base: Sequence[Cue], full: Sequence[Cue]) -> Cue:
    """With the speaker and language of the cue that it was made from, and its exact times where they are the same."""
    shared = [min(cue.end, each.end) - max(cue.start, each.start) for each in base]
    nearest = max(range(len(base)), key=shared.__getitem__, default=None)
    if nearest is None or shared[nearest] <= 0:
        return cue
    before, whole = base[nearest], full[nearest]
    named = f"{whole.speaker}: "  # as plain text names who speaks
    if whole.speaker and before.text.startswith(named) and cue != before:
        cue = cue._replace(text=cue.text.removeprefix(named))
    says_speaker = cue.speaker not in ("", before.speaker)  # SubRip has no name, and that is no change
    if not says_speaker and cue._replace(speaker=before.speaker, language=before.language) == before:
        return whole
    if (cue.start, cue.end) == (before.start, before.end):
        cue = cue._replace(start=whole.start, end=whole.end)
    return cue._replace(speaker=cue.speaker if says_speaker else whole.speaker, language=whole.language)


def _of_passages(passages: Sequence[dict[str, Any]]) -> tuple[list[Cue], list[Cue]]:
    return ([told_cues.cue(cue) for each in passages for cue in each["before"]]), (
        [told_cues.cue(cue) for each in passages for cue in each["after"]]
    )


def _shown(passage: cue_merge.MergePassage) -> dict[str, Any]:
    sides = zip(("before", "after", "now"), passage, strict=True)
    return {name: [told_cues.told(cue) for cue in cues] for name, cues in sides}


def _made(change: cue_windows.ChangedCues, own: Sequence[Cue]) -> dict[str, Any]:
    before = cue_windows.at_time_of(change, own)
    return {"before": [told_cues.told(cue) for cue in before], "after": [told_cues.told(cue) for cue in change.after]}


def _clock(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
