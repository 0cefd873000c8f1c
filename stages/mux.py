# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["containers", "ffmpegs", "languages"]
# inputs = ["media", "subtitles", "styled"]
# [tool.pipeline.stage.parameters]
# formats = ["srt"]
# container = "auto"
# original = true
# recognised = true
# shown = ""
# [tool.pipeline.stage.outputs]
# movie = "subtitled.*"
# ///
"""Add subtitle tracks to a movie and copy everything else: streams, chapters, metadata, attachments.

Each subtitle file becomes one track, in their order, in front of those that the movie has; its language is the file's
name. ``subtitled.mp4`` (timed text) where the input is mp4, m4v or mov and no file is styled, else ``subtitled.mkv``.

``formats``: with ``ass`` among them, Matroska gets the files of ``styled`` in place of those of ``subtitles``. An mp4
stays one: its tracks are plain then, since many players take nothing else, and a warning says so.
``container``: ``mp4`` or ``mkv`` to have that one, where SubStation's styles are lost in mp4. ``original``: whether the
first file is in the language that is spoken; the others are called translated. ``recognised``: whether a machine has
heard its words, rather than taken them from subtitles. ``shown``: the language of the track that players show unasked;
the first one, unless the movie has such a track already.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import containers
import ffmpegs
import languages
import stagekit

ADVICE = "See whether ffmpeg can read the movie (ffprobe FILE), and whether the disk has room for a copy of it"
STYLED = (".ass", ".ssa")
DEMUXERS = {".srt": "srt", ".vtt": "webvtt", ".ass": "ass", ".ssa": "ass"}


class Track(NamedTuple):
    """A subtitle file, and what its track is called."""

    file: Path
    language: str
    title: str

    @property
    def code(self) -> str:
        return languages.three_letters(self.language)


def run(stage: stagekit.Stage) -> None:
    """Copy into the container of the input's kind; where that refuses the video or audio, into Matroska."""
    media, wish = stage.input("media"), stage.parameters["container"]
    preferred, found = container_for(media, stage.inputs("subtitles"), wish), ffmpegs.probe(media)
    for container in dict.fromkeys([preferred, "mkv"]):
        tracks = once(tracks_in(container, stage))
        movie = stage.output("movie", "subtitled." + container)
        selection = containers.with_covers(containers.select(found["streams"], container), media, stage.work)
        shown = shown_of(tracks, str(stage.parameters["shown"]))
        arguments = command(ffmpegs.media_file(media, found), tracks, movie, selection, shown)
        done = ffmpegs.run(arguments, _Progress(stage, os.path.getsize(media), movie))
        if done.code == 0 and not done.is_disk_fault:  # on a full disk: a movie without its index
            containers.tell(stage, selection, containers.of_movie(media) if wish == "auto" else preferred)
            _warn_of_styles(stage, container)
            return stage.about(tracks=[[track.language, track.title] for track in tracks])
        begun = movie.exists() and movie.stat().st_size
        movie.unlink(missing_ok=True)
        if begun or done.is_disk_fault:
            break  # the container took the streams, so another one won't help
    raise stagekit.StageFailed(ffmpegs.message(f"ffmpeg could not add subtitles to {str(media)!r}", done.said, ADVICE))


def tracks_in(container: str, stage: stagekit.Stage) -> list[Track]:
    """The styled files where they were asked for and the container can hold them."""
    wish = stage.parameters
    slot = "styled" if container == "mkv" and "ass" in wish["formats"] else "subtitles"
    return tracks_of(stage.inputs(slot), wish["original"], wish["recognised"])


def _warn_of_styles(stage: stagekit.Stage, container: str) -> None:
    if container == "mp4" and "ass" in stage.parameters["formats"]:
        stage.warn("an mp4 can't hold SubStation's styles: its subtitle tracks are plain, the styled ones are files")


def tracks_of(files: Sequence[Path], original: bool, recognised: bool) -> list[Track]:
    tracks = []
    for number, file in enumerate(files):
        if file.suffix not in DEMUXERS:
            raise stagekit.StageFailed(
                f"{file.name} is no subtitle file of a kind that can be added: {', '.join(DEMUXERS)}"
            )
        how = ("automatic" if recognised else "") if original and number == 0 else "translated"
        name = "Subtitles" if file.stem == languages.UNKNOWN else languages.name(file.stem)
        tracks.append(Track(file, file.stem, f"{name} ({how})" if how else name))
    return tracks


