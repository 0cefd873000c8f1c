"""``pipeline call``: a function from the shell, and the protocol on the standard streams."""

import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pipeline.calls.environment import CallEnvironment
from pipeline.calls.relay import read_frame
from pipeline.sdk.callprotocol import encode_frame
from tests.calls.conftest import alpha, called
from tests.conftest import BIN, REPOSITORY, Sandbox

__all__ = ["alpha", "called"]
NODE = shutil.which("node")


@pytest.mark.parametrize(("arguments", "result"), [("[1]", 3), ('{"a": 1, "b": 7}', 8)])
def test_a_function_is_called_with_json(
    alpha: CallEnvironment, ready: Sandbox, called: Path, arguments: str, result: int
) -> None:
    done = ready.give("pipeline", "call", "alpha", f"{called}:add", "--json", arguments)
    assert (done.code, json.loads(done.out)) == (0, result)


def test_what_json_doesn_t_have_is_told_as_near_as_it_can(alpha: CallEnvironment, ready: Sandbox, called: Path) -> None:
    called.write_text("def value(): return {1: (b'a', {2}), 'x': float('nan')}\n")
    done = ready.give("pipeline", "call", "alpha", f"{called}:value")
    assert json.loads(done.out) == {"1": ["YQ==", [2]], "x": "nan"}


@pytest.mark.parametrize(
    ("target", "arguments", "code"),
    [
        ("add", "[1", 2),
        ("add", "1", 2),
        ("add", "[]", 2),
        ("addd", "[]", 2),
        ("", "[]", 2),
        ("fails", '["x"]', 4),
        ("dies", "[3]", 4),
    ],
)
def test_what_goes_wrong_has_its_exit_code(
    alpha: CallEnvironment, ready: Sandbox, called: Path, target: str, arguments: str, code: int
) -> None:
    done = ready.give("pipeline", "call", "alpha", f"{called}:{target}" if target else called, "--json", arguments)
    assert done.code == code, done.err
    assert ("in fails" in done.err) == (target == "fails")


def test_another_program_speaks_the_protocol(alpha: CallEnvironment, ready: Sandbox, called: Path) -> None:
    process = subprocess.Popen(
        [BIN / "pipeline", "--root", ready.root, "call", "alpha", called, "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    hello, _ = read_frame(process.stdout) or ({}, [])
    assert hello["hello"]["versions"] == [1, 1]
    process.stdin.write(encode_frame({"version": 1, "args": [], "kwargs": {}}))
    process.stdin.write(encode_frame(_call(1, {"$": "bytes", "data": {"part": 0}}), [b"x" * 100_000]))
    process.stdin.write(encode_frame(_call(2, 5)))
    process.stdin.flush()
    answers = [read_frame(process.stdout) or ({}, []) for _ in range(3)]
    assert answers[0][0]["ready"]["functions"]
    assert bytes(answers[1][1][0]) == b"x" * 100_000
    assert answers[2][0] == {"answer": 2, "value": 5}
    process.stdin.close()
    assert process.wait(20) == 0
    process.stdout.close()


def _call(number: int, value: object) -> dict[str, object]:
    return {"call": number, "function": "echo", "args": [value], "kwargs": {}}


@pytest.mark.parametrize("data", [b"", b"\0" * 7, struct.pack("<IIQ", 5, 0, 0) + b"hello"])
def test_what_is_no_frame_ends_it(alpha: CallEnvironment, ready: Sandbox, called: Path, data: bytes) -> None:
    done = ready.run("pipeline", "call", "alpha", called, "--stdio", given=data, timeout=30)
    assert done.code == (2 if len(data) > 16 else 0)


@pytest.mark.skipif(NODE is None, reason="there is no Node.js")
def test_the_example_in_javascript_calls_a_function(alpha: CallEnvironment, ready: Sandbox, called: Path) -> None:
    words = [NODE, REPOSITORY / "docs/examples/call.mjs", "alpha", called]
    variables = {"PATH": f"{BIN}:/usr/bin:/bin", "PIPELINE_ROOT": str(ready.root), "HOME": str(called.parent)}
    variables["XDG_RUNTIME_DIR"] = str(called.parent)

    def example(*more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*words, *more],  # type: ignore[list-item]  # it isn't skipped
            env=variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    done = example("add", "[4, 5]")
    assert (done.returncode, done.stdout) == (0, "9\n"), done.stderr
    failed = example("fails", '["x"]')
    assert failed.returncode == 1
    assert "in fails" in failed.stderr
    subprocess.run([BIN / "pipeline", "worker", "stop", "--all", "--force"], env=variables, check=True)
