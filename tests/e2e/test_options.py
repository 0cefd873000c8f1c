"""What a person asks of the workflows, from the command to the delivered files, with the engines that are light."""

import json
import os
import pickle
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.source import schema_errors
from tests.conftest import REPOSITORY, Sandbox
from tests.e2e.conftest import SAMPLE
from tests.e2e.test_subtitle import PATIENCE, made, probe

SPANISH = (
    "1\n00:00:00,800 --> 00:00:03,400\n<i>Era el mejor de los tiempos</i>,\n\n"
    "2\n00:00:03,000 --> 00:00:05,600\nera el peor de los tiempos, señor.\n\n"
    "3\n00:00:06,000 --> 00:00:07,500\n- ¿Es la casa número 42?\n\n"
)


@cache
def pairs() -> set[str]:
    """What Apertium has here."""
    if shutil.which("apertium") is None:
        return set()
    listed = subprocess.run(["apertium", "-l"], capture_output=True, text=True, check=False, timeout=30)
    return set(listed.stdout.split())


def needs(*wanted: str) -> pytest.MarkDecorator:
    missing = [pair for pair in wanted if pair not in pairs()]
    return pytest.mark.skipif(bool(missing), reason=f"apt-get install apertium, with the pairs {' '.join(missing)}")


@pytest.fixture
def short(tools: dict[str, Path], tmp_path: Path) -> Path:
    """Eight seconds of the sample."""
    return made(tools, tmp_path / "short.mp4", "-i", str(SAMPLE), "-t", "8", "-c", "copy")


def run(studio: Sandbox, *words: "str | Path") -> tuple[dict[str, Any], Path]:
    """The plan of a job that was prepared and run, and its output folder."""
    prepared = studio.run("prepare-job", *words)
    assert prepared.code == 0, prepared.err
    id = prepared.out.strip()
    done = studio.run("run-pipeline", "-j", id, timeout=PATIENCE)
    assert done.code == 0, done.err
    return json.loads((studio.job(id) / "job.json").read_bytes()), studio.job(id) / "output"


