"""Streams in and out of real movies, by the real ffmpeg, without any recognition."""

import hashlib
import json
import re
import shutil
import subprocess
import wave
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.source import schema_errors
from pipeline.media.probe import probe
from tests.conftest import Result, Sandbox
from tests.e2e.conftest import SAMPLE, project_in

Command = list["str | Path"]
WORKFLOWS = {
    "sound": """
parameters: {track: {type: string, default: ""}}
stages:
  demux: {inputs: {media: job.input}, parameters: {audio_track: $track}}
deliver: [demux.audio]
""",
    "imported": """
parameters:
  track: {type: string, default: ""}
  file: {type: string, default: ""}
  digest: {type: string, default: ""}
  language: {type: string, default: ""}
stages:
  subtitle_import:
    inputs: {media: job.input}
    parameters: {track: $track, file: $file, file_digest: $digest, language: $language}
  subtitle_generation: {inputs: {transcript: subtitle_import.transcript}}
deliver: [subtitle_import.transcript, subtitle_generation.srt]
""",
    "drawn": """
parameters:
  languages: {type: languages, default: [en]}
  kind: {type: string, default: srt}
stages:
  written: {for_each: [$languages], parameters: {language: $each}}
  mux: {inputs: {media: job.input, subtitles: written.srt, styled: written.srt}}
  burn_in:
    for_each: [$languages]
    inputs: {media: job.input, subtitles: "written[$each].srt"}
    parameters: {preset: ultrafast}
deliver: [mux.movie, burn_in.movie]
""",
}
CUES = (
    "1\n00:00:01,000 --> 00:00:03,000\nIt was the <i>best</i> of times\n\n2\n00:00:03,500 --> 00:00:05,000\n{text}\n\n"
)
WRITTEN = f"""# /// script
# [tool.pipeline.stage]
# environment = "common"
# [tool.pipeline.stage.parameters]
# language = "en"
# [tool.pipeline.stage.outputs]
# srt = "*.srt"
# ///
TEXTS = {{"en": "it was the worst of times", "zh": "那是最坏的时代 那是智慧的时代"}}
def run(stage):
    language = stage.parameters["language"]
    text = {CUES!r}.format(text=TEXTS.get(language, language))
    stage.output("srt", language + ".srt").write_text(text, encoding="utf-8")
"""


@pytest.fixture
def bench(bootstrapped: None, tmp_path: Path) -> Sandbox:
    """This project with workflows that end before, or begin after, recognition."""
    sandbox = project_in(tmp_path / "project", "config", "stages")
    sandbox.write("stages/written.py", WRITTEN)
    for name, text in WORKFLOWS.items():
        sandbox.write(f"config/workflows/{name}.yaml", text)
    return sandbox


@pytest.fixture
def short(tools: dict[str, Path], tmp_path: Path) -> Path:
    """Eight seconds of the sample."""
    return made(tools, tmp_path / "short.mp4", "-i", SAMPLE, "-t", "8", "-c", "copy")


@pytest.fixture
def two_tracks(tools: dict[str, Path], tmp_path: Path) -> Path:
    """An English track whose packets are noise, before a sound Spanish one."""
    both: Command = ["-i", SAMPLE, "-t", "8", "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy"]
    tags = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=spa"]
    return made(tools, tmp_path / "two.mkv", *both, *tags, "-bsf:a:0", "noise=amount=3")


def made(tools: dict[str, Path], movie: Path, *options: "str | Path") -> Path:
    subprocess.run([tools["ffmpeg"], "-v", "error", "-y", *options, movie], check=True, timeout=60)
    return movie


def run(bench: Sandbox, movie: Path, workflow: str, **parameters: str) -> tuple[Result, Path]:
    chosen = [word for name, value in parameters.items() for word in ("--param", f"{name}={value}")]
    prepared = bench.run("prepare-job", "--workflow", workflow, *chosen, "--", movie)
    assert prepared.code == 0, prepared.err
    id = prepared.out.strip()
    return bench.run("run-pipeline", "-j", id, timeout=120), bench.job(id) / "output"


def about(output: Path, name: str) -> dict[str, Any]:
    """The sidecar of a deliverable, of the form that the schema has."""
    told: dict[str, Any] = json.loads((output / "about" / f"{name}.json").read_bytes())
    assert schema_errors(told, "sidecar") == []
    return told


