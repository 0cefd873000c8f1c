"""``pipeline subtitles convert``."""

import json
from pathlib import Path

import click

from pipeline.cli import named_file
from pipeline.cli.context import project, root_option
from pipeline.cli.value_types import NamedPath
from pipeline.errors import InputError, UsageError, did_you_mean
from pipeline.text import counted, printable

STAGE = "subtitle_conversion"
BY_SUFFIX = {
    ".srt": "srt",
    ".vtt": "vtt",
    ".ass": "ass",
    ".ttml": "ttml",
    ".dfxp": "ttml",
    ".itt": "ttml",
    ".xml": "ttml",
    ".scc": "scc",
    ".stl": "stl",
    ".sub": "microdvd",
    ".txt": "txt",
}
KARAOKE = {".ass": "karaoke-ass", ".vtt": "karaoke-vtt"}
FORMATS = (*dict.fromkeys(BY_SUFFIX.values()), *KARAOKE.values())


@click.command()
@click.argument("source", metavar="IN", type=NamedPath(path_type=Path))
@click.argument("target", metavar="OUT", type=NamedPath(path_type=Path))
@click.option("--to", "wish", metavar="FORMAT", default="", help=f"{', '.join(FORMATS)}; default: by OUT's name.")
@click.option(
    "--frame-rate", default="0", metavar="R", help="The film's, such as 25 or 24000/1001: MicroDVD counts frames."
)
@click.option("--language", default="", metavar="CODE", help="Of the text. Default: that of IN's name or content.")
@click.option("--overwrite", is_flag=True, help="Replace OUT where it is there already.")
@root_option
def convert(source: Path, target: Path, wish: str, frame_rate: str, language: str, overwrite: bool) -> None:
    """Write the subtitle file IN as OUT, in another format, and tell what OUT doesn't have of it.

    IN may be in any format that is read: SubRip, WebVTT, SubStation, TTML, SCC, EBU STL, SAMI, SubViewer, MicroDVD,
    MPL2, TMPlayer, or plain text with times.
    """
    from pipeline.config.catalog import Catalog
    from pipeline.media import subtitle_names
    from pipeline.run import single_stage

    kind = _format(target, wish)
    if not source.is_file():
        raise InputError(f"{source} is no file that is there")
    if target.exists() and not overwrite:
        raise UsageError(f"{target} is there already (--overwrite replaces it)", "pipeline subtitles convert --help")
    said = language or subtitle_names.of_file(source).language or ""
    parameters = {"format": kind, "language": said, "frame_rate": frame_rate}
    with single_stage.run(Catalog(project()), STAGE, {"subtitles": [source]}, parameters) as outputs:
        report = json.loads(outputs["report"].read_bytes())
        named_file.write(target, outputs["file"].read_bytes(), flush=True)
    for note in report["notes"]:
        click.echo(printable(f"{target.name}: {note}"), err=True)
    click.echo(printable(f"{counted(report['cues'], 'cue')} written to {target} ({kind})"))


def _format(target: Path, wish: str) -> str:
    """Raises ``UsageError`` where nobody says which it is."""
    if wish and wish not in FORMATS:
        raise UsageError(
            f"there is no format '{wish}'{did_you_mean(wish, list(FORMATS))}", "pipeline subtitles convert --help"
        )
    of_name = KARAOKE if target.stem.endswith(".karaoke") else BY_SUFFIX
    kind = wish or of_name.get(target.suffix.lower(), "")
    if not kind:
        what = f"the name of {target} doesn't say which format it is to have; --to says it: {', '.join(FORMATS)}"
        raise UsageError(what, "pipeline subtitles convert --help")
    return kind
