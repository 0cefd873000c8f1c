"""The tracks of a movie: listed by kind, chosen by number or language, and ordered by preference."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import languages

# Sound beside the movie's own: comments, descriptions for the blind, a mix for the hard of hearing.
SECONDARY = ("comment", "visual_impaired", "descriptions", "hearing_impaired", "karaoke")


class UnknownTrack(Exception):
    """There is no such track; the message says so, and lists those that there are."""


class StreamTrack(NamedTuple):
    """A stream as ffprobe describes it, and its number among those of its kind, from 1."""

    number: int
    stream: dict[str, Any]

    @property
    def place(self) -> int:
        """Its index among all streams, from 0."""
        return int(self.stream["index"])

    @property
    def codec(self) -> str:
        return str(self.stream.get("codec_name", "unknown"))

    @property
    def language(self) -> str:
        """Its language in standard form; ``und`` if it says none."""
        return languages.tag(str(self.stream.get("tags", {}).get("language", "")))

    @property
    def title(self) -> str:
        return str(self.stream.get("tags", {}).get("title", ""))

    def is_marked(self, *dispositions: str) -> bool:
        """Whether it has one of ffmpeg's dispositions."""
        return any(self.stream.get("disposition", {}).get(each) for each in dispositions)


def of_kind(streams: Iterable[dict[str, Any]], kind: str) -> list[StreamTrack]:
    """The tracks of a ``kind``: ``video``, ``audio`` or ``subtitle``."""
    matching = (stream for stream in streams if stream.get("codec_type") == kind)
    return [StreamTrack(number, stream) for number, stream in enumerate(matching, 1)]


def picture(streams: Iterable[dict[str, Any]]) -> StreamTrack | None:
    """The first video track that is no cover or thumbnail."""
    tracks = of_kind(streams, "video")
    return next((track for track in tracks if not track.is_marked("attached_pic", "timed_thumbnails")), None)


def choose(tracks: Sequence[StreamTrack], wish: str, kind: str) -> StreamTrack:
    """The track with a number or language; of several in one language the preferred one. Raises ``UnknownTrack``."""
    wish = wish.strip()
    by_number = [track for track in tracks if str(track.number) == wish]
    matching = by_number if wish.isdecimal() else _in_language(tracks, wish)
    if not matching:
        there = "; ".join(map(described, tracks)) or "none"
        raise UnknownTrack(f"it has no {kind} track {wish!r}. There are: {there}")
    return by_preference(matching)[0]


def _in_language(tracks: Sequence[StreamTrack], wish: str) -> list[StreamTrack]:
    """Tracks in exactly that language, such as Brazilian Portuguese, else in any of its varieties."""
    tag = languages.tag(wish)
    if tag == languages.UNKNOWN:
        return []
    exactly = [track for track in tracks if track.language == tag]
    return exactly or [track for track in tracks if languages.base(track.language) == languages.base(tag)]


def by_preference(tracks: Iterable[StreamTrack]) -> list[StreamTrack]:
    """The movie's own tracks first, forced ones last; else the default track, then in the movie's order."""
    return sorted(
        tracks,
        key=lambda track: (
            track.is_marked("forced"),
            track.is_marked(*SECONDARY) or "commentary" in track.title.lower(),
            not track.is_marked("default"),
            track.number,
        ),
    )


def described(track: StreamTrack) -> str:
    """For people: ``2 (Spanish, ac3, 5.1(side), commentary)``."""
    language = languages.name(track.language) if track.language != languages.UNKNOWN else ""
    layout = track.stream.get("channel_layout") or (
        f"{track.stream['channels']} ch" if "channels" in track.stream else ""
    )
    parts = [
        language,
        track.codec,
        str(layout),
        track.title and repr(track.title),
        "default" if track.is_marked("default") else "",
    ]
    return f"{track.number} ({', '.join(filter(None, parts))})"
