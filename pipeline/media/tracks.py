"""The tracks that a person asks for, by number or language, compared with those that a movie has."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.media.languages import base, from_text, name
from pipeline.media.probe import Media, MediaTrack
from pipeline.text import printable


def check_audio_track(text: str, media: Media) -> None:
    """``text``: a number, a language, or nothing. Raises ``InputError`` where the movie has no such track."""
    if text:
        find(text, media.audio, "audio", "--audio-track")


def require_picture(movie: Path, media: Media) -> None:
    """Raises ``InputError`` for sound alone; without this check, that would show only after the recognition."""
    if not media.has_picture:
        what = f"{printable(str(movie))} has no picture that subtitles could be drawn into"
        raise InputError(what, "leave --burn-in out; the subtitles are files of their own")


def spoken_language(text: str, media: Media) -> str:
    """The code that the audio track ``text`` has as its language, or the main one; empty where it has none.

    Raises ``InputError`` where the movie has no such track.
    """
    track = find(text, media.audio, "audio", "--audio-track") if text else media.preferred_audio
    return base(track.language) if track else ""


def find(text: str, tracks: Sequence[MediaTrack], kind: str, option: str) -> MediaTrack:
    """The track of this number (from 1) or language; of several of a language, the first.

    ``kind`` and ``option`` are for the message. Raises ``InputError`` where there is none.
    """
    if text.isdecimal():
        found = next((track for track in tracks if track.number == int(text)), None)
    else:
        language = from_text(text)
        found = next((track for track in tracks if language and base(track.language) == language), None)
    if found is None:
        there = ", ".join(f"{track.number} ({_described(track)})" for track in tracks)
        what = f"no {kind} track {text}" if text.isdecimal() else f"no {kind} track in the language {text!r}"
        raise InputError(
            f"the movie has {what}; {f'it has {there}' if there else 'it has none'}",
            f"choose one of them with {option}" if there else None,
        )
    return found


def _described(track: MediaTrack) -> str:
    language = name(base(track.language)) if base(track.language) else "of an unknown language"
    return printable(f"{language}, {track.title}" if track.title else language)
