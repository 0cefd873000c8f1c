import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def ffmpegs(load_module: Callable[[str], ModuleType]) -> ModuleType:
    return load_module("ffmpegs")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Callable[[str, str], None]:
    """Puts a shell script in the place of ffmpeg or ffprobe."""

    def put(name: str, script: str) -> None:
        file = tmp_path / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def described(size: int, duration: float, libavformat: int = 60) -> dict[str, Any]:
    versions = [{"name": "libavutil", "major": 90}, {"name": "libavformat", "major": libavformat}]
    return {"format": {"size": str(size), "duration": str(duration)}, "library_versions": versions}


@pytest.mark.parametrize(
    ("size", "duration", "packets"),
    [(735_000_000, 3600.0, 256), (10**11, 3600.0, 60), (10**12, 3600.0, 8), (0, 3600.0, 8), (1000, 0.0, 8)],
)
def test_a_queue_holds_many_packets_but_not_many_bytes(
    ffmpegs: ModuleType, size: int, duration: float, packets: int
) -> None:
    assert ffmpegs.media_file(Path("x"), described(size, duration)).queue.packets == packets


@pytest.mark.parametrize(("libavformat", "options"), [(58, 0), (60, 1), (62, 1)])
def test_an_output_gets_a_queue_where_ffmpeg_has_that_option(
    ffmpegs: ModuleType, program: Callable[[str, str], None], libavformat: int, options: int
) -> None:
    program("ffmpeg", "")
    program("ffprobe", "")
    queue = ffmpegs.media_file(Path("x"), described(1000, 1.0, libavformat)).queue
    assert (len(queue.of_input()), len(queue.of_output())) == (1, options)


def test_an_ffprobe_from_elsewhere_does_not_tell_the_version_of_ffmpeg(
    ffmpegs: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ffmpegs.shutil, "which", lambda name: f"/opt/{name}/{name}")
    assert not ffmpegs.media_file(Path("x"), described(1000, 1.0)).queue.for_output


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [("44.117", 44.117), ("01:00:44.032000000", 3644.032), ("unknown", 0), (None, 0), ("N/A", 0), ("-1", 0), ("7", 7)],
)
def test_a_duration_is_read_in_both_forms(ffmpegs: ModuleType, stated: str | None, seconds: float) -> None:
    assert ffmpegs.seconds(stated) == seconds


def test_progress_is_told_in_numbers_and_kept_out_of_what_was_said(
    ffmpegs: ModuleType, program: Callable[[str, str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    program("ffmpeg", "printf 'out_time_us=N/A\\nout_time_us=1500000\\nspeed=1.2x\\nwatch out\\n' >&2; exit 3")
    told: list[tuple[str, int]] = []
    heard: list[str] = []
    done = ffmpegs.run([], lambda name, value: told.append((name, value)), heard.append)
    assert told == [("out_time_us", 1500000)]
    assert (done.code, done.last_lines, heard) == (3, ["watch out"], ["watch out"])
    assert capfd.readouterr().err == "watch out\n"


def test_what_is_for_nobody_is_not_told_but_the_samples_are_counted(
    ffmpegs: ModuleType, program: Callable[[str, str], None]
) -> None:
    decoded = (
        "[verbose]   Input stream #0:1 (audio): 130 packets read (50233 bytes); 130 frames decoded (133120 samples); "
    )
    program("ffmpeg", f"printf '[info] Stream mapping:\\n[aac @ 0x5] [error] oh [info] \\n{decoded}\\n' >&2")
    done = ffmpegs.run([])
    assert (done.last_lines, done.samples) == (["[aac @ 0x5] oh [info]"], 133120)


@pytest.mark.parametrize(
    "line",
    [
        "Error while decoding stream #0:1: Invalid data found when processing input",
        "[aist#0:1/aac @ 0x5] Error submitting packet to decoder: Invalid data found when processing input",
    ],
)
def test_packets_that_can_not_be_decoded_are_counted_and_the_log_is_not_filled_with_them(
    ffmpegs: ModuleType, program: Callable[[str, str], None], capfd: pytest.CaptureFixture[str], line: str
) -> None:
    program("ffmpeg", f"for i in $(seq 100); do echo '{line}' >&2; done")
    assert ffmpegs.run([]).undecodable == 100
    assert len(capfd.readouterr().err.splitlines()) < 10


@pytest.mark.parametrize(
    ("shown", "name"), [("-fps_mode <mode>", "fps_mode"), ("-vsync <mode> like -fps_mode", "vsync")]
)
def test_an_option_has_the_name_that_this_version_knows(
    ffmpegs: ModuleType, program: Callable[[str, str], None], shown: str, name: str
) -> None:
    program("ffmpeg", f"echo '{shown}'")
    assert ffmpegs.option("fps_mode", "vsync") == name


def test_a_full_disk_is_seen_though_the_program_ends_well(
    ffmpegs: ModuleType, program: Callable[[str, str], None]
) -> None:
    program("ffmpeg", "echo 'av_interleaved_write_frame(): No space left on device' >&2")
    done = ffmpegs.run([])
    assert (done.code, done.is_disk_fault) == (0, True)


def test_a_file_that_is_no_media_is_the_inputs_fault(ffmpegs: ModuleType, program: Callable[[str, str], None]) -> None:
    program("ffprobe", "echo 'file:x: Invalid data found' >&2; exit 1")
    with pytest.raises(ffmpegs.stagekit.InputUnusable, match=r"(?s)'x' is unusable.*Invalid data found") as raised:
        ffmpegs.probe(Path("x"))
    assert "ffprobe FILE" in str(raised.value)


def test_a_program_that_says_nothing_broke_down_itself(
    ffmpegs: ModuleType, program: Callable[[str, str], None]
) -> None:
    program("ffprobe", "exit 139")
    with pytest.raises(ffmpegs.stagekit.StageFailed, match="crashed") as raised:
        ffmpegs.probe(Path("x"))
    assert not isinstance(raised.value, ffmpegs.stagekit.InputUnusable)


def test_tags_that_are_no_text_do_no_harm(ffmpegs: ModuleType, program: Callable[[str, str], None]) -> None:
    program("ffprobe", """printf '{"streams": [{"tags": {"title": "\\377"}}]}'""")
    assert ffmpegs.probe(Path("x"))["streams"] == [{"tags": {"title": "\ufffd"}}]
