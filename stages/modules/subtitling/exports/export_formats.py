"""The formats by name, each with its suffix and its writer."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from subtitling import writer
from subtitling.cues import Cue
from subtitling.exports import captions, karaoke, line_formats, stl_file, timed_text
from subtitling.exports.written_file import ExportOptions, WrittenFile, counted


class ExportFormat(NamedTuple):
    """``suffix``: what stands after the language in a file's name."""

    suffix: str
    write: Callable[[Sequence[Cue], ExportOptions], WrittenFile]


def _usual(kind: str) -> Callable[[Sequence[Cue], ExportOptions], WrittenFile]:
    def write(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:
        lost = counted([cue for cue in cues if cue.speaker], "lost who speaks") if kind == "srt" else []
        return WrittenFile(writer.text(cues, kind, options.right_to_left).encode(), lost)

    return write


EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    **{kind: ExportFormat(kind, _usual(kind)) for kind in writer.FORMATS},
    "ttml": ExportFormat("ttml", timed_text.ttml),
    "scc": ExportFormat("scc", captions.scc),
    "stl": ExportFormat("stl", stl_file.stl),
    "microdvd": ExportFormat("sub", line_formats.microdvd),
    "txt": ExportFormat("txt", line_formats.plain_text),
    "karaoke-ass": ExportFormat("karaoke.ass", karaoke.ass),
    "karaoke-vtt": ExportFormat("karaoke.vtt", karaoke.vtt),
}
