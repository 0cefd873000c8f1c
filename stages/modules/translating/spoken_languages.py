"""A transcript in several languages: each part by itself, so that it is translated from its own."""

from collections.abc import Mapping
from typing import Any


def parts(transcript: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The transcript by language, the main one first: each with the segments in it. One part where it has only one.

    A segment's ``language`` says where it isn't in that of the transcript.
    """
    main = transcript["language"]
    by_language: dict[str, list[dict[str, Any]]] = {main: []}
    for segment in transcript["segments"]:
        by_language.setdefault(segment.get("language") or main, []).append(segment)
    return {
        language: {**transcript, "language": language, "segments": segments}
        for language, segments in by_language.items()
        if segments or language == main
    }
