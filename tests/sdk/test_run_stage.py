"""The runner as a program: by hand, and waiting for an order."""

import ast
import json
import marshal
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.executors import runner
from pipeline.sdk.protocol import Order

RUNNER = runner.RUNNER
PYTHON = [sys.executable, "-I", "-B", str(RUNNER)]
FROM_BYTECODE = [*map(str, runner.command(Path(sys.executable)))]


def write_stage(folder: Path, body: str) -> Path:
    lines = "\n    ".join(body.splitlines())
    (folder / "stage.py").write_text(f"import os, sys, stagekit\ndef run(stage):\n    {lines}\n")
    (folder / "invocation.json").write_text(
        json.dumps({"stage_file": str(folder / "stage.py"), "arguments": {"parameters": {"n": 1}}})
    )
    return folder / "invocation.json"


def by_hand(folder: Path, body: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*PYTHON, write_stage(folder, body)], capture_output=True, text=True, timeout=90, check=False)


def ordered(folder: Path, body: str) -> "subprocess.CompletedProcess[bytes]":
    write_stage(folder, body)
    order = Order("1", "", sys.prefix, folder / "stage.py", "", folder / "invocation.json", folder / "log", folder)
    with subprocess.Popen(
        FROM_BYTECODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(order.encode())
        child.stdin.flush()
        out = child.stdout.read()
        return subprocess.CompletedProcess(PYTHON, child.wait(timeout=90), out, b"")


def test_by_hand_output_stands_on_the_terminal(spawning: None, tmp_path: Path) -> None:
    done = by_hand(tmp_path, "print(stage.parameters)")
    assert (done.returncode, done.stdout) == (0, "{'n': 1}\n")


@pytest.mark.parametrize(("error", "code"), [("StageFailed", 1), ("InputUnusable", 5)])
def test_a_refusal_is_a_sentence_and_a_code_without_a_traceback(
    spawning: None, tmp_path: Path, error: str, code: int
) -> None:
    done = by_hand(tmp_path, f"raise stagekit.{error}('not today')")
    assert (done.returncode, done.stderr) == (code, "not today\n")


def test_another_exception_shows_its_place_in_the_stage(spawning: None, tmp_path: Path) -> None:
    done = by_hand(tmp_path, "raise RuntimeError('broken')")
    assert done.returncode == 1
    assert f'File "{tmp_path / "stage.py"}", line 3' in done.stderr


def test_a_refusal_is_reported_to_the_orchestrator(spawning: None, tmp_path: Path) -> None:
    done = ordered(tmp_path, "raise stagekit.StageFailed('not today')")
    assert done.returncode == 1
    beginning, refusal = map(json.loads, done.stdout.splitlines())
    assert list(beginning) == ["began"]
    assert refusal == {"error": "not today"}
    assert (tmp_path / "log").read_text() == "not today\n"


@pytest.mark.parametrize("argv", [PYTHON, FROM_BYTECODE], ids=["script", "bytecode"])
def test_without_an_order_the_runner_leaves(spawning: None, argv: list[str]) -> None:
    assert subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=90, check=False).returncode == 0


def test_half_an_order_is_none(spawning: None) -> None:
    assert subprocess.run(PYTHON, input=b"/prefix\0/stage", timeout=90, check=False).returncode == 0


def test_the_runner_leaves_nothing_of_ours_on_the_path(spawning: None, tmp_path: Path) -> None:
    bare = subprocess.run([sys.executable, "-I", "-c", "import sys; print(sys.path)"], capture_output=True, check=True)
    assert by_hand(tmp_path, "print(sys.path)").stdout == bare.stdout.decode()


