"""The tracks of a movie: which there are, how a person names one, and which comes first if nobody does."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import languages

# What isn't the movie's own sound: a director's comments, descriptions for the blind, a mix for the hard of hearing.
ASIDE = ("comment", "visual_impaired", "descriptions", "hearing_impaired", "karaoke")


class Unknown(Exception):
    """There is no such track; the message says so, and which there are."""


class Track(NamedTuple):
    """A stream as ffprobe describes it, and its number among those of its kind, from 1."""

    number: int
    stream: dict[str, Any]

    @property
    def place(self) -> int:
        """Among all streams, from 0."""
        return int(self.stream["index"])

    @property
    def codec(self) -> str:
        return str(self.stream.get("codec_name", "unknown"))

    @property
    def language(self) -> str:
        """Standard form, ``und`` where it says none."""
        return languages.tag(str(self.stream.get("tags", {}).get("language", "")))

    def is_marked(self, *dispositions: str) -> bool:
        return any(self.stream.get("disposition", {}).get(each) for each in dispositions)


def of_kind(streams: Iterable[dict[str, Any]], kind: str) -> list[Track]:
    """``kind``: ``video``, ``audio`` or ``subtitle``."""
    found = (stream for stream in streams if stream.get("codec_type") == kind)
    return [Track(number, stream) for number, stream in enumerate(found, 1)]


def picture(streams: Iterable[dict[str, Any]]) -> Track | None:
    """The first video track that is no cover or thumbnail."""
    tracks = of_kind(streams, "video")
    return next((track for track in tracks if not track.is_marked("attached_pic", "timed_thumbnails")), None)


def chosen(tracks: Sequence[Track], wish: str, kind: str) -> Track:
    """By number or language; of several in one language, the one to be preferred. Raises ``Unknown``."""
    wish = wish.strip()
    by_number = [track for track in tracks if str(track.number) == wish]
    found = by_number if wish.isdecimal() else _in_language(tracks, wish)
    if not found:
        there = "; ".join(map(described, tracks)) or "none"
        raise Unknown(f"it has no {kind} track {wish!r}. There are: {there}")
    return by_preference(found)[0]


def _in_language(tracks: Sequence[Track], wish: str) -> list[Track]:
    """Exactly that language, such as Brazilian Portuguese, else any of its kind."""
    tag = languages.tag(wish)
    if tag == languages.UNKNOWN:
        return []
    exactly = [track for track in tracks if track.language == tag]
    return exactly or [track for track in tracks if languages.base(track.language) == languages.base(tag)]


def by_preference(tracks: Iterable[Track]) -> list[Track]:
    """The movie's own before what is said about it, what players show before the others, else in its order."""
    return sorted(tracks, key=lambda track: (track.is_marked(*ASIDE), not track.is_marked("default"), track.number))


def described(track: Track) -> str:
    """For people: ``2 (Spanish, ac3, 5.1(side), commentary)``."""
    language = languages.name(track.language) if track.language != languages.UNKNOWN else ""
    layout = track.stream.get("channel_layout") or (
        f"{track.stream['channels']} ch" if "channels" in track.stream else ""
    )
    title = str(track.stream.get("tags", {}).get("title", ""))
    parts = [language, track.codec, str(layout), title and repr(title), "default" if track.is_marked("default") else ""]
    return f"{track.number} ({', '.join(filter(None, parts))})"
