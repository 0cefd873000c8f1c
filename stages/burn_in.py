# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["containers", "ffmpegs", "fonts", "languages", "streams", "subtitling", "timestamps", "webvtt_tracks"]
# inputs = ["media", "subtitles"]
# [tool.pipeline.stage.parameters]
# style = "netflix"
# crf = 18
# preset = "medium"
# container = "auto"
# [tool.pipeline.stage.outputs]
# movie = "*.burned.*"
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""Draw subtitles into a movie's picture, for players that show no tracks. Everything but the picture is copied.

``es.burned.mp4``, named by the language of the subtitles, where the input is mp4, m4v or mov, else ``es.burned.mkv``.
The input is one file: SubRip, WebVTT, or SubStation with its own styles.

``crf``: 0 (without loss) to 51; 18 looks nearly like the original, and 6 more halve the size.
``preset``: ``ultrafast`` to ``veryslow``; slower is smaller. ``style``: ``netflix`` has an outline around the letters,
``bbc`` a box behind them.

Before the hours of coding, libass is given every character of the subtitles. Where the machine's fonts lack more
than a few, the stage fails and says what to install, since the movie would show boxes.
"""

import contextlib
import math
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import containers
import ffmpegs
import fonts
import stagekit
import streams
import timestamps
import webvtt_tracks
from subtitling import reader, writer

NO_X264 = "This ffmpeg has no libx264 to code the picture with; put another one on PATH"
ADVICE = "See whether ffmpeg can read the movie (ffprobe FILE), and whether the disk has room for another one"
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
HDR = ("smpte2084", "arib-std-b67")
SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
CUE = re.compile(r"-->|^Dialogue:", re.MULTILINE)


class BurnIn(NamedTuple):
    """The movie, the subtitles, and the settings."""

    media: Path
    subtitles: Path
    streams: list[dict]
    picture: streams.StreamTrack
    duration: float  # seconds; 0 if the movie doesn't say it, or can't know it
    settings: Mapping[str, str]
    cpus: int
    has_cues: bool = True
    jumps: Sequence[str] = ()  # ffmpeg's options for them

    @property
    def container(self) -> str:
        """The container that was chosen, or that of the movie's kind."""
        wish = self.settings["container"]
        return containers.of_movie(self.media) if wish == "auto" else wish


class SubtitleLook(NamedTuple):
    """Settings of SubStation: for text without styles (on a plane of 384 by 288), and over a file's own styles."""

    plain: str
    styled: str


LOOKS: Mapping[str, SubtitleLook] = {
    "netflix": SubtitleLook("FontName=Arial,FontSize=17,Outline=1,Shadow=0,MarginV=17", ""),
    "bbc": SubtitleLook(
        "FontName=Arial,FontSize=17,BorderStyle=3,Outline=2,Shadow=0,OutlineColour=&H30000000,MarginV=17",
        "BorderStyle=3,Shadow=0,OutlineColour=&H30000000",
    ),
}


def run(stage: stagekit.Stage) -> None:
    """Look for the fonts, then code. If the container can't hold the copied streams, Matroska is tried."""
    work = prepare(stage)
    for container in dict.fromkeys([work.container, "mkv"]):
        movie = stage.output("movie", f"{work.subtitles.stem}.burned.{container}")
        selection = containers.with_covers(containers.select(work.streams, container), work.media, stage.work)
        selection = containers.with_converted(selection, work.media, stage.work)
        done, reached = _encode(stage, [*work.jumps, *command(work, movie, selection)], work.duration)
        if done.code == 0 and not done.is_disk_fault:
            containers.warn_of_changes(stage, selection, work.container)
            return _report(stage, work, reached)
        begun = reached > 0
        movie.unlink(missing_ok=True)
        if begun or done.is_disk_fault:
            break
    what = f"ffmpeg could not draw into {str(work.media)!r}"
    raise stagekit.StageFailed(ffmpegs.message(what, done.last_lines, _advice(done)))


def prepare(stage: stagekit.Stage) -> BurnIn:
    """All checks before the coding, which takes hours. Raises ``StageFailed`` and ``InputUnusable``."""
    media, (file, *more) = stage.input("media"), stage.inputs("subtitles")
    if more:
        raise stagekit.StageFailed("only the subtitles of one language can be drawn into a picture; give it one file")
    settings = settings_of(stage.parameters)
    probed = ffmpegs.probe(media)
    picture = streams.picture(probed["streams"])
    if picture is None:
        raise stagekit.InputUnusable(ffmpegs.unusable(media, "it has no picture that subtitles could be drawn into"))
    copy_for_filter(file, stage.work)
    has_cues = CUE.search(file.read_text(encoding="utf-8", errors="replace")) is not None
    if has_cues:
        fonts.require(stage, file)
    else:
        stage.warn("the subtitles have no cue, so the picture stays as it was")
    stated = ffmpegs.seconds(probed["format"].get("duration"))
    duration = 0.0 if timestamps.has_jumps(probed) else stated
    return BurnIn(
        media,
        file,
        webvtt_tracks.with_codecs(media, probed["streams"]),
        picture,
        duration,
        settings,
        stage.cpus,
        has_cues,
        timestamps.jump_options(media, probed),
    )


