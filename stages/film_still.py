# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["ffmpegs", "languages", "streams"]
# inputs = ["media", "subtitles"]
# [tool.pipeline.stage.parameters]
# at = 0.0
# width = 1280
# [tool.pipeline.stage.outputs]
# still = "still.jpg"
# ///
"""One picture of a movie, ``at`` so many seconds from its start, with the cues of that moment drawn into it.

libass draws them, as in burn_in and in most players. ``subtitles`` is one SubStation file, or none. A picture that is
wider than ``width`` is made smaller.
"""

import os
import shutil
from pathlib import Path

import ffmpegs
import stagekit
import streams

COPY = "subtitles.ass"  # a name that a filter's syntax allows


def run(stage: stagekit.Stage) -> None:
    """Raises ``InputUnusable`` where the movie has no picture at that time."""
    media, wish = stage.input("media"), stage.parameters
    picture = streams.picture(ffmpegs.probe(media)["streams"])
    if picture is None:
        raise stagekit.InputUnusable(ffmpegs.unusable(media, "it has no picture"))
    for file in stage.inputs("subtitles"):
        shutil.copyfile(file, stage.work / COPY)
    still = Path(os.path.abspath(stage.output("still")))
    drawn = ["subtitles=filename=" + COPY] if stage.inputs("subtitles") else []
    done = ffmpegs.run(
        arguments(media, picture.place, wish["at"], [*drawn, _scaled(wish["width"])], still), folder=stage.work
    )
    if done.code:
        raise stagekit.StageFailed(ffmpegs.message(f"no still of {str(media)!r}", done.last_lines, ffmpegs.CHECK_INPUT))
    if not still.exists():
        raise stagekit.InputUnusable(f"{str(media)!r} has no picture at {wish['at']:g} s")


def arguments(media: Path, place: int, at: float, filters: list[str], still: Path) -> list[str]:
    """ffmpeg's, which reads from the key frame before ``at``. The pictures then have the times that the cues have."""
    shifted = f"setpts=PTS+{at:.3f}/TB"
    read = ["-ss", f"{at:.3f}", "-i", ffmpegs.url(Path(os.path.abspath(media)))]
    return [
        *read,
        *("-map", f"0:{place}", "-vf", ",".join([shifted, *filters]), "-frames:v", "1"),
        *("-pix_fmt", "yuvj420p", "-q:v", "3"),
        *("-f", "image2", "-update", "1", ffmpegs.url(still)),
    ]


def _scaled(width: int) -> str:
    return f"scale='trunc(min({width},iw)/2)*2':-2"
