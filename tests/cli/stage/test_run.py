"""``pipeline stage run``: a stage by itself, for its author."""

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Result, Sandbox, offline

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["text"]
# [tool.pipeline.stage.parameters]
# word = "default"
# count = 1
# flag = false
# [tool.pipeline.stage.outputs]
# text = "*.txt"
# ///
'''Writes what it gets.'''
import os, quirk, stagekit
def run(stage):
    {}
"""
WRITE = "stage.output('text', 'out.txt').write_text(stage.input('text').read_text() + repr(stage.parameters))"


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """All of these run stages."""


def run(sandbox: Sandbox, body: str, *words: "str | Path") -> Result:
    sandbox.write("stages/solo.py", STAGE.format(body))
    sandbox.write("in.txt", "hello ")
    return sandbox.run("pipeline", "stage", "run", "solo", *words)


def with_input(sandbox: Sandbox) -> list[str]:
    return ["--input", f"text={sandbox.root / 'in.txt'}"]


def test_a_stage_gets_inputs_and_parameters_and_its_outputs_are_told_by_path(ready: Sandbox) -> None:
    words = ["--param", "word=x", "--param", "count=2", "--param", "flag=true"]
    done = run(ready, f"print('at work'); {WRITE}", *with_input(ready), *words)
    assert done.code == 0, done.err
    assert Path(done.out.strip()).read_text() == "hello {'word': 'x', 'count': 2, 'flag': True}"
    assert "at work" in done.err
    assert not (ready.root / "jobs").exists()


def test_outputs_go_into_a_folder_over_earlier_ones(ready: Sandbox, tmp_path: Path) -> None:
    for word in ("one", "two"):
        words = ["--param", f"word={word}", "--output-folder", str(tmp_path / "made")]
        assert run(ready, WRITE, *with_input(ready), *words).code == 0
    assert [file.name for file in (tmp_path / "made").iterdir()] == ["out.txt"]
    assert "two" in (tmp_path / "made" / "out.txt").read_text()
    assert list((ready.root / "cache" / "stage-runs").iterdir()) == []


def test_no_output_takes_the_place_of_an_input(ready: Sandbox) -> None:
    body = STAGE.replace('"*.txt"', '"in.txt"').format("raise SystemExit(9)")
    ready.write("stages/solo.py", body)
    ready.write("in.txt", "mine")
    done = ready.run("pipeline", "stage", "run", "solo", *with_input(ready), "--output-folder", ready.root)
    assert done.code == 2
    assert (ready.root / "in.txt").read_text() == "mine"


def test_a_folder_is_an_output_and_is_not_mixed_with_another(ready: Sandbox, tmp_path: Path) -> None:
    head = "environment: alpha\ninputs: [text]\noutputs: {tiles: tiles/}\n"
    ready.write("stages/tiles.yaml", f"{head}shell: cp {{input.text}} {{output.tiles}}/a.txt\n")
    ready.write("in.txt", "mine")
    words = ["pipeline", "stage", "run", "tiles", *with_input(ready), "--output-folder", str(tmp_path / "made")]
    done = ready.run(*words)
    assert done.code == 0, done.err
    assert (Path(done.out.strip()) / "a.txt").read_text() == "mine"
    again = ready.run(*words)
    assert again.code == 2
    assert str(tmp_path / "made" / "tiles") in again.error


def test_json_has_the_outputs_and_what_was_reported(ready: Sandbox) -> None:
    body = f"stage.warn('careful'); stage.about(engine='e'); {WRITE}"
    done = run(ready, body, *with_input(ready), "--json")
    data = done.data
    assert (data["stage"], data["environment"], data["warnings"], data["about"]) == (
        "solo",
        "alpha",
        ["careful"],
        {"engine": "e"},
    )
    assert Path(data["outputs"]["text"]).is_file()


def test_a_traceback_begins_in_the_author_s_file_and_the_error_names_the_line(ready: Sandbox) -> None:
    done = run(ready, "raise ValueError('wrong')", *with_input(ready))
    assert done.code == 4
    assert "stages/solo.py:15" in done.error
    assert done.next_step == "mend stages/solo.py:15"
    assert "it raised ValueError: wrong" in done.error
    assert "ValueError: wrong" in done.err
    assert "run_stage.py" not in done.err


def test_a_file_that_is_no_python_is_told_with_its_line(ready: Sandbox) -> None:
    done = run(ready, "return (", *with_input(ready))
    assert done.code == 4
    assert "stages/solo.py:15" in done.error


@pytest.mark.parametrize(("error", "code"), [("StageFailed", 4), ("InputUnusable", 5)])
def test_a_refusal_is_told_in_the_stage_s_words(ready: Sandbox, error: str, code: int) -> None:
    done = run(ready, f"raise stagekit.{error}('not today')", *with_input(ready))
    assert done.code == code
    assert "not today" in done.error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs the input 'text'"),
        (["--input", "txt=x", "--input", "text=x"], "did you mean 'text'?"),
        (["--input", "text=in.txt", "--param", "wrod=1"], "did you mean 'word'?"),
        (["--input", "text=in.txt", "--param", "count=many"], "a number"),
        (["--input", "text=in.txt", "--param", "flag=perhaps"], "true or false"),
        (["--input", "text=in.txt", "--param", "word"], "NAME=VALUE"),
        (["--input", "text=in.txt", "--model", "m=x"], "has no model 'm'"),
    ],
)
def test_what_does_not_fit_is_told_with_what_the_stage_declares(ready: Sandbox, words: list[str], said: str) -> None:
    done = run(ready, WRITE, *words)
    assert (done.code, done.next_step) == (2, "pipeline stage show solo")
    assert said in done.error
    assert "its inputs: text" in done.error
    assert 'word="default"' in done.error


def test_a_file_that_is_not_there_is_told(ready: Sandbox) -> None:
    assert run(ready, WRITE, "--input", "text=nowhere.txt").code == 5


def test_the_only_input_needs_no_name(ready: Sandbox) -> None:
    assert run(ready, WRITE, "--input", ready.root / "in.txt").code == 0


def test_a_stage_that_is_not_there_is_told(sandbox: Sandbox) -> None:
    done = sandbox.run("pipeline", "stage", "run", "nop")
    assert (done.code, done.next_step) == (2, "pipeline stage list")
    assert "did you mean 'noop'?" in done.error


def test_a_missing_environment_is_told_with_one_command_that_works(sandbox: Sandbox, tmp_path: Path) -> None:
    refused = run(sandbox, WRITE, *with_input(sandbox))
    assert refused.code == 3
    done = sandbox.run(*refused.next_step.splitlines()[0].split(), variables=offline(tmp_path))
    assert done.code == 0, done.err


def test_outputs_that_were_not_made_and_promises_that_do_not_hold_are_failures(ready: Sandbox) -> None:
    assert "isn't there" in run(ready, "pass", *with_input(ready)).error
    empty = STAGE.replace("# ///\n'", "# [tool.pipeline.stage.ensure.text]\n# non_empty = true\n# ///\n'")
    ready.write("stages/solo.py", empty.format("stage.output('text', 'a.txt').touch()"))
    done = ready.run("pipeline", "stage", "run", "solo", *with_input(ready))
    assert done.code == 4
    assert "empty" in done.error


def test_a_stage_that_takes_too_long_is_ended(ready: Sandbox) -> None:
    done = run(ready, "import time; time.sleep(60)", *with_input(ready), "--timeout", "1")
    assert done.code == 4
    assert "took longer" in done.error


def test_an_interruption_ends_the_stage(ready: Sandbox) -> None:
    marker = ready.root / "pid"
    ready.write("stages/solo.py", STAGE.format(f"open({str(marker)!r}, 'w').close(); import time; time.sleep(60)"))
    ready.write("in.txt", "x")
    started = ready.start("pipeline", "stage", "run", "solo", *with_input(ready))
    deadline = time.monotonic() + 60
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=60)
    assert started.returncode == 130


def test_what_a_stage_leaves_behind_is_ended(ready: Sandbox) -> None:
    body = "import subprocess; p = subprocess.Popen(['sleep', '987'], start_new_session=True)"
    done = run(ready, f"{body}; stage.output('text', 'a.txt').write_text(str(p.pid))", *with_input(ready))
    pid = Path(done.out.strip()).read_text()
    assert not Path(f"/proc/{pid}/cmdline").exists() or b"sleep" not in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")
def test_a_stage_without_a_network_has_none_here_either(ready: Sandbox) -> None:
    confined = STAGE.replace("# inputs", "# network = false\n# inputs")
    code = "import socket; stage.output('text', 'a.txt').write_text(repr(socket.if_nameindex()))"
    ready.write("stages/solo.py", confined.format(code))
    ready.write("in.txt", "x")
    done = ready.run("pipeline", "stage", "run", "solo", *with_input(ready))
    assert done.code == 0, done.err
    if "without its bounds" in done.err:
        pytest.skip("this machine doesn't confine")
    assert Path(done.out.strip()).read_text() == "[(1, 'lo')]"


def test_a_command_stage_is_run_in_the_same_way(ready: Sandbox) -> None:
    head = "environment: alpha\ninputs: [text]\noutputs: {result: r.txt}\n"
    ready.write("stages/upper.yaml", f"{head}command: [tr, a-z, A-Z]\nstdin: text\nstdout: result\n")
    ready.write("in.txt", "hello")
    done = ready.run("pipeline", "stage", "run", "upper", *with_input(ready))
    assert Path(done.out.strip()).read_text() == "HELLO"
    ready.write("stages/upper.yaml", f"{head}command: [no-such-program]\n")
    missing = ready.run("pipeline", "stage", "run", "upper", *with_input(ready))
    assert missing.code == 3
    assert "looked for" in missing.error
    ready.write("stages/upper.yaml", f"{head}shell: exit 3\n")
    failed = ready.run("pipeline", "stage", "run", "upper", *with_input(ready))
    assert failed.code == 4
    assert "exit code 3" in failed.error


FOLDER = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["tiles"]
# outputs = {{tiles = "tiles/"}}
# ///
import os
import shutil


def run(stage):
    folder = stage.output("tiles")
    {}
"""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('shutil.copytree(stage.input("tiles"), folder, symlinks=True, dirs_exist_ok=True)', 0),
        ("pass", 4),
        ('(folder / "out").symlink_to("/etc/hostname")', 4),
        ('os.mkfifo(folder / "pipe")', 4),
    ],
)
def test_a_stage_takes_and_leaves_a_folder(ready: Sandbox, tmp_path: Path, body: str, code: int) -> None:
    ready.write("stages/solo.py", FOLDER.format(body))
    ready.write("given/below/a.txt", "a")
    (ready.root / "given/link").symlink_to("below/a.txt")
    words: list[str | Path] = ["--input", f"tiles={ready.root / 'given'}", "--output-folder", tmp_path / "out"]
    done = ready.run("pipeline", "stage", "run", "solo", *words)
    assert done.code == code, done.err
    if code == 0:
        assert (tmp_path / "out/tiles/below/a.txt").read_text() == "a"
        assert (tmp_path / "out/tiles/link").is_symlink()
    else:
        assert "'tiles'" in done.error
        assert not (tmp_path / "out/tiles").exists()
