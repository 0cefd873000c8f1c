"""The sound of a file, read piece by piece, with a stand-in for numpy that reads as it does."""

import wave
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

Load = Callable[[Sequence[str], str, Sequence[str]], None]


class Numbers(list[int]):
    """What is needed of an array."""

    def max(self) -> int:
        return max(self)

    def min(self) -> int:
        return min(self)


READ: list[int] = []  # how many numbers were asked for, each time


def fromfile(path: Path, dtype: str, count: int, offset: int) -> Numbers:
    assert dtype == "<i2"
    READ.append(count)
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(2 * count)
    return Numbers(array("h", data[: len(data) // 2 * 2]))


@pytest.fixture
def waveform(stand_in: Load, load_module: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> Any:
    stand_in(("numpy",), "2.0", ("waveform",))
    module: Any = load_module("recognition.waveform")
    monkeypatch.setattr(module, "numpy", SimpleNamespace(fromfile=fromfile))
    READ.clear()
    return module


def written(path: Path, samples: Sequence[int], rate: int = 16_000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(array("h", samples).tobytes())
    return path


def test_only_the_part_that_is_asked_for_is_read(waveform: Any, tmp_path: Path) -> None:
    sound = waveform.open_audio(written(tmp_path / "a.wav", range(32_000)))
    assert (len(sound), sound.duration, READ) == (32_000, 2.0, [])
    assert sound.samples(100, 103) == [100, 101, 102]
    assert sound.samples(31_999, 40_000) == [31_999]
    assert sound.samples(40_000, 40_001) == []
    assert READ == [3, 1, 0]


def test_what_stands_before_the_samples_is_no_sound(waveform: Any, tmp_path: Path) -> None:
    plain = written(tmp_path / "a.wav", [1, 2, 3]).read_bytes()
    at = plain.index(b"data")
    listed = b"LIST" + (4).to_bytes(4, "little") + b"INFO"
    size = (len(plain) + len(listed) - 8).to_bytes(4, "little")
    (tmp_path / "b.wav").write_bytes(plain[:4] + size + plain[8:at] + listed + plain[at:])
    assert waveform.open_audio(tmp_path / "b.wav").samples(0, 9) == [1, 2, 3]


def test_a_file_that_states_more_than_it_has_ends_where_it_ends(waveform: Any, tmp_path: Path) -> None:
    file = written(tmp_path / "a.wav", [1, 2, 3])
    at = file.read_bytes().index(b"data") + 4
    file.write_bytes(file.read_bytes()[:at] + b"\xfe\xff\xff\x7f" + file.read_bytes()[at + 4 :])
    sound = waveform.open_audio(file)
    assert (len(sound), sound.samples(0, 9)) == (3, [1, 2, 3])


def test_a_file_that_becomes_shorter_is_an_error_and_no_silence(waveform: Any, tmp_path: Path) -> None:
    sound = waveform.open_audio(written(tmp_path / "a.wav", range(1000)))
    written(tmp_path / "a.wav", range(500))
    with pytest.raises(waveform.stagekit.StageFailed, match="has changed"):
        sound.samples(400, 600)


def test_another_rate_is_refused_with_what_to_connect(waveform: Any, tmp_path: Path) -> None:
    with pytest.raises(waveform.stagekit.StageFailed, match=r"demux\.audio"):
        waveform.open_audio(written(tmp_path / "a.wav", [1], rate=48_000))


@pytest.mark.parametrize(
    ("samples", "is_silent"), [([], True), ([0] * 9, True), ([0, -33], False), ([0] * 960_001 + [33], False)]
)
def test_a_sound_is_silent_if_no_block_of_it_can_be_heard(
    waveform: Any, tmp_path: Path, samples: list[int], is_silent: bool
) -> None:
    assert waveform.open_audio(written(tmp_path / "a.wav", samples)).is_silent() is is_silent
    assert max(READ, default=0) <= waveform.BLOCK