def once(tracks: Sequence[Track]) -> list[Track]:
    """Without what is there already: what is spoken turned out to be a language that was to be translated into."""
    kept = {(languages.base(track.language), track.file.read_bytes()): track for track in reversed(tracks)}
    return [track for track in tracks if track in kept.values()]


def shown_of(tracks: Sequence[Track], wish: str) -> int | None:
    """Which track was asked to be shown. Raises ``StageFailed`` where there is none in that language."""
    if not wish:
        return None
    found = [index for index, track in enumerate(tracks) if languages.tag(track.language) == languages.tag(wish)]
    if not found:
        there = ", ".join(track.language for track in tracks)
        raise stagekit.StageFailed(f"no subtitles in {wish!r} that could be shown; there are: {there}")
    return found[0]


def container_for(media: Path, files: Sequence[Path], wish: str) -> str:
    if wish in containers.HELD_SUBTITLES:
        return wish
    if wish != "auto":
        raise stagekit.StageFailed(f"no container {wish!r}; there are: auto, {', '.join(containers.HELD_SUBTITLES)}")
    return "mkv" if any(file.suffix in STYLED for file in files) else containers.of_movie(media)


def command(
    media: ffmpegs.MediaFile,
    tracks: Sequence[Track],
    movie: Path,
    selection: containers.Selection,
    shown: int | None = None,
) -> list[str]:
    """ffmpeg's arguments."""
    arguments = ["-fflags", "+genpts"]  # avi has no presentation times, which Matroska needs
    arguments += [*_options(media.queue.of_input()), "-i", ffmpegs.url(media.path)]
    for track in tracks:  # the format is stated, since an empty file doesn't show it
        arguments += ["-f", DEMUXERS[track.file.suffix], "-i", ffmpegs.url(track.file)]
    maps = [f"0:{stream['index']}" for stream in selection.media]
    maps += [f"{index}:0" for index in range(1, len(tracks) + 1)]
    maps += [f"0:{stream['index']}" for stream in selection.others]
    for stream in maps:
        arguments += ["-map", stream]
    arguments += ["-map_metadata", "0", "-map_chapters", "0", "-c:v", "copy", "-c:a", "copy", "-c:t", "copy"]
    arguments += [*_subtitle_options(tracks, selection, shown), *selection.attached]
    return [*arguments, *_options(media.queue.of_output()), ffmpegs.url(movie)]


def _options(values: Mapping[str, int]) -> list[str]:
    return [word for name, value in values.items() for word in (f"-{name}", str(value))]


def _subtitle_options(tracks: Sequence[Track], selection: containers.Selection, shown: int | None) -> list[str]:
    """Codec and tags of each subtitle track: ours, then the movie's."""
    theirs, container = selection.subtitles, selection.container
    is_theirs = any(stream.get("disposition", {}).get("default") for stream in theirs)
    default = shown if shown is not None else None if is_theirs else 0
    options = []
    for index, track in enumerate(tracks):
        tags = ["language=" + track.code, "title=" + track.title]
        tags += ["handler_name=" + track.title] if container == "mp4" else []  # mp4's place for a title
        for tag in tags:
            options += [f"-metadata:s:s:{index}", tag]
        is_styled = track.file.suffix in STYLED and container == "mkv"
        options += [f"-c:s:{index}", "ass" if is_styled else containers.WRITTEN_AS[container]]
        options += [f"-disposition:s:{index}", "default" if index == default else "0"]
    for index, stream in enumerate(theirs, len(tracks)):
        options += [f"-c:s:{index}", containers.subtitle_codec(container, stream["codec_name"])]
        if shown is not None:
            kept = [name for name, value in stream.get("disposition", {}).items() if value and name != "default"]
            options += [f"-disposition:s:{index}", "+".join(kept) or "0"]
    return options


class _Progress:
    """Shows it as written bytes of ``size``, and lets the disk begin with what was written."""

    def __init__(self, stage: stagekit.Stage, size: int, movie: Path) -> None:
        self._stage, self._size, self._movie = stage, size, movie
        self._handed_over = 0

    def __call__(self, name: str, value: int) -> None:
        if name == "total_size" and self._size:
            self._stage.progress(value / self._size)
            self._handed_over = hand_over(self._movie, self._handed_over, value)


def hand_over(movie: Path, start: int, end: int) -> int:
    """Let the disk begin with what was just written, instead of with all of it when the result is committed.

    For pages that aren't on the disk yet, this advice means: write them soon. Returns ``end``.
    """
    if hasattr(os, "posix_fadvise"):
        descriptor = os.open(movie, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, start, end - start, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return end