def test_by_hand_a_stage_has_its_shared_modules(spawning: None, tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("WORD = 'shared'\n")
    invocation = write_stage(tmp_path, "import shared; print(shared.WORD)")
    invocation.write_text(json.dumps({**json.loads(invocation.read_text()), "modules": [str(tmp_path / "shared.py")]}))
    done = subprocess.run([*PYTHON, invocation], capture_output=True, text=True, timeout=90, check=False)
    assert (done.returncode, done.stdout) == (0, "shared\n")


def test_a_file_that_a_shared_module_left_open_is_written(spawning: None, tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text(f"LEFT = open({str(tmp_path / 'left')!r}, 'w')\n")
    invocation = write_stage(tmp_path, "import shared; shared.LEFT.write('all of it')")
    invocation.write_text(json.dumps({**json.loads(invocation.read_text()), "modules": [str(tmp_path / "shared.py")]}))
    assert subprocess.run([*PYTHON, invocation], timeout=90, check=False).returncode == 0
    assert (tmp_path / "left").read_text() == "all of it"


def test_a_file_beside_the_stage_can_not_shadow_a_library(spawning: None, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "stagekit.py").write_text("raise SystemExit('shadowed')")
    assert by_hand(tmp_path, "import json").returncode == 0


def test_a_stage_that_does_nothing_loads_no_json(spawning: None, tmp_path: Path) -> None:
    ordered(tmp_path, "print('json' in sys.modules)")
    assert (tmp_path / "log").read_text() == "False\n"


def test_an_ordinary_stage_loads_nothing_that_others_need(spawning: None, tmp_path: Path) -> None:
    """Each module costs every stage a part of its time."""
    ordered(tmp_path, "print(*sorted(name for name in sys.modules if name.startswith('stage')))")
    assert (tmp_path / "log").read_text() == "stage stagekit stageprotocol\n"


# What an environment may have, imported when a value of theirs arrives.
OF_VALUES = {f"call{each}.py": {"numpy", "pyarrow"} for each in ("packing", "unpacking")}


@pytest.mark.long
def test_the_sdk_imports_the_standard_library_only() -> None:
    ours = {"callmemory", "callpacking", "callprotocol", "callserver", "callunpacking", "command_words"}
    known = sys.stdlib_module_names | ours | {"annotationlib", "stagekit", "stageprotocol", "stageserver"}
    for file in RUNNER.parent.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))
        names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert {name.partition(".")[0] for name in names} - OF_VALUES.get(file.name, set()) <= known


def bytecode_in(folder: Path) -> Path:
    (file,) = (folder / "__pycache__").iterdir()
    return file


def alter(bytecode: Path, body: str) -> None:
    """Other code under the header of the same source."""
    code = compile(f"def run(stage): {body}", "elsewhere", "exec")
    bytecode.write_bytes(bytecode.read_bytes()[:16] + marshal.dumps(code))


def log_of(folder: Path, body: str) -> str:
    (folder / "log").unlink(missing_ok=True)
    ordered(folder, body)
    return (folder / "log").read_text()


def test_a_stage_whose_source_is_the_same_is_not_compiled_again(spawning: None, tmp_path: Path) -> None:
    log_of(tmp_path, "print('compiled')")
    alter(bytecode_in(tmp_path), "print('as it was kept')")
    assert log_of(tmp_path, "print('compiled')") == "as it was kept\n"


def test_another_source_of_the_same_size_and_time_is_compiled(spawning: None, tmp_path: Path) -> None:
    log_of(tmp_path, "print('one')")
    stage = tmp_path / "stage.py"
    before = stage.stat()
    log_of(tmp_path, "print('two')")
    text = stage.read_text().replace("two", "six")
    stage.write_text(text)
    os.utime(stage, ns=(before.st_atime_ns, before.st_mtime_ns))
    (tmp_path / "log").unlink()
    assert (
        subprocess.run([*FROM_BYTECODE, tmp_path / "invocation.json"], capture_output=True, check=True).stdout
        == b"six\n"
    )


@pytest.mark.parametrize("size", [0, 10, 20])
def test_bytecode_that_was_cut_off_is_passed_over(spawning: None, tmp_path: Path, size: int) -> None:
    log_of(tmp_path, "print('whole')")
    os.truncate(bytecode_in(tmp_path), size)
    assert log_of(tmp_path, "print('whole')") == "whole\n"


def test_where_no_bytecode_can_be_kept_a_stage_runs_without(spawning: None, tmp_path: Path) -> None:
    (tmp_path / "__pycache__").write_text("a file")
    assert log_of(tmp_path, "print('ran')") == "ran\n"


def test_a_traceback_names_the_file_where_it_is_now(spawning: None, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    log_of(first, "raise RuntimeError")
    shutil.copytree(first, second)
    assert f'File "{second / "stage.py"}", line 3' in log_of(second, "raise RuntimeError")