def settings_of(wish: Mapping[str, object]) -> Mapping[str, str]:
    """The parameters as ffmpeg takes them. Raises ``StageFailed`` for values that it doesn't have."""
    crf = str(wish["crf"])
    if not crf.isdecimal() or int(crf) > 51:
        raise stagekit.StageFailed(f"crf is {wish['crf']!r}, and must be a whole number from 0 to 51")
    for name, known in (("style", [*LOOKS]), ("preset", PRESETS), ("container", ("auto", "mp4", "mkv"))):
        if wish[name] not in known:
            raise stagekit.StageFailed(f"no {name} {wish[name]!r}; there are: {', '.join(known)}")
    return {name: str(value) for name, value in wish.items()}


def subtitles_name(file: Path) -> str:
    """The name of the copy that the filter reads. Raises ``StageFailed`` for a file of another kind."""
    if file.suffix not in SUFFIXES:
        raise stagekit.StageFailed(
            f"{file.name} is no subtitle file of a kind that can be drawn: {', '.join(SUFFIXES)}"
        )
    return "subtitles.srt" if file.suffix == ".vtt" else f"subtitles{file.suffix}"


def copy_for_filter(file: Path, folder: Path) -> None:
    """A copy under a name that a filter's syntax allows. WebVTT becomes SubRip: ffmpeg 5.1 loses cues of it."""
    copy = folder / subtitles_name(file)
    shutil.copyfile(file, copy)
    if file.suffix == ".vtt":
        with contextlib.suppress(reader.Unreadable):  # ffmpeg says what is wrong with the copy
            writer.save(reader.read(file).cues, copy, "srt")


def command(work: BurnIn, movie: Path, selection: containers.StreamSelection) -> list[str]:
    """ffmpeg's arguments: the picture first, then everything else of the movie as it is."""
    picture = work.picture
    others = [stream for stream in selection.media if stream["index"] != picture.place]
    kept = [*others, *selection.others]
    arguments = ["-fflags", "+genpts", "-i", f"file:{os.path.abspath(work.media)}"]
    arguments += containers.inputs_of_converted(selection)
    maps = [f"0:{index}" for index in (picture.place, *(stream["index"] for stream in kept))]
    maps += [f"{index}:0" for index in range(1, 1 + len(selection.converted))]
    arguments += [word for each in maps for word in ("-map", each)]
    arguments += ["-map_metadata", "0", "-map_chapters", "0", "-c:a", "copy", "-c:t", "copy"]
    arguments += _picture_options(work) if work.has_cues else ["-c:v:0", "copy"]
    for index in range(1, 1 + sum(stream["codec_type"] == "video" for stream in others)):
        arguments += [f"-c:v:{index}", "copy"]
    for index, stream in enumerate(selection.subtitles):
        arguments += [f"-c:s:{index}", containers.subtitle_codec(selection.container, stream["codec_name"])]
    arguments += containers.options_of_converted(selection, len(selection.subtitles))
    return [*arguments, *selection.attached, f"file:{os.path.abspath(movie)}"]


def _picture_options(work: BurnIn) -> list[str]:
    settings = work.settings
    options = ["-threads", str(work.cpus), "-c:v:0", "libx264", "-crf:v:0", settings["crf"]]
    options += ["-preset:v:0", settings["preset"], "-pix_fmt:v:0", pixel_format(work.picture)]
    options += [
        f"-{ffmpegs.option('fps_mode', 'vsync')}",
        "vfr",
    ]  # each frame at its time; mp4 would get a constant rate
    return [*options, "-filter:v:0", subtitle_filter(work.subtitles, work.picture, settings["style"])]


def subtitle_filter(file: Path, picture: streams.StreamTrack, style: str) -> str:
    """ffmpeg's filter, which runs in the folder with the copy of the subtitles."""
    look = LOOKS[style].styled if file.suffix in (".ass", ".ssa") else LOOKS[style].plain
    drawn = f"subtitles=filename={subtitles_name(file)}" + (f":force_style='{look}'" if look else "")
    odd = any(int(picture.stream.get(side, 0)) % 2 for side in ("width", "height"))
    return f"{drawn},crop=trunc(iw/2)*2:trunc(ih/2)*2" if odd else drawn  # the codec has one colour for four pixels


def pixel_format(picture: streams.StreamTrack) -> str:
    """Ten bits for a high dynamic range; else eight, which every player can show."""
    return "yuv420p10le" if picture.stream.get("color_transfer") in HDR else "yuv420p"


def _encode(stage: stagekit.Stage, arguments: list[str], duration: float) -> tuple[ffmpegs.FfmpegResult, float]:
    """Run ffmpeg; also the seconds of the movie that it reached."""
    reached = 0.0

    def on_progress(name: str, value: int) -> None:
        nonlocal reached
        if name == "out_time_us":
            reached = value / 1e6
            if duration:
                stage.progress(reached / duration)

    done = ffmpegs.run(arguments, on_progress, folder=stage.work)
    return done, reached


def _report(stage: stagekit.Stage, work: BurnIn, reached: float) -> None:
    if work.picture.stream.get("color_transfer") in HDR:
        stage.warn(
            "the picture has a high dynamic range, and 10 bits to keep it; some players can't show that as H.264"
        )
    missing = work.duration - reached
    if missing > max(1, 0.01 * work.duration):
        stage.warn(f"the movie ends at {math.floor(reached)} s of {work.duration:.0f} s; the file may be cut off")
    stage.about(engine="libx264, with libass", burned=work.subtitles.stem)


def _advice(done: ffmpegs.FfmpegResult) -> str:
    if fonts.lacks_libass(done):
        return fonts.NO_LIBASS
    return NO_X264 if "Unknown encoder" in "\n".join(done.last_lines) else ADVICE
