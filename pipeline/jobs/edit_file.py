"""Edit files: what people have changed in a film's subtitles, for people to read, for git, and for another job."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.jobs.job import PlannedJob

SCHEMA = 1
CUE = {"start", "end", "text"}


def text(job: PlannedJob, entries: Sequence[Mapping[str, Any]]) -> bytes:
    """``entries`` have ``track``, ``who``, ``at``, and lists of cues ``before`` and ``after``, with seconds."""
    import yaml

    class LineDumper(yaml.SafeDumper):
        """A text of several lines stands in the file as it does on the screen."""

    def lines(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    LineDumper.add_representer(str, lines)
    film = {"name": job.input.name, "digest": job.plan.input.digest}
    content = {"schema": SCHEMA, "film": film, "edits": [dict(each) for each in entries]}
    written = yaml.dump(content, Dumper=LineDumper, allow_unicode=True, sort_keys=False, width=110)
    return str(written).encode()


def read(path: Path, job: PlannedJob) -> dict[str, list[dict[str, Any]]]:
    """The entries by track. Raises ``InputError`` for what is no edit file, or is of another film."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise InputError(f"{path} is no edit file: {error}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA or not isinstance(content.get("edits"), list):
        raise InputError(f"{path} is no edit file", "pipeline subtitles edits --help")
    film = content.get("film")
    if not isinstance(film, dict) or film.get("digest") != job.plan.input.digest:
        name = film.get("name") if isinstance(film, dict) else "no film"
        raise InputError(f"{path} is of another film ({name}) than {job.id}, which is of {job.input.name}")
    found: dict[str, list[dict[str, Any]]] = {}
    for number, each in enumerate(content["edits"], 1):
        if not _is_entry(each):
            raise InputError(f"{path}: entry {number} isn't a change with track, who, before and after")
        found.setdefault(each["track"], []).append(each)
    return found


def _is_entry(each: Any) -> bool:
    if not isinstance(each, dict) or not isinstance(each.get("track"), str) or not each.get("who"):
        return False
    sides = [each.get("before"), each.get("after")]
    return all(isinstance(side, list) and all(map(_is_cue, side)) for side in sides)


def _is_cue(cue: Any) -> bool:
    if not isinstance(cue, dict) or not cue.keys() >= CUE or not isinstance(cue["text"], str):
        return False
    times = [cue["start"], cue["end"]]
    return all(isinstance(each, int | float) for each in times) and 0 <= times[0] < times[1]
