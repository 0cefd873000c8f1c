# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["containers", "ffmpegs", "languages", "matroska_languages", "subtitling", "timestamps", "webvtt_tracks"]
# inputs = ["media", "subtitles", "styled"]
# [tool.pipeline.stage.parameters]
# is_styled = false
# container = "auto"
# original = true
# recognised = true
# shown = ""
# [tool.pipeline.stage.outputs]
# movie = "subtitled.*"
# ///
"""Add subtitle tracks to a movie and copy everything else: streams, chapters, metadata, attachments.

Each subtitle file becomes one track, in their order, before those that the movie has. The file's name says its
language and what it is for: ``en.forced.srt`` gives an English track that players show where it is needed.
``subtitled.mp4`` (timed text) where the input is mp4, m4v or mov and no file is styled, else ``subtitled.mkv``.

``is_styled``: Matroska gets the files of ``styled`` instead of those of ``subtitles``. An mp4 stays an mp4: its tracks
are plain then, since many players know nothing else, and a warning says so. ``container``: ``mp4``
or ``mkv`` for that one (SubStation's styles are lost in mp4), or ``auto``. ``original``: whether the first file is in
the language that is spoken; the others are called translated. ``recognised``: whether its words are from speech
recognition, and not from other subtitles. ``shown``: the language of the track that players show by default; else the
first one, unless the movie has a default track already.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import containers
import ffmpegs
import languages
import matroska_languages
import stagekit
import timestamps
import webvtt_tracks
from subtitling import flattening, reader, writer

ADVICE = "See whether ffmpeg can read the movie (ffprobe FILE), and whether the disk has room for a copy of it"
STYLED = (".ass", ".ssa")
DISPOSITIONS = {"forced": "forced", "sdh": "hearing_impaired", "commentary": "comment"}  # by flag, ffmpeg's mark
TITLES = {"forced": "forced", "sdh": "SDH", "commentary": "commentary"}
DEMUXERS = {".srt": "srt", ".vtt": "webvtt", ".ass": "ass", ".ssa": "ass"}


class SubtitleTrack(NamedTuple):
    """A subtitle file, its language, and the title of its track."""

    file: Path
    language: str
    title: str
    flags: tuple[str, ...] = ()  # keys of ``DISPOSITIONS``

    @property
    def code(self) -> str:
        return languages.three_letters(self.language)

    @property
    def has_region(self) -> bool:
        """Whether the language is more than its code says, such as ``pt-BR`` and ``zh-Hant``."""
        return "-" in languages.tag(self.language)

    def stated(self, container: str) -> str:
        """What ffmpeg is to write as the language."""
        if container != "mkv" or not self.has_region:
            return self.code
        return matroska_languages.stand_in(self.code, languages.tag(self.language))


def run(stage: stagekit.Stage) -> None:
    """Copy into the container of the input's kind; if that can't hold the video or audio, into Matroska."""
    media, wish = stage.input("media"), stage.parameters["container"]
    preferred, probed = container_for(media, stage.inputs("subtitles"), wish), ffmpegs.probe(media)
    found = webvtt_tracks.with_codecs(media, probed["streams"])
    jumps = timestamps.jump_options(media, probed)
    for container in dict.fromkeys([preferred, "mkv"]):
        tracks = without_duplicates(tracks_in(container, stage))
        tracks = [readable(track, container, stage.work) for track in tracks]
        movie = stage.output("movie", "subtitled." + container)
        selection = containers.with_covers(containers.select(found, container), media, stage.work)
        selection = containers.with_converted(selection, media, stage.work)
        shown = shown_index(tracks, str(stage.parameters["shown"]))
        for listed in (tracks, [track._replace(language=languages.base(track.language)) for track in tracks]):
            arguments = command(ffmpegs.media_file(media, probed), listed, movie, selection, shown)
            done = ffmpegs.run([*jumps, *arguments], _MuxProgress(stage, os.path.getsize(media), movie))
            if done.code or has_languages(movie, container, listed):
                break
            stage.warn("this ffmpeg writes languages in a form of its own, so the tracks say no region or script")
        if done.code == 0 and not done.is_disk_fault:  # a full disk leaves a movie without its index
            containers.warn_of_changes(stage, selection, containers.of_movie(media) if wish == "auto" else preferred)
            _warn_of_styles(stage, container)
            return stage.about(tracks=[[track.language, track.title] for track in tracks])
        begun = movie.exists() and movie.stat().st_size
        movie.unlink(missing_ok=True)
        if begun or done.is_disk_fault:
            break  # the container took the streams, so another one won't help
    raise stagekit.StageFailed(
        ffmpegs.message(f"ffmpeg could not add subtitles to {str(media)!r}", done.last_lines, ADVICE)
    )


def has_languages(movie: Path, container: str, tracks: Sequence[SubtitleTrack]) -> bool:
    """Complete the languages that have a region or script, and whether that could be done."""
    regions = [(track.code, languages.tag(track.language)) for track in tracks if track.has_region]
    return container != "mkv" or not regions or matroska_languages.settle(movie, regions)


def tracks_in(container: str, stage: stagekit.Stage) -> list[SubtitleTrack]:
    """Tracks of the styled files if they are wanted and the container can hold them; else of the plain files."""
    wish = stage.parameters
    slot = "styled" if container == "mkv" and wish["is_styled"] else "subtitles"
    return tracks_of(stage.inputs(slot), wish["original"], wish["recognised"])


def readable(track: SubtitleTrack, container: str, folder: Path) -> SubtitleTrack:
    """A track that ffmpeg reads whole, and that the container shows whole, as a SubRip file of ours where it must be.

    ffmpeg 5.1 loses all cues of a WebVTT file after a STYLE or REGION block. In an mp4 each text ends the one before,
    so cues that overlap become cues with all their texts.
    """
    if track.file.suffix in STYLED:
        return track
    try:
        cues = reader.read(track.file).cues
    except reader.Unreadable:
        return track  # ffmpeg says what is wrong with it
    shown = flattening.one_at_a_time(cues) if container == "mp4" else cues
    if shown == cues and track.file.suffix != ".vtt":
        return track
    file = folder / f"{track.file.stem}.srt"
    writer.save(shown, file, "srt")
    return track._replace(file=file)


def _warn_of_styles(stage: stagekit.Stage, container: str) -> None:
    if container == "mp4" and stage.parameters["is_styled"]:
        stage.warn("an mp4 can't hold SubStation's styles: its subtitle tracks are plain, the styled ones are files")


def tracks_of(files: Sequence[Path], original: bool, recognised: bool) -> list[SubtitleTrack]:
    """A track for each file. Raises ``StageFailed`` for a file of another kind."""
    tracks = []
    for number, file in enumerate(files):
        if file.suffix not in DEMUXERS:
            raise stagekit.StageFailed(
                f"{file.name} is no subtitle file of a kind that can be added: {', '.join(DEMUXERS)}"
            )
        how = ("automatic" if recognised else "") if original and number == 0 else "translated"
        language, *flags = file.stem.split(".")
        name = "Subtitles" if language == languages.UNKNOWN else languages.name(language)
        said = ", ".join([*(TITLES[flag] for flag in flags), *([how] if how else [])])
        tracks.append(SubtitleTrack(file, language, f"{name} ({said})" if said else name, tuple(flags)))
    return tracks


def without_duplicates(tracks: Sequence[SubtitleTrack]) -> list[SubtitleTrack]:
    """Only one of several tracks with the same text and language: a target may turn out to be the spoken language."""
    kept = {(languages.base(track.language), track.file.read_bytes()): track for track in reversed(tracks)}
    return [track for track in tracks if track in kept.values()]


def shown_index(tracks: Sequence[SubtitleTrack], wish: str) -> int | None:
    """The index of the track to show by default. Raises ``StageFailed`` if there is none in that language."""
    if not wish:
        return None
    matching = [index for index, track in enumerate(tracks) if languages.tag(track.language) == languages.tag(wish)]
    if not matching:
        there = ", ".join(track.language for track in tracks)
        raise stagekit.StageFailed(f"no subtitles in {wish!r} that could be shown; there are: {there}")
    return matching[0]


def container_for(media: Path, files: Sequence[Path], wish: str) -> str:
    """``mp4`` or ``mkv``. Raises ``StageFailed`` for another wish."""
    if wish in containers.HELD_SUBTITLES:
        return wish
    if wish != "auto":
        raise stagekit.StageFailed(f"no container {wish!r}; there are: auto, {', '.join(containers.HELD_SUBTITLES)}")
    return "mkv" if any(file.suffix in STYLED for file in files) else containers.of_movie(media)


def command(
    media: ffmpegs.MediaFile,
    tracks: Sequence[SubtitleTrack],
    movie: Path,
    selection: containers.StreamSelection,
    shown: int | None = None,
) -> list[str]:
    """ffmpeg's arguments."""
    arguments = ["-fflags", "+genpts"]  # avi has no presentation times, which Matroska needs
    arguments += [*_options(media.queue.of_input()), "-i", ffmpegs.url(media.path)]
    for track in tracks:  # the format is stated, since an empty file doesn't show it
        arguments += ["-f", DEMUXERS[track.file.suffix], "-i", ffmpegs.url(track.file)]
    arguments += containers.inputs_of_converted(selection)
    maps = [f"0:{stream['index']}" for stream in selection.media]
    maps += [f"{index}:0" for index in range(1, len(tracks) + 1)]
    maps += [f"0:{stream['index']}" for stream in selection.others]
    maps += [f"{index}:0" for index in range(len(tracks) + 1, len(tracks) + 1 + len(selection.converted))]
    for stream in maps:
        arguments += ["-map", stream]
    arguments += ["-map_metadata", "0", "-map_chapters", "0", "-c:v", "copy", "-c:a", "copy", "-c:t", "copy"]
    arguments += [*_subtitle_options(tracks, selection, shown), *selection.attached]
    return [*arguments, *_options(media.queue.of_output()), ffmpegs.url(movie)]


