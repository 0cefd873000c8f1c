"""Subtitles that exist: tracks of a movie, files beside it, or a file that a person names."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.digests import sha256_of_file
from pipeline.errors import ExitCode, InputError, PipelineError
from pipeline.media import subtitle_names, tracks
from pipeline.media.languages import UNKNOWN, base, is_same, tag
from pipeline.media.probe import Media, MediaTrack
from pipeline.text import printable

_TEXT = "srt vtt ass ssa ttml dfxp itt smi sami scc stl sbv sub mpl"
SUFFIXES = tuple(f".{name}" for name in _TEXT.split())
NAMED_SUFFIXES = (*SUFFIXES, ".txt", ".xml")  # also of other files, so that they count only where a person names one
PICTURES = ("hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub")
FIRST = "auto"  # the first that there is
ORIGINAL = "auto"  # as a language: the spoken one, whatever it is


class AlreadyThere(PipelineError):
    """There is nothing to do for this input, which is no failure."""

    exit_code = ExitCode.OK


def source(text: str, movie: Path, media: Media) -> dict[str, str]:
    """What ``--from-subtitles TEXT`` means: empty, ``auto``, a file, or a track by number or language.

    ``track`` is a track's number, from 1, or empty; ``file`` is the absolute path of a file, or empty, with its SHA-256
    in ``file_digest``; ``language`` is a code, or empty where it isn't known. All keys are missing without a text.

    Raises ``InputError`` where there are no such subtitles, or they can't be read.
    """
    if not text:
        return {}
    if text == FIRST:
        return _first(movie, media)
    if (text.isdecimal() or base(text)) and not Path(text).is_file():
        return _of_track(tracks.find(text, media.subtitles, "subtitle", "--from-subtitles"))
    return _of_file(Path(os.path.abspath(text)), movie)


def require_missing(languages: Sequence[str], track_language: str, movie: Path, media: Media) -> None:
    """Raises ``AlreadyThere`` where the movie has subtitles in all of these languages, in it or beside it.

    ``ORIGINAL`` among the languages stands for ``track_language``, what the audio track says; where that is empty, its
    subtitles count as missing.
    """
    codes = [track_language if each in UNKNOWN else tag(each) for each in languages]
    there = existing(movie, media)
    found = {code: next((each for each in there if is_same(code, each)), "") for code in codes}
    if codes and all(found.values()):
        where = ", ".join(f"{code} ({there[each]})" for code, each in found.items())
        shown = printable(str(movie))
        raise AlreadyThere(f"{shown} has subtitles already: {where}", "prepare-job --overwrite   makes them again")


def existing(movie: Path, media: Media) -> dict[str, str]:
    """The languages that the movie has subtitles in, by their tags, each with where.

    Forced ones, as for signs, don't count, nor those in a form that ffmpeg doesn't know, as few players know it, too.
    """
    found = {
        tag(track.language): f"track {track.number} of the movie"
        for track in reversed(media.subtitles)
        if tag(track.language) and not track.is_forced and track.codec
    }
    for file in beside(movie):
        name = subtitle_names.parse(file.name, [movie.stem])
        if name.language and name.is_whole:
            found[name.language] = printable(file.name)
    return found


def beside(movie: Path) -> Iterator[Path]:
    """Subtitle files of a movie in its folder: ``movie.srt``, ``movie.es.srt``, ``movie.es.forced.srt``.

    ``movie.2.srt`` belongs to ``movie.2.mkv``, if there is one.
    """
    try:
        names = sorted(os.listdir(movie.parent))
    except OSError:
        return
    others = [each for each in subtitle_names.movies_in(movie.parent) if each.startswith(f"{movie.stem}.")]
    for each in names:
        is_ours = each.startswith(f"{movie.stem}.") and not any(each.startswith(f"{other}.") for other in others)
        if is_ours and each.lower().endswith(SUFFIXES) and not _are_pictures(each, names):
            yield movie.parent / each


def _are_pictures(name: str, names: Sequence[str]) -> bool:
    """Whether it is a file of VobSub, whose index lies beside it."""
    index = name.lower().removesuffix(".sub") + ".idx"
    return name.lower().endswith(".sub") and any(each.lower() == index for each in names)


def _first(movie: Path, media: Media) -> dict[str, str]:
    text = [track for track in media.subtitles if track.codec and track.codec not in PICTURES]
    if text:
        return _of_track(next((track for track in text if track.is_default and not track.is_forced), text[0]))
    files, shown = list(beside(movie)), printable(str(movie))
    if len(files) == 1:
        return _of_file(files[0], movie)
    if files:
        names = ", ".join(printable(file.name) for file in files)
        raise InputError(f"several subtitle files are beside {shown}: {names}", "--from-subtitles FILE")
    if media.subtitles:
        unknown = (track for track in media.subtitles if not track.codec)  # the stage may be able to read it
        return _of_track(next(unknown, media.subtitles[0]))  # pictures: the error says so
    raise InputError(
        f"{shown} has no subtitle track, and no subtitle file is beside it",
        "leave --from-subtitles out to have the speech recognised, or name a file with it",
    )


def _of_track(track: MediaTrack) -> dict[str, str]:
    if track.codec in PICTURES:
        raise InputError(
            f"subtitle track {track.number} holds pictures ({track.codec}), which no stage can read",
            "name a text track or a file with --from-subtitles, or leave it out to have the speech recognised",
        )
    return {"track": str(track.number), "file": "", "file_digest": "", "language": tag(track.language)}


def _of_file(file: Path, movie: Path) -> dict[str, str]:
    shown = printable(str(file))
    if file.suffix.lower() not in NAMED_SUFFIXES:
        raise InputError(f"{shown} is no subtitle file", f"name one that ends in {', '.join(NAMED_SUFFIXES)}")
    try:
        digest = sha256_of_file(file)
    except OSError as error:
        raise InputError(f"the subtitles {shown} can't be read: {error.strerror}", "--from-subtitles FILE") from error
    language = subtitle_names.of_file(file, movie).language
    return {"track": "", "file": str(file), "file_digest": digest, "language": language}