def streams(tools: dict[str, Path], movie: Path, kind: str) -> list[dict[str, Any]]:
    shown: Command = [tools["ffprobe"], "-v", "error", "-show_streams", "-of", "json", movie]
    found = json.loads(subprocess.run(shown, capture_output=True, check=True, timeout=60).stdout)["streams"]
    return [stream for stream in found if stream["codec_type"] == kind]


def test_a_broken_track_gives_way_to_the_next_with_a_warning(bench: Sandbox, two_tracks: Path) -> None:
    done, output = run(bench, two_tracks, "sound")
    assert done.code == 0, done.err
    assert re.search(r"1 \(English, aac, mono, default\).*2 \(Spanish", done.err)
    (demux,) = about(output, "two.audio.wav")["stages"]
    assert demux["about"]["audio_track"].startswith("2 (Spanish")


def test_a_track_that_was_asked_for_is_never_replaced(bench: Sandbox, two_tracks: Path) -> None:
    done, _ = run(bench, two_tracks, "sound", track="en")
    assert done.code != 0 or "audio track 1" in done.err
    assert "(Spanish" not in done.err


def test_a_hole_in_the_file_is_told(bench: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    parts: Command = ["-i", SAMPLE, "-t", "12", "-c", "copy", "-cluster_time_limit", "500"]
    movie = made(tools, tmp_path / "holed.mkv", *parts)
    content = bytearray(movie.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    movie.write_bytes(content)
    done, _ = run(bench, movie, "sound")
    assert done.code == 0, done.err
    assert re.search(r"\d s of \d.* audio track 1", done.err)


Stream = tuple[str, ...]
TESTED: Stream = ("-f", "lavfi", "-i", "testsrc=s=160x90:r=25:d=8")
HUMMING: Stream = ("-f", "lavfi", "-i", "sine=220:d=8:r=48000")
# Half a second of noise every two seconds, the first at once.
BURSTS: Stream = (
    "-f", "lavfi", "-i", "anoisesrc=d=10:r=48000:a=0.5:seed=1,volume='if(lt(mod(t,2),0.5),1,0)':eval=frame",
)  # fmt: skip
H264: Stream = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac")
MPEG: Stream = ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "ac3")
CONTAINERS: dict[str, Stream] = {
    "mkv": H264,
    "mp4": H264,
    "ts": H264,
    "m2ts": (*H264, "-f", "mpegts", "-mpegts_m2ts_mode", "1"),
    "mpg": (*MPEG, "-f", "mpeg"),
    "vob": (*MPEG, "-f", "vob"),
    "ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
}


def onsets(wav: Path) -> list[float]:
    """The seconds at which it gets loud after a pause."""
    with wave.open(str(wav)) as file:
        rate, samples = file.getframerate(), array("h", file.readframes(file.getnframes()))
    step = rate // 500
    loud = [index * step / rate for index in range(len(samples) // step) if peak(samples, index, step) > 4000]
    return [time for before, time in pairwise([-1.0, *loud]) if time - before > 0.3]


def peak(samples: "array[int]", index: int, step: int) -> int:
    return max(map(abs, samples[index * step : (index + 1) * step]))


def bursts(bench: Sandbox, movie: Path, **parameters: str) -> tuple[Result, list[float]]:
    done, output = run(bench, movie, "sound", **parameters)
    assert done.code == 0, done.err
    return done, onsets(output / f"{movie.stem}.audio.wav")


@pytest.mark.parametrize("is_second", [False, True], ids=["only", "second"])
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_time_in_the_sound_is_one_on_the_players_clock(
    bench: Sandbox, tools: dict[str, Path], tmp_path: Path, container: str, is_second: bool
) -> None:
    """The sound begins three seconds after the picture: as the only track, and as the second one."""
    sources = [*TESTED, *(HUMMING if is_second else ()), "-itsoffset", "3", *BURSTS]
    maps = [word for index in range(2 + is_second) for word in ("-map", str(index))]
    movie = made(tools, tmp_path / f"late.{container}", *sources, *maps, "-t", "8", *CONTAINERS[container])
    _, found = bursts(bench, movie, track=str(1 + is_second))
    assert found == pytest.approx([3, 5, 7], abs=0.04)


def test_a_change_of_channels_midway_moves_nothing(bench: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    """Stereo, 5.1, stereo: ffmpeg makes its filters again for each, and each would begin at time 0."""
    parts = []
    for number, layout in enumerate(("stereo", "5.1", "stereo")):
        filters = ["-af", f"pan={layout}|{'FC' if layout == '5.1' else 'FL'}=c0", "-t", "4", "-c:a", "ac3"]
        parts.append(made(tools, tmp_path / f"{number}.ac3", *BURSTS, *filters).read_bytes())
    (tmp_path / "whole.ac3").write_bytes(b"".join(parts))
    movie = made(tools, tmp_path / "changing.mkv", "-i", tmp_path / "whole.ac3", "-c", "copy")
    _, found = bursts(bench, movie)
    assert found == pytest.approx([0, 2, 4, 6, 8, 10], abs=0.04)


@pytest.mark.parametrize("offset", [40_000, 100, 0, -20_000])
def test_joined_recordings_have_the_times_that_a_copy_of_them_has(
    bench: Sandbox, tools: dict[str, Path], tmp_path: Path, offset: int
) -> None:
    """The times of the second recording begin elsewhere, so the stated length is hours, or less than one recording."""
    parts = []
    for number, (late, begin) in enumerate(((0, max(0, -offset)), (1, max(0, offset)))):
        sources = [*TESTED, "-itsoffset", str(late), *BURSTS, "-map", "0", "-map", "1", "-t", "8"]
        coded = [*CONTAINERS["ts"], "-c:a", "ac3", "-output_ts_offset", str(begin)]
        parts.append(made(tools, tmp_path / f"{number}.ts", *sources, *coded).read_bytes())
    movie = tmp_path / "joined.ts"
    movie.write_bytes(b"".join(parts))
    done, found = bursts(bench, movie)
    assert "missing" not in done.err
    assert [time for time in found if not 7 < time < 8.9] == pytest.approx([0, 2, 4, 6, 9, 11, 13, 15], abs=0.25)
    _, output = run(bench, movie, "drawn")
    assert found == pytest.approx(bursts(bench, output / "joined.subtitled.mkv")[1], abs=0.04)


@pytest.mark.parametrize("container", ["ts", "vob", "mkv"])
def test_after_a_hole_in_the_sound_times_are_still_those_of_the_movie(
    bench: Sandbox, tools: dict[str, Path], tmp_path: Path, container: str
) -> None:
    """ffmpeg takes a step of more than ten seconds for a jump, and moves what follows."""
    long = [word.replace("d=8", "d=18").replace("d=10", "d=20") for word in (*TESTED, *BURSTS)]
    hole = ["-af", "aselect='not(between(t,2.2,14.8))'"]
    movie = made(tools, tmp_path / f"hole.{container}", *long, "-t", "18", *hole, *CONTAINERS[container], "-c:a", "ac3")
    _, output = run(bench, movie, "drawn")
    for file in (movie, output / "hole.subtitled.mkv"):
        _, found = bursts(bench, file)
        assert [time for time in found if time < 2 or time > 15] == pytest.approx([0, 16], abs=0.04)


def test_of_sound_alone_a_long_step_is_told(bench: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    long = [word.replace("d=8", "d=18").replace("d=10", "d=20") for word in BURSTS]
    hole = ["-af", "aselect='not(between(t,2.2,14.8))'"]
    movie = made(tools, tmp_path / "hole.ts", *long, "-t", "18", *hole, "-f", "mpegts", "-c:a", "ac3")
    done, _ = bursts(bench, movie)
    assert "step forward by 13 s" in done.err


def test_a_channel_that_was_wired_the_wrong_way_round_does_not_silence_the_other(
    bench: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    opposite = ["-af", "pan=stereo|c0=c0|c1=-1*c0", "-c:a", "aac"]
    movie = made(tools, tmp_path / "opposite.m4a", *BURSTS, *opposite)
    done, found = bursts(bench, movie)
    assert found == pytest.approx([0, 2, 4, 6, 8], abs=0.04)
    assert "left channel" in done.err


def test_a_silent_track_is_told(bench: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    nothing = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"]
    maps = ["-map", "0", "-map", "1", "-t", "4", "-c:a", "aac"]
    movie = made(tools, tmp_path / "silent.mkv", *nothing, *BURSTS, *maps)
    done, found = bursts(bench, movie)
    assert (found, "silent" in done.err, "--audio-track" in done.err) == ([], True, True)


def test_a_track_is_found_by_any_form_of_its_language(bench: Sandbox, two_tracks: Path) -> None:
    done, output = run(bench, two_tracks, "sound", track="Spanish")
    assert (done.code, "warning" in done.err) == (0, False), done.err
    assert about(output, "two.audio.wav")["stages"][0]["parameters"] == {"audio_track": "Spanish"}


def test_a_track_that_is_not_there_is_told_with_those_that_are(bench: Sandbox, two_tracks: Path) -> None:
    done, _ = run(bench, two_tracks, "sound", track="fr")
    assert done.code == 4
    assert "1 (English, aac, mono, default); 2 (Spanish" in done.err


def test_each_language_is_a_track_and_the_picture_of_another_movie(
    bench: Sandbox, tools: dict[str, Path], short: Path
) -> None:
    done, output = run(bench, short, "drawn", languages="en,es")
    assert done.code == 0, done.err
    tracks = streams(tools, output / "short.subtitled.mp4", "subtitle")
    assert [track["tags"]["language"] for track in tracks] == ["eng", "spa"]
    assert [track["tags"]["handler_name"] for track in tracks] == ["English (automatic)", "Spanish (translated)"]
    assert [track["disposition"]["default"] for track in tracks] == [1, 0]
    for name in ("short.en.burned.mp4", "short.es.burned.mp4"):
        assert sound(tools, output / name) == sound(tools, short)
        assert about(output, name)["engines"] == ["libx264, with libass"]
    burned = output / "short.en.burned.mp4"
    assert difference(tools, short, burned, 2.0) > 3 * difference(tools, short, burned, 0.5)


def sound(tools: dict[str, Path], movie: Path) -> bytes:
    command: Command = [
        tools["ffmpeg"],
        "-v",
        "error",
        "-i",
        movie,
        "-map",
        "0:a",
        "-c",
        "copy",
        "-f",
        "streamhash",
        "-",
    ]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def difference(tools: dict[str, Path], one: Path, other: Path, at: float) -> float:
    """Of the picture's lower part, on average."""

    def grey(movie: Path) -> bytes:
        frame: Command = ["-ss", str(at), "-i", movie, "-frames:v", "1", "-vf", "crop=iw:ih/4:0:ih*3/4,format=gray"]
        command: Command = [tools["ffmpeg"], "-v", "error", *frame, "-f", "rawvideo", "-"]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout

    pixels = list(zip(grey(one), grey(other), strict=True))
    return sum(abs(before - after) for before, after in pixels) / len(pixels)


def test_a_variable_frame_rate_stays_what_it_is(bench: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    picture = ["-f", "lavfi", "-i", "testsrc=s=160x90:r=25:d=6", "-f", "lavfi", "-i", "sine=d=6"]
    fewer = ["-vf", "select='lt(n,40)+not(mod(n,7))'", "-vsync", "vfr", "-c:v", "libx264", "-c:a", "aac"]
    movie = made(tools, tmp_path / "varies.mp4", *picture, *fewer)
    assert probe(movie, tools["ffprobe"]).has_variable_frame_rate
    done, output = run(bench, movie, "drawn")
    assert done.code == 0, done.err
    before = times(tools, movie)
    assert len(set(pairwise(before))) > 2
    for name in ("varies.subtitled.mp4", "varies.en.burned.mp4"):
        assert times(tools, output / name) == pytest.approx(before, abs=0.002)


def times(tools: dict[str, Path], movie: Path) -> list[float]:
    shown = ["-select_streams", "v:0", "-show_entries", "packet=pts_time", "-of", "json"]
    command: Command = [tools["ffprobe"], "-v", "error", *shown, movie]
    packets = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)["packets"]
    return sorted(float(packet["pts_time"]) for packet in packets)


def test_a_cover_stays_one(bench: Sandbox, tools: dict[str, Path], short: Path, tmp_path: Path) -> None:
    cover = made(tools, tmp_path / "front.jpg", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1")
    tags = ["-metadata:s:t", "mimetype=image/jpeg"]
    movie = made(tools, tmp_path / "covered.mkv", "-i", short, "-c", "copy", "-attach", cover, *tags)
    done, output = run(bench, movie, "drawn")
    assert done.code == 0, done.err
    for name in ("covered.subtitled.mkv", "covered.en.burned.mkv"):
        picture, attached = streams(tools, output / name, "video")
        assert (picture["codec_name"], picture["disposition"]["attached_pic"]) == ("h264", 0)
        assert (attached["tags"]["filename"], attached["disposition"]["attached_pic"]) == ("front.jpg", 1)


def test_letters_that_no_font_has_are_told_before_anything_is_coded(bench: Sandbox, short: Path) -> None:
    found = (
        subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False) if shutil.which("fc-list") else None
    )
    if found is None or found.stdout:
        pytest.skip("this machine may have Chinese fonts")
    done, _ = run(bench, short, "drawn", languages="zh")
    assert done.code == 4
    assert "Chinese" in done.error
    assert "fonts-noto-cjk" in done.err


def test_a_movie_without_a_picture_can_not_be_drawn_into(
    bench: Sandbox, tools: dict[str, Path], tmp_path: Path
) -> None:
    movie = made(tools, tmp_path / "radio.m4a", "-f", "lavfi", "-i", "sine=d=2")
    done, _ = run(bench, movie, "drawn")
    assert done.code == 5
    assert "no picture" in done.err


def imported(output: Path, title: str) -> dict[str, Any]:
    transcript: dict[str, Any] = json.loads((output / f"{title}.transcript.json").read_text(encoding="utf-8"))
    return transcript


def test_a_text_track_of_the_movie_becomes_a_transcript(bench: Sandbox, tools: dict[str, Path], tmp_path: Path) -> None:
    for name, text in (("en", "Best"), ("es", "Mejor")):
        (tmp_path / f"{name}.srt").write_text(CUES.format(text=text), encoding="utf-8")
    sources: Command = []
    for name in ("en", "es"):
        sources += ["-i", tmp_path / f"{name}.srt"]
    mapped = ["-map", "0:a", "-map", "1", "-map", "2", "-c:a", "copy", "-t", "8"]
    tags = ["-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=spa", "-c:s:1", "ass"]
    movie = made(tools, tmp_path / "film.mkv", "-i", SAMPLE, *sources, *mapped, *tags)
    done, output = run(bench, movie, "imported", track="es")
    assert done.code == 0, done.err
    transcript = imported(output, "film")
    assert transcript["language"] == "es"
    assert [segment["text"] for segment in transcript["segments"]] == ["It was the <i>best</i> of times", "Mejor"]
    assert transcript["segments"][0]["start"] == pytest.approx(1.0, abs=0.05)  # the sound may begin before time 0
    assert "Mejor" in (output / "film.es.srt").read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16"])
def test_a_file_in_an_old_encoding_with_overlapping_cues_and_markup_can_be_read(
    bench: Sandbox, short: Path, tmp_path: Path, encoding: str
) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,100\n<b>Это было</b> лучшее из всех времён,\n\n"
        "2\n00:00:02,000 --> 00:00:04,000\n<font color=red>это было худшее из всех времён</font>;\n\n"
        "3\n00:00:05,000 --> 00:00:06,500\nмы шли прямо в рай, мы шли не туда\n\n"
    )
    file = tmp_path / "film.ru.srt"
    file.write_bytes(text.encode(encoding))
    digest = "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
    done, output = run(bench, short, "imported", file=str(file), digest=digest, language="ru")
    assert done.code == 0, done.err
    transcript = imported(output, "short")
    assert transcript["language"] == "ru"
    assert [segment["text"] for segment in transcript["segments"]] == [
        "<b>Это было</b> лучшее из всех времён,",
        "это было худшее из всех времён;",
        "мы шли прямо в рай, мы шли не туда",
    ]
    assert transcript["segments"][0]["end"] == 2.0
    told = about(output, "short.transcript.json")
    assert told["engines"] == ["existing subtitles: the file 'film.ru.srt'"]
    assert any("cut short" in note for note in told["notes"])


def test_subtitles_that_changed_after_the_job_was_prepared_are_refused(
    bench: Sandbox, short: Path, tmp_path: Path
) -> None:
    file = tmp_path / "film.en.srt"
    file.write_text(CUES.format(text="Best"))
    done, _ = run(bench, short, "imported", file=str(file), digest="sha256:" + "0" * 64)
    assert done.code == 4
    assert str(file) in done.error


def test_a_movie_without_subtitles_has_none_to_import(bench: Sandbox, short: Path) -> None:
    done, _ = run(bench, short, "imported")
    assert done.code == 5
