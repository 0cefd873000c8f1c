"""``pipeline subtitles``: checks subtitle files, and takes a person's changes of them into a job."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pipeline.cli import subtitle_conversion, subtitle_edits, subtitle_proposals, subtitle_search
from pipeline.cli.context import json_option, project, root_option
from pipeline.cli.output import print_json, print_table
from pipeline.cli.value_types import NamedPath
from pipeline.errors import ExitCode, UsageError
from pipeline.text import printable

STAGE = "subtitle_check"
STDIN = "-"
CERTAIN = 0.9  # a confidence from which a guess needs no mention
Check = Mapping[str, Any]  # an entry of the stage's checks.json


@click.group("subtitles")
def group() -> None:
    """Subtitle files: can people read them in time? Other formats of them, and what people have changed in a job's."""


for each in (
    subtitle_edits.accept,
    subtitle_edits.edits,
    subtitle_edits.merge,
    subtitle_conversion.convert,
    subtitle_proposals.recognise,
    subtitle_proposals.translate,
    subtitle_search.find,
    subtitle_search.replace,
    subtitle_search.speaker,
    subtitle_proposals.proxy,
):
    group.add_command(each)


@group.command()
@click.argument("files", nargs=-1, required=True, type=NamedPath(path_type=Path), metavar="FILE...")
@click.option("--style", default="netflix", metavar="NAME", help="netflix (the default) or bbc.")
@click.option("--language", default="", metavar="CODE", help="Default: that of the name, such as movie.pl.srt.")
@click.option(
    "--frame-rate",
    default="0",
    metavar="R",
    help="The movie's, such as 25 or 24000/1001, for the gaps between cues; default: 24, which needs the widest.",
)
@json_option
@root_option
def check(files: tuple[Path, ...], style: str, language: str, frame_rate: str, as_json: bool) -> None:
    """Check subtitle FILEs, from wherever they come, and show each rule that a cue breaks. "-" is the standard input.

    Exit code 0: no rule is broken; 1: a rule is broken, or a cue can't be read; 5: a file can't be read.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.media import subtitle_names
    from pipeline.run import single_stage

    named_languages = [subtitle_names.of_file(file).language for file in files]
    parameters = {"style": style, "language": language, "languages": named_languages, "frame_rate": frame_rate}
    with (
        _as_files(files) as paths,
        single_stage.run(Catalog(project()), STAGE, {"subtitles": paths}, parameters) as outputs,
    ):
        checks = json.loads(outputs["checks"].read_bytes())
    if isinstance(checks, dict):
        raise UsageError(checks["wrong"], "pipeline subtitles check --help")
    named = [{**check, "file": str(file)} for file, check in zip(files, checks, strict=True)]  # names as typed
    if as_json:
        print_json("subtitles-check", named)
    else:
        _print(named)
    sys.exit(_code(named))


@contextmanager
def _as_files(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Paths that a stage can read: the standard input is copied to a temporary file."""
    import tempfile

    if Path(STDIN) not in files:
        yield list(files)
        return
    with tempfile.TemporaryDirectory(prefix="pipeline-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "stdin.srt"  # the stage recognises its real format by its content
        file.write_bytes(sys.stdin.buffer.read())
        yield [file if path == Path(STDIN) else path for path in files]


def _code(checks: Sequence[Check]) -> ExitCode:
    if any(check["problem"] for check in checks):
        return ExitCode.INPUT_UNUSABLE
    found = any(check["violations"] or check.get("left_out") for check in checks)
    return ExitCode.FINDINGS if found else ExitCode.OK


def _print(checks: Sequence[Check]) -> None:
    rows = [_row(check["file"], each) for check in checks if not check["problem"] for each in check["violations"]]
    if rows:
        print_table(["file", "cue", "at", "rule", "found", "allowed"], rows, "")
    for check in checks:
        click.echo(f"{printable(check['file'])}: {_summary(check)}", err=bool(check["problem"]))
        for note in check.get("notes", ()):
            click.echo(f"{printable(check['file'])}: {printable(note)}", err=True)


def _row(file: str, violation: Mapping[str, Any]) -> list[str]:
    cues = ", ".join(map(str, violation["cues"]))
    found, allowed = (_counted(violation[name], violation["unit"]) for name in ("measured", "allowed"))
    return [printable(file), cues, _clock(violation["at_s"]), violation["rule"], found, allowed]


def _summary(check: Check) -> str:
    if check["problem"]:
        return str(check["problem"])
    encoding = f"{check['encoding']}{_doubt(check)}"
    kind = f"{check['format']}, {encoding}{', ' + check['language'] if check['language'] else ''}"
    if not check["cues"]:
        return f"no cue is in it ({kind})"
    over = check["reading_speed"]["share_over"]
    broken = sum(check["broken"].values())
    places = "1 place" if broken == 1 else f"{broken} places"
    rules = f"breaks the rules of {check['style']} in {places}" if broken else f"keeps the rules of {check['style']}"
    return f"{_counted(check['cues'], 'cues')} ({kind}), {rules}; {over:.1%} of the cues are too fast to read"


def _doubt(check: Check) -> str:
    """How sure the encoding is, where it is a guess."""
    confidence = check.get("confidence", 1)
    return f" (a guess, {confidence:.0%} sure; --language decides)" if confidence < CERTAIN else ""


def _counted(number: float, unit: str) -> str:
    """A number with its unit, in the singular for one: ``1 tag``, ``2 tags``, ``1 s``."""
    return f"{number:g} {unit.removesuffix('s') if number == 1 and unit.isalpha() and unit != 's' else unit}"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{seconds % 60:06.3f}"
