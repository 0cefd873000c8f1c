import io
import wave
from array import array
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from soundtrack import peaks

RATE = 16000
SPAN = RATE // 100


def made(*pieces: list[int]) -> list[tuple[int, int]]:
    file = io.BytesIO()
    writer = peaks.PeakWriter(file, RATE)
    for piece in pieces:
        writer.add(array("h", piece))
    writer.finish()
    found = array("b", file.getvalue())
    return list(zip(found[::2], found[1::2], strict=True))


def test_each_hundredth_has_its_least_and_greatest_sample() -> None:
    assert made([0] * (SPAN - 1) + [32767] + [-32768, 256] + [0] * (SPAN - 2)) == [(0, 127), (-128, 1)]


def test_a_quiet_sound_goes_down_at_most_by_one() -> None:
    assert made([-1, 1] * (SPAN // 2)) == [(-1, 0)]


def test_how_the_samples_come_makes_no_difference() -> None:
    samples = [(7919 * place) % 65536 - 32768 for place in range(5 * SPAN + 3)]
    whole = made(samples)
    assert len(whole) == 6
    assert made(*(samples[begin : begin + 7] for begin in range(0, len(samples), 7))) == whole


def test_without_sound_there_is_nothing() -> None:
    assert made() == made([]) == []


@pytest.fixture
def sound_peaks(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("sound_peaks")


def run(stage_file: ModuleType, folder: Path, samples: list[int], rate: int = 16000) -> Any:
    with wave.open(str(folder / "audio.wav"), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(array("h", samples))
    stage_file.run(SimpleNamespace(input=lambda _: folder / "audio.wav", output=lambda _: folder / "peaks.bin"))
    return (folder / "peaks.bin").read_bytes()


def test_the_stage_reads_piece_by_piece_what_demux_writes_at_once(
    sound_peaks: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_peaks, "PIECE_SECONDS", 1)
    samples = [(31 * place) % 60000 - 30000 for place in range(2 * 16000 + 5)]
    expected = bytes(value & 255 for pair in made(samples) for value in pair)
    assert run(sound_peaks, tmp_path, samples) == expected


def test_another_kind_of_sound_is_refused(sound_peaks: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(sound_peaks.stagekit.InputUnusable):
        run(sound_peaks, tmp_path, [0] * 100, rate=44100)