def about(output: Path, name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((output / "about" / f"{name}.json").read_bytes())
    assert schema_errors(told, "sidecar") == []
    return told


def languages(tools: dict[str, Path], movie: Path) -> list[str]:
    streams = probe(tools, movie)["streams"]
    return [stream["tags"]["language"] for stream in streams if stream["codec_type"] == "subtitle"]


@needs("eng-spa")
def test_each_wanted_language_is_a_track_a_file_of_each_form_and_one_is_drawn_in(
    studio: Sandbox, tools: dict[str, Path], short: Path
) -> None:
    words = ["-s", "en", "-t", "es", "--format", "srt,vtt,ass", "--burn-in", "--translator", "apertium"]
    plan, output = run(studio, "--subtitle", *words, short)
    names = [stage["name"] for stage in plan["stages"]]
    assert {"apertium_translation_es", "subtitle_generation_en", "subtitle_generation_es", "burn_in_es"} <= set(names)
    assert languages(tools, output / "short.subtitled.mp4") == ["eng", "spa"]
    assert (output / "short.es.burned.mp4").is_file()
    files = [output / f"short.{language}.{kind}" for language in ("en", "es") for kind in ("srt", "vtt", "ass")]
    checked = studio.run("pipeline", "subtitles", "check", "--json", *files)
    assert {each["rule"] for entry in checked.data for each in entry["violations"]} <= {"reading-speed"}


def test_styled_subtitles_are_tracks_where_the_movie_can_hold_them(
    studio: Sandbox, tools: dict[str, Path], short: Path, tmp_path: Path
) -> None:
    movie = made(tools, tmp_path / "film.mkv", "-i", str(short), "-c", "copy")
    _, output = run(studio, "--subtitle", "-s", "en", "--format", "ass", movie)
    codecs = [each["codec_name"] for each in probe(tools, output / "film.subtitled.mkv")["streams"]]
    assert codecs == ["h264", "aac", "ass"]
    assert {path.suffix for path in output.iterdir() if ".en." in path.name} == {".ass"}


def test_sound_that_has_no_picture_to_draw_into_is_told_before_any_work(
    studio: Sandbox, tools: dict[str, Path], short: Path, tmp_path: Path
) -> None:
    sound = made(tools, tmp_path / "radio.mp3", "-i", str(short), "-vn")
    refused = studio.run("prepare-job", "--subtitle", "--burn-in", sound)
    assert refused.code == 5
    assert "--burn-in" in refused.next_step


@needs("eng-spa")
def test_each_deliverable_says_what_made_it(studio: Sandbox, short: Path) -> None:
    _, output = run(studio, "--subtitle", "-s", "en", "-t", "es", "--translator", "apertium", short)
    told = about(output, "short.es.srt")
    assert any(engine.startswith("apertium eng-spa") for engine in told["engines"])
    assert any("mistakes" in note for note in told["notes"])
    stages = {stage["uses"]: stage for stage in told["stages"]}
    assert stages["asr"]["models"]["recognizer"]["digest"].startswith("sha256:")
    assert all(stage["environment"]["lock"].startswith("sha256:") for stage in told["stages"])
    delivered = {path.name for path in output.iterdir() if path.is_file()}
    assert {f"{name}.json" for name in delivered} == {path.name for path in (output / "about").iterdir()}


@needs("eng-spa", "eng-cat")
def test_two_languages_are_translated_side_by_side(studio: Sandbox, tools: dict[str, Path], short: Path) -> None:
    words = ["-s", "en", "-t", "es,ca", "--no-original", "--translator", "apertium"]
    plan, output = run(studio, "--subtitle", *words, short)
    needed = {stage["name"]: stage["needs"] for stage in plan["stages"]}
    assert needed["apertium_translation_es"] == needed["apertium_translation_ca"] == ["asr"]
    assert languages(tools, output / "short.subtitled.mp4") == ["spa", "cat"]


@needs("eng-spa", "eng-cat")
def test_three_tracks_have_their_languages_and_the_one_that_is_spoken_is_shown(
    studio: Sandbox, tools: dict[str, Path], short: Path
) -> None:
    _, output = run(studio, "--subtitle", "-s", "en", "-t", "es,ca", "--translator", "apertium", short)
    tracks = [
        each for each in probe(tools, output / "short.subtitled.mp4")["streams"] if each["codec_type"] == "subtitle"
    ]
    assert [each["tags"]["language"] for each in tracks] == ["eng", "spa", "cat"]
    assert [each["disposition"]["default"] for each in tracks] == [1, 0, 0]
    assert {"short.en.srt", "short.es.srt", "short.ca.srt"} <= {path.name for path in output.iterdir()}


@pytest.mark.parametrize("translator", ["whisper", pytest.param("apertium", marks=needs("spa-eng"))])
def test_a_wanted_language_that_turns_out_to_be_the_spoken_one_is_there_once(
    studio: Sandbox, tools: dict[str, Path], short: Path, translator: str
) -> None:
    plan, output = run(studio, "--subtitle", "-t", "en", "--translator", translator, short)
    assert f"{translator}_translation_en" in [stage["name"] for stage in plan["stages"]]
    assert languages(tools, output / "short.subtitled.mp4") == ["eng"]
    assert sorted(path.name for path in output.glob("*.srt")) == ["short.en.srt"]


@needs("spa-eng")
def test_subtitles_that_exist_are_translated_and_nothing_is_recognised(
    studio: Sandbox, tools: dict[str, Path], short: Path, tmp_path: Path
) -> None:
    file = tmp_path / "short.es.srt"
    file.write_bytes(SPANISH.encode("cp1252"))
    words: list[str | Path] = ["-t", "en", "--translator", "apertium", "--overwrite", "--from-subtitles", file]
    plan, output = run(studio, "--subtitle", *words, "--", short)
    used = {stage["uses"] for stage in plan["stages"]}
    assert "subtitle_import" in used
    assert not used & {"demux", "asr"}
    text = (output / "short.en.srt").read_text(encoding="utf-8")
    assert "<i>" in text
    assert "42" in text
    assert "eng" in languages(tools, output / "short.subtitled.mp4")
    assert about(output, "short.en.srt")["engines"][0].startswith("existing subtitles")


@needs("spa-eng")
@pytest.mark.parametrize(("words", "is_kept"), [((), True), (("--recut",), False)])
def test_subtitles_that_exist_keep_their_cues_and_times_unless_they_are_to_be_cut_again(
    studio: Sandbox, short: Path, tmp_path: Path, words: tuple[str, ...], is_kept: bool
) -> None:
    file = tmp_path / "short.es.srt"
    parted = "1\n00:00:00,800 --> 00:00:02,400\nEra el mejor\n\n2\n00:00:02,500 --> 00:00:05,600\nde los tiempos.\n\n"
    file.write_text(parted, encoding="utf-8")
    options = ["-t", "en", "--translator", "apertium", "--overwrite", *words, "--from-subtitles"]
    _, output = run(studio, "--subtitle", *options, file, "--", short)
    times = re.findall(r"\S+ --> \S+", (output / "short.en.srt").read_text(encoding="utf-8"))
    assert (times == ["00:00:00,800 --> 00:00:02,400", "00:00:02,500 --> 00:00:05,600"]) == is_kept


SIGN = """WEBVTT

STYLE
::cue { color: white }

00:00:00.500 --> 00:00:05.000 line:5%,start
OFFICE

00:00:01.000 --> 00:00:02.500
<v Ann><i>I</i> don't believe it.
"""


def test_a_sign_over_speech_is_in_every_file_and_track_at_its_time_and_place(
    studio: Sandbox, tools: dict[str, Path], short: Path, tmp_path: Path
) -> None:
    file = tmp_path / "signs.en.vtt"
    file.write_text(SIGN)
    _, output = run(
        studio, "--subtitle", "--overwrite", "--format", "srt,vtt,ass", "--from-subtitles", file, "--", short
    )
    srt, vtt, ass = ((output / f"short.en.{kind}").read_text(encoding="utf-8") for kind in ("srt", "vtt", "ass"))
    assert "00:00:00,500 --> 00:00:05,000\n{\\an8}OFFICE\n" in srt
    assert "00:00:01,000 --> 00:00:02,500\n<i>I</i> don't believe it.\n" in srt
    assert "00:00:00.500 --> 00:00:05.000 line:0\nOFFICE\n" in vtt
    assert "<v Ann><i>I</i> don't believe it." in vtt
    assert "Default,,0,0,0,,{\\an8}OFFICE" in ass
    assert "Default,Ann,0,0,0,,{\\i1}I{\\i0} don't believe it." in ass
    arguments: list[str | Path] = [
        "-v",
        "error",
        "-i",
        output / "short.subtitled.mp4",
        "-map",
        "0:s:0",
        "-f",
        "srt",
        "-",
    ]
    shown = subprocess.run([tools["ffmpeg"], *arguments], capture_output=True, text=True, check=True).stdout
    assert "00:00:01,000 --> 00:00:02,500\nOFFICE\n<i>I</i> don't believe it.\n" in shown
    assert "00:00:02,500 --> 00:00:05,000\nOFFICE\n" in shown


@needs("eng-spa")
def test_a_transcript_and_its_translation_stand_side_by_side(studio: Sandbox, short: Path) -> None:
    _, output = run(studio, "--translate", "-s", "en", "-t", "es", "--translator", "apertium", short)
    both = (output / "short.side-by-side.es.txt").read_text(encoding="utf-8")
    assert "It was the best of times" in both
    assert "mejor" in both
    assert (output / "short.transcript.json").is_file()


def test_whisper_translates_into_english_from_the_audio(studio: Sandbox, short: Path) -> None:
    """The sample's English, taken for Spanish, comes out in English all the same."""
    plan, output = run(studio, "--subtitle", "-s", "es", "-t", "en", "--translator", "whisper", "--no-original", short)
    assert "whisper_translation_en" in [stage["name"] for stage in plan["stages"]]
    assert "-->" in (output / "short.en.srt").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="apt-get install espeak-ng")
