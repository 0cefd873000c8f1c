"""What a person asks of a movie's tracks, held against what is in it, before an hour of work is planned on it."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_file
from pipeline.errors import InputUnusable
from pipeline.media.languages import base, meant, name
from pipeline.media.probe import Media, Track
from pipeline.text import printable

SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")  # of subtitle files that are text
PICTURES = ("hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle", "xsub")
FIRST = "auto"  # subtitles: whichever there are
ORIGINAL = "auto"  # as a language: what is spoken, whatever it is


def check_audio_track(wish: str, media: Media) -> None:
    """Raises ``InputUnusable`` where the movie has no such track."""
    if wish:
        _chosen(wish, media.audio, "audio")


def require_picture(movie: Path, media: Media) -> None:
    """Raises ``InputUnusable`` for sound alone: it would show only after the recognition."""
    if not media.has_picture:
        what = f"{_shown(movie)} has no picture that subtitles could be drawn into"
        raise InputUnusable(what, "leave --burn-in out; the subtitles are files of their own")


def spoken(wish: str, media: Media) -> str:
    """The language that the audio track says it has; empty where it doesn't."""
    track = _chosen(wish, media.audio, "audio") if wish else media.preferred_audio
    return base(track.language) if track else ""


def subtitles(wish: str, movie: Path, media: Media) -> dict[str, Any]:
    """What ``--from-subtitles`` means: a track of the movie, or a file with its digest. Raises ``InputUnusable``."""
    if not wish:
        return {}
    if wish != FIRST and (wish.isdecimal() or base(wish)) and not Path(wish).is_file():
        return _of_track(_chosen(wish, media.subtitles, "subtitle"))
    if wish != FIRST:
        return _of_file(Path(os.path.abspath(wish)))
    text = [track for track in media.subtitles if track.codec not in PICTURES]
    if text:
        return _of_track(next((track for track in text if track.is_default and not track.is_forced), text[0]))
    files = list(beside(movie))
    if len(files) == 1:
        return _of_file(files[0])
    if files:
        names = ", ".join(printable(file.name) for file in files)
        raise InputUnusable(f"several subtitle files are beside {_shown(movie)}: {names}", "--from-subtitles FILE")
    if media.subtitles:
        return _of_track(media.subtitles[0])  # pictures, which it says
    raise InputUnusable(
        f"{_shown(movie)} has no subtitle track, and no subtitle file is beside it",
        "leave --from-subtitles out to have the speech recognised, or name a file with it",
    )


def beside(movie: Path) -> Iterator[Path]:
    """Subtitle files of a movie in its folder: ``movie.srt``, ``movie.es.srt``, ``movie.es.forced.srt``."""
    try:
        names = sorted(os.listdir(movie.parent))
    except OSError:
        return
    for each in names:
        if each.startswith(f"{movie.stem}.") and each.lower().endswith(SUFFIXES):
            yield movie.parent / each


def language_of(file: Path, movie: Path) -> str:
    """What ``movie.es.srt`` says; empty where the name says nothing."""
    words = file.name.removeprefix(f"{movie.stem}.").split(".")[:-1]
    return next((base(word) for word in words if base(word)), "")


def existing(movie: Path, media: Media) -> dict[str, str]:
    """Languages that the movie has subtitles in, each with where. Those for signs alone don't count."""
    found = {
        base(track.language): f"track {track.number} of the movie"
        for track in reversed(media.subtitles)
        if base(track.language) and not track.is_forced
    }
    for file in beside(movie):
        if (language := language_of(file, movie)) and ".forced." not in file.name.lower():
            found[language] = printable(file.name)
    return found


def _of_track(track: Track) -> dict[str, Any]:
    if track.codec in PICTURES:
        raise InputUnusable(
            f"subtitle track {track.number} holds pictures ({track.codec}), which no stage can read",
            "name a text track or a file with --from-subtitles, or leave it out to have the speech recognised",
        )
    return {"track": str(track.number), "file": "", "file_digest": "", "language": base(track.language)}


def _of_file(file: Path) -> dict[str, Any]:
    shown = printable(str(file))
    if file.suffix.lower() not in SUFFIXES:
        raise InputUnusable(f"{shown} is no subtitle file", f"name one that ends in {', '.join(SUFFIXES)}")
    try:
        digest = sha256_of_file(file)
    except OSError as error:
        raise InputUnusable(
            f"the subtitles {shown} can't be read: {error.strerror}", "--from-subtitles FILE"
        ) from error
    words = file.stem.split(".")[1:]
    language = next((base(word) for word in words if base(word)), "")
    return {"track": "", "file": str(file), "file_digest": digest, "language": language}


def _chosen(wish: str, tracks: Sequence[Track], kind: str) -> Track:
    if wish.isdecimal():
        found = next((track for track in tracks if track.number == int(wish)), None)
    else:
        wanted = meant(wish)
        found = next((track for track in tracks if wanted and base(track.language) == wanted), None)
    if found is None:
        there = ", ".join(f"{track.number} ({_described(track)})" for track in tracks)
        what = f"no {kind} track {wish}" if wish.isdecimal() else f"no {kind} track in the language {wish!r}"
        option = "--audio-track" if kind == "audio" else "--from-subtitles"
        raise InputUnusable(
            f"the movie has {what}; {f'it has {there}' if there else 'it has none'}",
            f"choose one of them with {option}" if there else None,
        )
    return found


def _described(track: Track) -> str:
    language = name(base(track.language)) if base(track.language) else "of an unknown language"
    return printable(f"{language}, {track.title}" if track.title else language)


def _shown(movie: Path) -> str:
    return printable(str(movie))
