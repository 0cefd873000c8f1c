# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["ffmpegs", "languages", "streams", "timestamps"]
# inputs = ["media"]
# timeout_seconds = 43200
# [tool.pipeline.stage.parameters]
# audio_track = ""
# height = 480
# [tool.pipeline.stage.outputs]
# proxy = "proxy.mp4"
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""A small copy of a movie that every browser plays: H.264 and AAC in an mp4, a key frame each second, for seeking.

Its times are the movie's: what begins late stays late. A picture that is higher than ``height`` is made smaller. It is
for looking at while subtitles are corrected, and for nothing else. ``audio_track`` as in demux.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import ffmpegs
import stagekit
import streams
import timestamps

# Any rate that a browser can show, and eight bits of colour. The letters of a picture stay readable.
PICTURE = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-pix_fmt", "yuv420p", "-profile:v", "main")
SOUND = ("-c:a", "aac", "-b:a", "96k", "-ac", "2", "-ar", "48000")
KEY_FRAMES = ("-force_key_frames", "expr:gte(t,n_forced)")
ADVICE = "See whether ffmpeg can read the movie (ffprobe FILE), and whether the disk has room"


def run(stage: stagekit.Stage) -> None:
    """Raises ``InputUnusable`` for a file with neither picture nor sound, and ``StageFailed`` where ffmpeg fails."""
    media, proxy = stage.input("media"), Path(os.path.abspath(stage.output("proxy")))
    probed = ffmpegs.probe(media)
    duration = ffmpegs.seconds(probed["format"].get("duration"))
    places = chosen(probed["streams"], str(stage.parameters["audio_track"]))
    if not places:
        raise stagekit.InputUnusable(ffmpegs.unusable(media, "it has neither picture nor sound"))

    def on_progress(name: str, value: int) -> None:
        if name == "out_time_us" and duration:
            stage.progress(min(1.0, value / 1e6 / duration))

    jumps = timestamps.jump_options(media, probed)
    done = ffmpegs.run([*jumps, *arguments(media, places, stage.parameters["height"], proxy)], on_progress)
    if done.code or done.is_disk_fault:
        raise stagekit.StageFailed(ffmpegs.message(f"no small copy of {str(media)!r}", done.last_lines, ADVICE))


def chosen(described: Sequence[dict], wish: str) -> list[int]:
    """The indexes of the picture and of one audio track, as far as there are any."""
    picture, tracks = streams.picture(described), streams.of_kind(described, "audio")
    found = [picture.place] if picture else []
    if tracks and wish:
        try:
            return [*found, streams.choose(tracks, wish, "audio").place]
        except streams.UnknownTrack as error:
            raise stagekit.StageFailed(str(error)) from None
    return [*found, streams.by_preference(tracks)[0].place] if tracks else found


def arguments(media: Path, places: Sequence[int], height: int, proxy: Path) -> list[str]:
    """ffmpeg's."""
    maps = [word for place in places for word in ("-map", f"0:{place}")]
    scaled = f"scale=-2:'trunc(min({height},ih)/2)*2'"
    rate = (f"-{ffmpegs.option('fps_mode', 'vsync')}", "vfr")
    return [
        *("-i", ffmpegs.url(Path(os.path.abspath(media))), *maps, "-sn", "-dn"),
        *("-vf", scaled, *PICTURE, *KEY_FRAMES, *rate, *SOUND, "-af", "aresample=async=1"),
        *("-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4", ffmpegs.url(proxy)),
    ]
