from typing import Any

import pytest
import streams


def stream(index: int, kind: str, language: str = "", codec: str = "aac", **more: Any) -> dict[str, Any]:
    marks = dict.fromkeys(more.pop("marked", ()), 1)
    tags = {"language": language} if language else {}
    return {"index": index, "codec_type": kind, "codec_name": codec, "tags": tags, "disposition": marks, **more}


VIDEO = stream(0, "video", codec="h264")
ENGLISH = stream(1, "audio", "eng", marked=["default"])
COMMENTARY = stream(2, "audio", "eng", marked=["comment"])
SPANISH = stream(3, "audio", "spa")
BRAZILIAN = stream(4, "audio", "pt-BR")
PORTUGUESE = stream(5, "audio", "por")
ALL = [VIDEO, ENGLISH, COMMENTARY, SPANISH, BRAZILIAN, PORTUGUESE]


def audio(*found: dict[str, Any]) -> list[streams.StreamTrack]:
    return streams.of_kind(found or ALL, "audio")


def test_tracks_are_numbered_among_their_kind() -> None:
    assert [(track.number, track.place) for track in audio()] == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]


@pytest.mark.parametrize(
    ("wish", "place"),
    [("1", 1), ("3", 3), ("es", 3), ("spa", 3), ("Spanish", 3), ("en", 1), ("pt-BR", 4), ("pt", 5), ("pt-PT", 4)],
)
def test_a_track_is_chosen_by_number_or_language(wish: str, place: int) -> None:
    assert streams.choose(audio(), wish, "audio").place == place


@pytest.mark.parametrize("wish", ["0", "6", "fr", "nonsense", "und", "-1", "1.5"])
def test_a_track_that_is_not_there_is_told_with_those_that_are(wish: str) -> None:
    with pytest.raises(streams.UnknownTrack, match=r"There are: 1 \(English, aac, default\); 2 \(English"):
        streams.choose(audio(), wish, "audio")


def test_without_any_track_that_is_told() -> None:
    with pytest.raises(streams.UnknownTrack, match="There are: none"):
        streams.choose([], "1", "subtitle")


def test_the_movies_own_sound_comes_before_comments_even_where_those_are_the_default() -> None:
    comments = stream(1, "audio", "eng", marked=["default", "comment"])
    assert [track.place for track in streams.by_preference(audio(comments, SPANISH))] == [3, 1]


def test_what_players_take_comes_first() -> None:
    assert [track.place for track in streams.by_preference(audio(SPANISH, ENGLISH))] == [1, 3]


def test_a_cover_is_no_picture() -> None:
    cover = stream(0, "video", codec="mjpeg", marked=["attached_pic"])
    found = streams.picture([cover, ENGLISH, stream(7, "video", codec="h264")])
    assert found is not None
    assert found.place == 7
    assert streams.picture([cover, ENGLISH]) is None


def test_a_track_is_described_for_people() -> None:
    full = stream(1, "audio", "spa", "ac3", channel_layout="5.1(side)", marked=["default"])
    full["tags"]["title"] = "Director's"
    assert streams.described(audio(full)[0]) == '1 (Spanish, ac3, 5.1(side), "Director\'s", default)'
    assert streams.described(audio({"index": 1, "codec_type": "audio", "channels": 3})[0]) == "1 (unknown, 3 ch)"
