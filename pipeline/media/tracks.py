"""The tracks that a person asks for, by number or language, compared with those that a movie has."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.media.languages import base, from_text, name, tag
from pipeline.media.probe import Media, MediaTrack
from pipeline.media.subtitle_names import SubtitleFlag, flags_of_title, tag_of_title
from pipeline.text import printable

FEW = 5  # a track with less than this part of another one's cues doesn't hold all that is said


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
    track = audio_track(text, media)
    return base(track.language) if track else ""


def audio_track(text: str, media: Media) -> MediaTrack | None:
    """The audio track ``text``, a number or a language, or the main one; ``None`` where there is no sound.

    Raises ``InputError`` where the movie has no such track.
    """
    if text:
        return find(text, media.audio, "audio", "--audio-track")
    return next(iter(by_preference(media.audio)), None)


def audio_in(language: str, media: Media) -> str:
    """The number of the audio track in a language; empty where that is the main track, or there is none."""
    main, own = audio_track("", media), in_language(language, media.audio)
    return "" if main is None or main in own or not own else str(own[0].number)


def in_language(language: str, tracks: Iterable[MediaTrack]) -> list[MediaTrack]:
    """Those in exactly this language, such as ``pt-BR``, else in any form of it; the best one first."""
    same = [track for track in tracks if base(language) and base(track.language) == base(language)]
    return by_preference([track for track in same if language_of(track) == tag(language)] or same)


def language_of(track: MediaTrack) -> str:
    """The tag that it says, with the region or script that its title may add: containers have three letters."""
    return tag_of_title(track.title, tag(track.language))


def by_preference(tracks: Iterable[MediaTrack]) -> list[MediaTrack]:
    """What has all that is said first, then the default track, then in the movie's order.

    Signs and forced subtitles come last, and comments and versions for the hard of hearing before them. A track with
    few cues, compared with another one, holds signs, whatever it says.
    """
    listed = list(tracks)
    most = max((track.cues for track in listed), default=0)

    def key(track: MediaTrack) -> tuple[bool, bool, bool, int]:
        is_partial, is_beside = rank(track)
        has_few = 0 < track.cues * FEW < most
        return is_partial or has_few, is_beside, not track.is_default, track.number

    return sorted(listed, key=key)


def rank(track: MediaTrack) -> tuple[bool, bool]:
    """Whether it has only signs or what is forced, and whether it is beside the movie's own."""
    flags = flags_of_title(track.title)
    others = {SubtitleFlag.COMMENTARY, SubtitleFlag.HEARING_IMPAIRED}
    return track.is_forced or SubtitleFlag.FORCED in flags, track.is_secondary or bool(flags & others)


def flags(track: MediaTrack) -> frozenset[SubtitleFlag]:
    """What its marks and its title say that a subtitle track is for; not whether players show it by default."""
    marks = {
        SubtitleFlag.FORCED: track.is_forced,
        SubtitleFlag.HEARING_IMPAIRED: track.is_hearing_impaired,
        SubtitleFlag.COMMENTARY: track.is_comment,
    }
    marked = frozenset(flag for flag, is_set in marks.items() if is_set)
    return (marked | flags_of_title(track.title)) - {SubtitleFlag.DEFAULT}


def find(text: str, tracks: Sequence[MediaTrack], kind: str, option: str) -> MediaTrack:
    """The track of this number (from 1) or language; of several of a language, the best one.

    ``kind`` and ``option`` are for the message. Raises ``InputError`` where there is none.
    """
    if text.isdecimal():
        found = next((track for track in tracks if track.number == int(text)), None)
    else:
        found = next(iter(in_language(tag(text) or from_text(text), tracks)), None)
    if found is None:
        there = ", ".join(map(described, tracks))
        what = f"no {kind} track {text}" if text.isdecimal() else f"no {kind} track in the language {text!r}"
        raise InputError(
            f"the movie has {what}; {f'it has {there}' if there else 'it has none'}",
            f"choose one of them with {option}" if there else None,
        )
    return found


def described(track: MediaTrack) -> str:
    """``2 (Spanish (es), Director)``."""
    language = name(language_of(track)) if tag(track.language) else "of an unknown language"
    return f"{track.number} ({printable(f'{language}, {track.title}' if track.title else language)})"