def test_whisper_translates_another_language_and_says_how_much_of_it_got_words(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    """A synthesiser's Spanish: real enough for the way, not for a judgement on the translation."""
    text = """Hoy vamos a hablar de la historia de una pequeña ciudad en el norte de España. La ciudad tiene cuarenta
    mil habitantes y una catedral muy antigua. En el año mil novecientos treinta y seis, muchas familias se fueron."""
    subprocess.run(
        ["espeak-ng", "-v", "es", "-s", "145", "-w", tmp_path / "said.wav", " ".join(text.split())],
        check=True,
        timeout=60,
    )
    _, output = run(studio, "--translate", "-s", "es", "-t", "en", "--translator", "whisper", tmp_path / "said.wav")
    translated = json.loads((output / "said.translation.en.json").read_bytes())
    said = " ".join(segment["text"] for segment in translated["segments"])
    assert {"north", "inhabitants", "families"} <= set(re.findall("[a-z]+", said))
    assert translated["coverage"]["share"] > 0.8
    assert translated["word_times"] == "attention"


def test_a_transcript_comes_with_word_times_and_the_wanted_subtitle_files(studio: Sandbox, short: Path) -> None:
    _, output = run(studio, "--transcribe", "-s", "en", "--format", "ass", short)
    found = {path.name for path in output.iterdir() if path.is_file()}
    assert found == {"short.transcript.json", "short.transcript.txt", "short.en.ass"}


def test_a_target_that_is_the_language_itself_is_one_track(
    studio: Sandbox, tools: dict[str, Path], short: Path
) -> None:
    plan, output = run(studio, "--subtitle", "-s", "en", "-t", "en", short)
    assert not any("translation" in stage["uses"] for stage in plan["stages"])
    assert languages(tools, output / "short.subtitled.mp4") == ["eng"]


def test_a_pair_that_no_engine_has_is_told_before_anything_runs(studio: Sandbox, short: Path) -> None:
    refused = studio.run("prepare-job", "--subtitle", "-s", "en", "-t", "ja", "--translator", "apertium", short)
    assert refused.code == 2
    assert re.search(r"apertium .*English \(en\).*Japanese \(ja\)", refused.error)


def test_gated_weights_are_told_with_their_terms_the_token_and_the_folder(studio: Sandbox, short: Path) -> None:
    refused = studio.run("prepare-job", "--subtitle", "-s", "en", "-t", "hi", "--translator", "indictrans2", short)
    assert refused.code == 3
    assert "https://huggingface.co/ai4bharat/indictrans2-en-indic" in refused.err
    assert "HF_TOKEN" in refused.err
    assert "--translation-model FOLDER" in refused.err


def test_a_model_folder_with_a_file_missing_is_told_by_its_name(studio: Sandbox, short: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in ("config.json", "model.bin"):
        (folder / name).write_text("{}")
    refused = studio.run("prepare-job", "--subtitle", "--model", folder, short)
    assert refused.code != 0
    assert "tokenizer.json" in refused.err


@pytest.mark.parametrize("harm", ["altered", "cut off", "missing"])
def test_a_model_folder_that_changes_after_the_job_was_prepared_is_told_before_it_is_loaded(
    studio: Sandbox, short: Path, tmp_path: Path, harm: str
) -> None:
    (model,) = (REPOSITORY / "models/.store").glob("whisper-base-*/model.bin")
    folder = shutil.copytree(model.parent, tmp_path / "mine")
    with (folder / "config.json").open("a") as config:
        config.write("\n")  # else it is the model that the project has
    id = studio.run("prepare-job", "--transcribe", "-s", "en", "--model", folder, short).out.strip()
    copied = folder / "model.bin"
    if harm == "missing":
        copied.unlink()
    with copied.open("ab") as opened:
        opened.truncate(1000) if harm == "cut off" else opened.write(b"more")
    done = studio.run("run-pipeline", "-j", id, timeout=PATIENCE)
    assert done.code == 3, done.err
    assert "model.bin" in done.error


def test_a_model_that_was_not_copied_whole_is_told_before_any_work(
    studio: Sandbox, short: Path, tmp_path: Path
) -> None:
    (model,) = (REPOSITORY / "models/.store").glob("whisper-base-*/model.bin")
    folder = shutil.copytree(model.parent, tmp_path / "mine")
    os.truncate(folder / "model.bin", 1_000_000)
    refused = studio.run("prepare-job", "--transcribe", "-s", "en", "--model", folder, short)
    assert refused.code == 3
    assert "model.bin" in refused.error


def test_ten_hours_are_planned_at_once(studio: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    movie = made(tools, tmp_path / "long.flac", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "36000")
    prepared = studio.run("prepare-job", "--subtitle", "-s", "en", movie)
    assert prepared.code == 0, prepared.err
    plan = json.loads((studio.job(prepared.out.strip()) / "job.json").read_bytes())
    assert plan["disk_needed"] > 36000 * 32_000


def test_music_alone_ends_well_with_an_empty_transcript_and_a_warning(
    studio: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    chord = "aevalsrc='0.2*sin(440*2*PI*t)+0.2*sin(554*2*PI*t)*sin(3*t)+0.1*sin(659*2*PI*t)':d=12"
    movie = made(tools, tmp_path / "music.m4a", "-f", "lavfi", "-i", chord)
    prepared = studio.run("prepare-job", "--transcribe", "-s", "en", movie)
    done = studio.run("run-pipeline", "-j", prepared.out.strip(), timeout=PATIENCE)
    assert done.code == 0, done.err
    assert "warning" in done.err
    transcript = json.loads((studio.job(prepared.out.strip()) / "output" / "music.transcript.json").read_bytes())
    assert transcript["segments"] == []


def test_one_bad_movie_of_many_stops_no_other_and_what_has_subtitles_is_skipped(
    studio: Sandbox, short: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("good.mp4", "seen.mp4"):
        shutil.copyfile(short, folder / name)
    (folder / "seen.en.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\nSeen.\n")
    (folder / "bad.mp4").write_text("no movie")
    done = studio.run("prepare-job", "--subtitle", "-s", "en", "--beside", "--run", folder, timeout=PATIENCE)
    assert done.code == 5, done.err
    assert "1 of 3" in done.error
    assert "best of times" in (folder / "good.en.srt").read_text(encoding="utf-8")
    assert (folder / "seen.en.srt").read_text().endswith("Seen.\n")


def test_a_watched_folder_is_worked_off_once(studio: Sandbox, short: Path, tmp_path: Path) -> None:
    folder = tmp_path / "arriving"
    folder.mkdir()
    shutil.copyfile(short, folder / "movie.mp4")
    (folder / "other.mp4.part").write_bytes(b"half")
    for _ in range(2):
        done = studio.run("pipeline", "watch", folder, "--subtitle", "-s", "en", "--once", timeout=PATIENCE)
        assert done.code == 0, done.err
    jobs = [path for path in (studio.root / "jobs").iterdir() if path.name.startswith("job-")]
    assert len(jobs) == 1
    assert (jobs[0] / "output" / "movie.en.srt").is_file()


def test_a_model_that_runs_code_is_taken_each_time_that_this_is_allowed(studio: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.bin").write_bytes(pickle.dumps({"weight": [1.0]}, protocol=2))
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / "mine" / name).write_text("{}")
    command: list[str | Path] = ["prepare-job", SAMPLE, "--transcribe", "-s", "en", "--model", tmp_path / "mine"]
    assert studio.run(*command).code == 3
    for _ in range(2):  # also where the film has a job already
        allowed = studio.run(*command, "--allow-code")
        assert allowed.code == 0, allowed.err
    assert "--allow-code" in studio.run(*command).next_step
    (tmp_path / "mine" / "model.bin").write_bytes(pickle.dumps({"weight": [2.0]}, protocol=2))
    changed = studio.run("run-pipeline", "-j", "latest")
    assert (changed.code, changed.next_step.endswith(" --allow-code")) == (3, True)


def test_a_model_for_another_task_is_refused_before_it_is_fetched(studio: Sandbox) -> None:
    refused = studio.run("prepare-job", SAMPLE, "--transcribe", "--model", "nllb-200-distilled-600m")
    assert (refused.code, refused.next_step) == (2, "pipeline model list --task recognition")