def _options(values: Mapping[str, int]) -> list[str]:
    return [word for name, value in values.items() for word in (f"-{name}", str(value))]


def _subtitle_options(
    tracks: Sequence[SubtitleTrack], selection: containers.StreamSelection, shown: int | None
) -> list[str]:
    """Codec and tags of each subtitle track: ours, then the movie's."""
    theirs, container = selection.subtitles, selection.container
    all_theirs = [*theirs, *(each.stream for each in selection.converted)]
    is_theirs = any(stream.get("disposition", {}).get("default") for stream in all_theirs)
    default = shown if shown is not None else None if is_theirs else 0
    options = []
    for index, track in enumerate(tracks):
        tags = ["language=" + track.stated(container), "title=" + track.title]
        tags += ["handler_name=" + track.title] if container == "mp4" else []  # mp4's place for a title
        for tag in tags:
            options += [f"-metadata:s:s:{index}", tag]
        is_styled = track.file.suffix in STYLED and container == "mkv"
        options += [f"-c:s:{index}", "ass" if is_styled else containers.WRITTEN_AS[container]]
        marks = [*(["default"] if index == default else []), *(DISPOSITIONS[flag] for flag in track.flags)]
        options += [f"-disposition:s:{index}", "+".join(marks) or "0"]
    for index, stream in enumerate(theirs, len(tracks)):
        options += [f"-c:s:{index}", containers.subtitle_codec(container, stream["codec_name"])]
        if shown is not None:
            kept = [name for name, value in stream.get("disposition", {}).items() if value and name != "default"]
            options += [f"-disposition:s:{index}", "+".join(kept) or "0"]
    return options + containers.options_of_converted(selection, len(tracks) + len(theirs), keeps_default=shown is None)


class _MuxProgress:
    """Shows progress as written bytes of ``size``, and starts writing them to the disk."""

    def __init__(self, stage: stagekit.Stage, size: int, movie: Path) -> None:
        self._stage, self._size, self._movie = stage, size, movie
        self._started = 0

    def __call__(self, name: str, value: int) -> None:
        if name == "total_size" and self._size:
            self._stage.progress(value / self._size)
            self._started = start_writeback(self._movie, self._started, value)


def start_writeback(movie: Path, start: int, end: int) -> int:
    """Start writing the bytes from ``start`` to ``end`` to the disk, instead of all of them at the end.

    For pages that aren't on the disk yet, this advice means: write them soon. Returns ``end``.
    """
    if hasattr(os, "posix_fadvise"):
        descriptor = os.open(movie, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, start, end - start, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return end
