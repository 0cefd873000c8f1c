"""The stage asr with the real model: what is said, and what isn't."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox
from tests.e2e.conftest import SAMPLE, wrong_words
from tests.e2e.test_subtitle import PATIENCE, made

MELODY = "0.2*sin(2*PI*(220*pow(2,floor(mod(t*3,8))/12))*t)+0.15*sin(2*PI*(330*pow(2,floor(mod(t*2,5))/12))*t)"


def transcribed(studio: Sandbox, audio: Path, *options: str) -> tuple[dict[str, Any], str]:
    """The transcript, and what the run said."""
    prepared = studio.run("prepare-job", "--transcribe", *options, "--", audio)
    assert prepared.code == 0, prepared.err
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert done.code == 0, done.err
    (file,) = (studio.job(prepared.out.strip()) / "output").glob("*.transcript.json")
    return json.loads(file.read_text(encoding="utf-8")), done.err


@pytest.fixture(scope="module")
def film(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three minutes: music, the sample, a long silence, the sample twice."""
    file = tmp_path_factory.mktemp("film") / "film.wav"
    inputs = ["-i", str(SAMPLE), "-f", "lavfi", "-i", f"aevalsrc='{MELODY}':s=48000:d=8"]
    inputs += ["-f", "lavfi", "-i", "anullsrc=r=48000:d=30"]
    both = ";".join(f"[{index}:a]aresample=16000,aformat=channel_layouts=mono[a{index}]" for index in range(3))
    graph = f"{both};[a0]asplit=3[s][t][u];[a1][s][a2][t][u]concat=n=5:v=0:a=1"
    subprocess.run([tools["ffmpeg"], "-v", "error", "-y", *inputs, "-filter_complex", graph, file], check=True)
    return file


def test_a_film_of_several_windows_loses_no_words(studio: Sandbox, film: Path) -> None:
    transcript, _ = transcribed(studio, film)
    spoken = SAMPLE.with_suffix(".txt").read_text(encoding="utf-8") * 3
    assert wrong_words(spoken, " ".join(segment["text"] for segment in transcript["segments"])) < 0.03
    assert transcript["language"] == "en"
    assert transcript["coverage"]["share"] > 0.95


def test_words_have_their_times_in_the_film_whatever_was_left_out_before_them(studio: Sandbox, film: Path) -> None:
    transcript, _ = transcribed(studio, film, "-s", "en")
    found = [word for segment in transcript["segments"] for word in segment["words"]]
    times = [word["start"] for word in found if word["word"].strip(" ,.").lower() == "best"]
    # Each reading is 44.2 s long, and before the second one there are 30 s of silence.
    assert times == pytest.approx([times[0], times[0] + 74.2, times[0] + 118.4], abs=0.3)
    assert not [word for word in found if 55 < word["start"] < 80]


def test_the_words_are_the_same_on_one_cpu(studio: Sandbox, film: Path) -> None:
    several, _ = transcribed(studio, film, "-s", "en")
    prepared = studio.run("prepare-job", "--transcribe", "-s", "en", "--", film).out.strip()
    done = studio.run("run-pipeline", "-j", prepared, "--force", "asr", "--limit", "cpus=1", timeout=PATIENCE)
    assert done.code == 0, done.err
    assert "Recognise the speech: finished" in done.err
    one = json.loads((studio.job(prepared) / "output" / "film.transcript.json").read_text(encoding="utf-8"))
    assert one == several


@pytest.mark.parametrize("sound", ["anoisesrc=color=brown:amplitude=0.3:seed=4", f"aevalsrc='{MELODY}':s=16000"])
def test_noise_and_music_end_well_with_an_empty_transcript_and_a_warning(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path, sound: str
) -> None:
    audio = made(tools, tmp_path / "sound.wav", "-f", "lavfi", "-i", sound, "-t", "40")
    transcript, said = transcribed(studio, audio)
    assert transcript["segments"] == []
    assert transcript["language"] == "und"
    assert transcript["content"] == "sound without speech"
    assert "no speech was recognised" in said


def test_silence_is_told_apart_from_sound_without_words(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    audio = made(tools, tmp_path / "sound.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "40")
    transcript, said = transcribed(studio, audio)
    assert (transcript["segments"], transcript["content"]) == ([], "silence")
    assert "silent" in said


# The ways in which speech gets lost in the mix of all channels. [0] is the speech, [1] and [2] are noise.
LOST = {
    "opposite": "[0]pan=stereo|c0=c0|c1=-1*c0",
    "one side noise": "[1]anull[n];[0]volume=0.5[s];[s][n]join=2:stereo",
    "around the centre": (
        "anullsrc=r=48000:cl=mono,asplit=3[x][y][z];[0]volume=0.5[s];"
        "[1][2][s][x][y][z]join=6:5.1:map=0.0-FL|1.0-FR|2.0-FC|3.0-LFE|4.0-BL|5.0-BR"
    ),
}


@pytest.mark.parametrize("channels", LOST)
def test_speech_that_is_lost_in_the_mix_of_all_channels_is_recognised(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path, channels: str
) -> None:
    noise = [word for seed in (2, 3) for word in ("-f", "lavfi", "-i", f"anoisesrc=r=48000:a=0.4:c=pink:seed={seed}")]
    graph = f"[0]aresample=48000,aformat=channel_layouts=mono[0a];{LOST[channels].replace('[0]', '[0a]')},atrim=0:44.1"
    sources = ["-i", str(SAMPLE), *noise, "-filter_complex", graph]
    audio = made(tools, tmp_path / "sound.mkv", *sources, "-c:a", "ac3", "-b:a", "448k")
    transcript, told = transcribed(studio, audio, "-s", "en")
    heard = " ".join(segment["text"] for segment in transcript["segments"])
    assert wrong_words(SAMPLE.with_suffix(".txt").read_text(encoding="utf-8"), heard) < 0.1
    assert "channel" in told
