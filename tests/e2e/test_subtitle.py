"""A movie goes in, a subtitled movie comes out."""

import hashlib
import json
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.source import schema_errors
from tests.conftest import REPOSITORY, Sandbox
from tests.e2e.conftest import SAMPLE, project_in, wrong_words

PATIENCE = 300  # seconds; a loaded machine recognises slower than it speaks


@pytest.fixture(scope="session")
def subtitled(bootstrapped: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a finished job on the sample."""
    return subtitle(project_in(tmp_path_factory.mktemp("subtitled") / "project"), SAMPLE, "-s", "en")


def subtitle(studio: Sandbox, movie: Path, *words: str) -> Path:
    prepared = studio.run("prepare-job", "--subtitle", *words, "--", movie)
    assert prepared.code == 0, prepared.err
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert done.code == 0, done.err
    return studio.job(prepared.out.strip()) / "output"


def test_the_transcript_of_the_sample_has_under_three_percent_wrong_words(subtitled: Path) -> None:
    heard = (subtitled / "two_cities.transcript.txt").read_text(encoding="utf-8")
    assert wrong_words(SAMPLE.with_suffix(".txt").read_text(encoding="utf-8"), heard) < 0.03


def test_the_transcript_has_a_time_for_each_word(subtitled: Path) -> None:
    transcript = json.loads((subtitled / "two_cities.transcript.json").read_text(encoding="utf-8"))
    starts = [word["start"] for segment in transcript["segments"] for word in segment["words"]]
    assert transcript["language"] == "en"
    assert len(starts) > 100
    assert starts == sorted(starts)


def test_the_movie_keeps_its_streams_and_length_and_gains_a_tagged_subtitle_track(
    subtitled: Path, tools: dict[str, Path]
) -> None:
    before, after = probe(tools, SAMPLE), probe(tools, subtitled / "two_cities.subtitled.mp4")
    kinds = [stream["codec_type"] for stream in after["streams"]]
    track = after["streams"][kinds.index("subtitle")]
    assert kinds.count("video") == kinds.count("audio") == kinds.count("subtitle") == 1
    assert track["tags"]["language"] == "eng"
    assert float(after["format"]["duration"]) == pytest.approx(float(before["format"]["duration"]), abs=0.05)
    assert packets(tools, SAMPLE) == packets(tools, subtitled / "two_cities.subtitled.mp4")


def test_every_deliverable_has_a_sidecar_that_says_what_made_it(subtitled: Path) -> None:
    delivered = sorted(path.name for path in subtitled.iterdir() if path.is_file())
    assert sorted(path.name for path in (subtitled / "about").iterdir()) == [f"{name}.json" for name in delivered]
    for name in delivered:
        told = json.loads((subtitled / "about" / f"{name}.json").read_bytes())
        assert schema_errors(told, "sidecar") == []
        stages = {stage["uses"]: stage for stage in told["stages"]}
        recognizer = stages["asr"]["models"]["recognizer"]
        assert (recognizer["name"], recognizer["digest"][:7]) == ("whisper-base", "sha256:")
        lock = hashlib.sha256((REPOSITORY / "requirements" / "whisper.lock").read_bytes()).hexdigest()
        assert stages["asr"]["environment"]["lock"] == f"sha256:{lock}"
        assert told["input"]["digest"] == "sha256:" + hashlib.sha256(SAMPLE.read_bytes()).hexdigest()


def test_both_subtitle_files_hold_the_same_cues(subtitled: Path) -> None:
    srt = (subtitled / "two_cities.en.srt").read_text(encoding="utf-8")
    vtt = (subtitled / "two_cities.en.vtt").read_text(encoding="utf-8")
    assert vtt.startswith("WEBVTT")
    assert srt.count("-->") == vtt.count("-->") > 5
    assert "best of times" in srt


def test_the_subtitles_of_the_sample_break_no_rule(studio: Sandbox, subtitled: Path) -> None:
    files = [subtitled / "two_cities.en.srt", subtitled / "two_cities.en.vtt"]
    done = studio.run("pipeline", "subtitles", "check", *files)
    assert (done.code, done.err) == (0, ""), done.out


def test_old_subtitles_are_checked_in_their_encoding(studio: Sandbox, tmp_path: Path) -> None:
    cue = "1\n00:00:01,000 --> 00:00:01,400\n<i>Привет, как дела?</i>\nЯ не знаю, что сказать.\n\n"
    for name in ("cp1251", "utf-16"):
        (tmp_path / f"{name}.srt").write_bytes(cue.encode(name))
    done = studio.run("pipeline", "subtitles", "check", "--json", tmp_path / "cp1251.srt", tmp_path / "utf-16.srt")
    assert done.code == 1
    assert [entry["encoding"] for entry in done.data] == ["cp1251", "utf-16"]
    assert {each["rule"] for entry in done.data for each in entry["violations"]} == {"too-short", "reading-speed"}


@pytest.mark.parametrize("start", ["worker", "cold"])
def test_speech_is_recognised_to_the_same_bytes_however_the_stage_is_started(
    studio: Sandbox, subtitled: Path, start: str
) -> None:
    id = studio.run("prepare-job", "--transcribe", "-s", "en", SAMPLE).out.strip()
    done = studio.run("run-pipeline", "-j", id, "--start", start, timeout=PATIENCE)
    assert done.code == 0, done.err
    found = (studio.job(id) / "output/two_cities.transcript.json").read_bytes()
    assert found == (subtitled / "two_cities.transcript.json").read_bytes()


def test_a_killed_run_goes_on_from_the_last_finished_stage(studio: Sandbox) -> None:
    id = studio.run("prepare-job", SAMPLE, "--subtitle", "-s", "en").out.strip()
    with studio.start("run-pipeline", "-j", id) as run:
        assert run.stderr is not None
        assert any(b"Recognise the speech: runs" in line for line in run.stderr)
        run.send_signal(signal.SIGKILL)
    done = studio.run("run-pipeline", "-j", id, timeout=PATIENCE)
    assert done.code == 0, done.err
    assert "Take out the sound: finished" not in done.err
    assert (studio.job(id) / "output" / "two_cities.en.srt").is_file()


def test_a_name_with_everything_in_it_works(studio: Sandbox, tmp_path: Path) -> None:
    movie = tmp_path / '-it\'s "odd": %d é\n字.mp4'
    shutil.copyfile(SAMPLE, movie)
    output = subtitle(studio, movie, "-s", "en")
    assert (output / f"{movie.stem}.en.srt").is_file()


def test_a_matroska_movie_stays_one_and_detects_its_language(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    movie = made(tools, tmp_path / "movie.mkv", "-i", str(SAMPLE), "-t", "12", "-c", "copy")
    output = subtitle(studio, movie)
    after = probe(tools, output / "movie.subtitled.mkv")
    assert [stream["tags"]["language"] for stream in after["streams"] if stream["codec_type"] == "subtitle"] == ["eng"]
    assert (output / "movie.en.vtt").is_file()


def test_silence_ends_well_with_empty_valid_subtitles_and_a_warning(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    movie = made(tools, tmp_path / "silence.mp4", *PICTURE, "-f", "lavfi", "-i", "anullsrc=r=48000", "-t", "5")
    prepared = studio.run("prepare-job", movie, "--subtitle", "-s", "en")
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    output = studio.job(prepared.out.strip()) / "output"
    assert done.code == 0, done.err
    assert "warning" in done.err
    assert (output / "silence.en.vtt").read_text(encoding="utf-8").strip() == "WEBVTT"
    assert "-->" not in (output / "silence.en.srt").read_text(encoding="utf-8")
    assert probe(tools, output / "silence.subtitled.mp4")["streams"]


def test_a_transport_stream_can_be_read(studio: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    movie = made(tools, tmp_path / "movie.ts", "-i", str(SAMPLE), "-t", "6", "-c", "copy", "-f", "mpegts")
    output = subtitle(studio, movie, "-s", "en")
    assert "best of times" in (output / "movie.en.srt").read_text(encoding="utf-8")


def test_a_text_file_named_mp4_is_refused(studio: Sandbox, tmp_path: Path) -> None:
    movie = tmp_path / "text.mp4"
    movie.write_text("this is no movie\n" * 100)
    done = studio.run("prepare-job", movie, "--subtitle")
    assert (done.code, str(movie) in done.error) == (5, True)
    assert not (studio.root / "jobs").exists()


def test_a_movie_without_audio_is_refused(studio: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    movie = made(tools, tmp_path / "mute.mp4", *PICTURE, "-t", "2")
    done = studio.run("prepare-job", movie, "--subtitle")
    assert (done.code, str(movie) in done.error) == (5, True)


def test_a_movie_cut_off_before_its_index_is_refused(studio: Sandbox, tmp_path: Path) -> None:
    movie = tmp_path / "cut.mp4"
    movie.write_bytes(SAMPLE.read_bytes()[:1000])
    done = studio.run("prepare-job", movie, "--subtitle")
    assert done.code == 5


def test_a_movie_cut_off_in_the_middle_is_transcribed_as_far_as_it_goes_with_a_warning(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    whole = made(tools, tmp_path / "whole.mp4", "-i", str(SAMPLE), "-c", "copy", "-movflags", "faststart")
    movie = tmp_path / "cut.mp4"
    movie.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    prepared = studio.run("prepare-job", movie, "--transcribe", "-s", "en")
    assert prepared.code == 0, prepared.err
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert done.code == 0, done.err
    assert "Take out the sound: warning" in done.err
    text = (studio.job(prepared.out.strip()) / "output" / "cut.transcript.txt").read_text(encoding="utf-8")
    assert "best of times" in text


PICTURE = ("-f", "lavfi", "-i", "color=s=160x90:r=5")


def made(tools: dict[str, Path], movie: Path, *options: str) -> Path:
    """A small movie by ffmpeg."""
    subprocess.run([tools["ffmpeg"], "-v", "error", "-y", *options, movie], check=True)
    return movie


def probe(tools: dict[str, Path], movie: Path) -> Any:
    shown = ["-v", "error", "-show_streams", "-show_format", "-of", "json"]
    return json.loads(subprocess.run([tools["ffprobe"], *shown, movie], capture_output=True, check=True).stdout)


def packets(tools: dict[str, Path], movie: Path) -> bytes:
    """A digest of each video and audio stream's packets, as they are in the container."""
    digests = ["-map", "0:v", "-map", "0:a", "-c", "copy", "-f", "streamhash", "-"]
    return subprocess.run(
        [tools["ffmpeg"], "-v", "error", "-i", movie, *digests], capture_output=True, check=True
    ).stdout


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_what_existing_subtitles_are_for_is_kept(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path, suffix: str
) -> None:
    movie = tmp_path / f"film.{suffix}"
    subprocess.run([tools["ffmpeg"], "-v", "error", "-i", SAMPLE, "-t", "5", "-c", "copy", movie], check=True)
    signs = tmp_path / "film.fr.forced.srt"
    signs.write_text("1\n00:00:01,000 --> 00:00:03,000\nSORTIE\n")
    output = subtitle(studio, movie, "--from-subtitles", str(signs))
    assert (output / "film.fr.forced.srt").exists()
    streams = probe(tools, output / f"film.subtitled.{suffix}")["streams"]
    (track,) = (each for each in streams if each["codec_type"] == "subtitle")
    assert track["disposition"]["forced"] == 1
    assert track["tags"]["language"] in ("fra", "fre")
