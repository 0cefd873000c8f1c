"""Languages with regions in Matroska files, which are made here byte by byte."""

import zlib
from pathlib import Path

import matroska_languages
import pytest
from matroska_languages import settle, stand_in


def element(name: str, content: bytes) -> bytes:
    return bytes.fromhex(name) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def track(language: str) -> bytes:
    return element("ae", bytes.fromhex("22b59c") + bytes([0x80 | len(language)]) + language.encode())


def movie(folder: Path, *languages: str, has_checksum: bool = True) -> Path:
    tracks = b"".join(track(language) for language in languages)
    checksum = bytes.fromhex("bf84") + zlib.crc32(tracks).to_bytes(4, "little") if has_checksum else b""
    segment = element("ec", bytes(90)) + element("1654ae6b", checksum + tracks) + element("1f43b675", b"pictures")
    file = folder / "movie.mkv"
    file.write_bytes(element("1a45dfa3", b"matroska") + element("18538067", segment))
    return file


IETF = bytes.fromhex("22b59d")
BRAZILIAN = ("por", "pt-BR")


@pytest.mark.parametrize("has_checksum", [True, False])
def test_both_languages_stand_in_the_place_of_the_text(tmp_path: Path, has_checksum: bool) -> None:
    file = movie(tmp_path, "eng", stand_in(*BRAZILIAN), stand_in("zho", "zh-Hant-TW"), has_checksum=has_checksum)
    size = file.stat().st_size
    assert settle(file, [BRAZILIAN, ("zho", "zh-Hant-TW")])
    content = file.read_bytes()
    assert len(content) == size
    assert bytes.fromhex("22b59c83") + b"por" + IETF + b"\x85pt-BR" in content
    assert bytes.fromhex("22b59c83") + b"zho" + IETF + b"\x8azh-Hant-TW" in content
    assert b"=" not in content
    if has_checksum:
        stated, rest = content.split(bytes.fromhex("bf84"))[1][:4], content.split(bytes.fromhex("bf84"))[1][4:]
        tracks = rest[: rest.index(bytes.fromhex("1f43b675"))]
        assert int.from_bytes(stated, "little") == zlib.crc32(tracks)


def test_a_movie_without_the_text_is_left_as_it_is(tmp_path: Path) -> None:
    file = movie(tmp_path, "eng", "por")
    before = file.read_bytes()
    assert not settle(file, [BRAZILIAN])
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"\x00" * 40, b"RIFF data", bytes.fromhex("1a45dfa3"), b"\xff" * 50])
def test_what_is_no_matroska_has_no_tracks(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mkv").write_bytes(content)
    assert not matroska_languages.settle(tmp_path / "a.mkv", [BRAZILIAN])
