"""``bootstrap`` as a person meets it: side by side, interrupted, killed, refused."""

import hashlib
import os
import pty
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.errors import ExitCode
from tests.conftest import BIN, Sandbox, make_wheel, offline

WAIT = 90  # seconds; a bound, never a measure


@pytest.fixture
def isolated(sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A project with nothing built, where uv sees only this test's wheels."""
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    return sandbox


@pytest.fixture
def tarpit(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A package index that takes connections and never answers: an installer that asks it hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(WAIT)
        yield server


def asking(server: socket.socket) -> dict[str, str]:
    """Variables that send uv to that index."""
    port = server.getsockname()[1]
    return {
        "UV_DEFAULT_INDEX": f"http://127.0.0.1:{port}/simple",
        "UV_OFFLINE": "",
        "UV_NO_INDEX": "",
        "UV_FIND_LINKS": "",
    }


def start(sandbox: Sandbox, *words: str, **variables: str) -> "subprocess.Popen[bytes]":
    """Start it; a variable that is given as nothing is left out."""
    wanted = {**os.environ, "PIPELINE_ROOT": str(sandbox.root), **variables}
    return subprocess.Popen(
        [BIN / "bootstrap", *words],
        env={name: value for name, value in wanted.items() if value},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def builds(sandbox: Sandbox) -> list[str]:
    folder = sandbox.root / "venv/.builds"
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []


def healthy(sandbox: Sandbox) -> dict[str, bool]:
    rows = [row for row in sandbox.give("pipeline", "env", "status", "--json").data if row["name"]]
    return {row["name"]: row["state"] == "healthy" for row in rows}


def test_one_environment_is_built_and_the_others_are_not(isolated: Sandbox) -> None:
    done = isolated.give("bootstrap", "--env", "alpha")
    assert done.code == 0, done.err
    assert "environment alpha: ready" in done.err
    assert healthy(isolated) == {"alpha": True, "beta": False}


def test_what_is_damaged_is_mended_and_not_built_again(isolated: Sandbox) -> None:
    assert isolated.give("bootstrap", "--env", "alpha").code == 0
    next(isolated.root.glob("venv/alpha/lib/*/site-packages/quirk-1.0.dist-info/RECORD")).unlink()
    done = isolated.give("bootstrap", "--env", "alpha")
    assert done.code == 0
    assert "environment alpha: repaired: quirk " in done.err
    assert isolated.give("pipeline", "doctor", "alpha").code == 0


def test_a_second_call_finds_everything_ready_and_builds_nothing(isolated: Sandbox) -> None:
    isolated.give("bootstrap", "--all")
    before = builds(isolated)
    done = isolated.give("bootstrap", "--all", variables={"PATH": "/usr/bin:/bin"})
    assert (done.code, builds(isolated)) == (0, before)
    assert "installing" not in done.err


def test_a_name_that_is_given_twice_is_built_once(isolated: Sandbox) -> None:
    done = isolated.give("bootstrap", "--env", "alpha", "--env", "alpha", "--force")
    assert done.code == 0
    assert len(builds(isolated)) == 1
    assert "waiting" not in done.err


def test_eight_processes_that_want_one_environment_make_one_build(isolated: Sandbox) -> None:
    children = [start(isolated, "--env", "alpha") for _ in range(8)]
    said = [child.communicate(timeout=60)[1].decode() for child in children]
    assert [child.returncode for child in children] == [0] * 8, said
    assert len(builds(isolated)) == 1
    assert sum("installing" in text for text in said) == 1


def test_a_failure_of_one_environment_does_not_stop_another_and_is_told(isolated: Sandbox) -> None:
    isolated.write("requirements/beta.lock", f"quirk==2.0 --hash=sha256:{'0' * 64}\n")
    done = isolated.give("bootstrap", "--all")
    assert done.code == ExitCode.NOT_READY
    assert "environment 'beta'" in done.error
    assert "Hash mismatch for `quirk==2.0`" in done.error
    assert f"read {isolated.root / 'logs/bootstrap/beta.log'}" in done.next_step
    assert "Traceback" not in done.err
    assert healthy(isolated) == {"alpha": True, "beta": False}


def test_every_failure_is_told_with_its_next_step(isolated: Sandbox) -> None:
    for name in ("alpha", "beta"):
        isolated.write(f"requirements/{name}.txt", f"nowhere-{name}\n")
        isolated.write(f"requirements/{name}.lock", f"nowhere-{name}==1 --hash=sha256:{'0' * 64}\n")
    done = isolated.give("bootstrap", "--all")
    assert done.code == ExitCode.NOT_READY
    for name in ("alpha", "beta"):
        assert f"nowhere-{name}" in done.err
        assert f"read {isolated.root}/logs/bootstrap/{name}.log" in done.err
    assert builds(isolated) == []


@pytest.mark.parametrize(
    ("words", "named", "next_step"),
    [
        (("--env", "alhpa"), "'alpha'", "pipeline env list"),
        (("--env", "../alpha"), "'../alpha'", "pipeline env list"),
        (("--env", ""), "--env is empty", "bootstrap --help"),
        (("--env", "alpha", "--all"), "--all", "bootstrap --help"),
        (("--evn", "alpha"), "--evn", "bootstrap --help"),
        (("alpha",), "alpha", "bootstrap --help"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_built(
    isolated: Sandbox, words: tuple[str, ...], named: str, next_step: str
) -> None:
    done = isolated.give("bootstrap", *words)
    assert (done.code, done.next_step) == (ExitCode.USAGE, next_step)
    assert named in done.error
    assert not (isolated.root / "venv").exists()


def test_one_job_at_a_time_does_one_after_the_other(isolated: Sandbox) -> None:
    done = isolated.give("bootstrap", "--all", "--jobs", "1")
    assert done.code == 0, done.err
    names = [line.split("environment ")[1].split(":")[0] for line in done.err.splitlines() if "environment " in line]
    assert names == sorted(names)
    assert set(names) == {"alpha", "beta"}


@pytest.mark.parametrize("jobs", ["0", "-1", "many", ""])
def test_a_number_of_jobs_that_is_none_is_refused(isolated: Sandbox, jobs: str) -> None:
    done = isolated.give("bootstrap", "--all", "--jobs", jobs)
    assert done.code == ExitCode.USAGE
    assert "--jobs" in done.err


def test_offline_nothing_is_asked_of_the_network_and_what_is_missing_is_told(
    isolated: Sandbox, tarpit: socket.socket
) -> None:
    done = isolated.give("bootstrap", "--env", "alpha", "--offline", variables={**asking(tarpit), "UV_FIND_LINKS": ""})
    assert done.code == ExitCode.NOT_READY
    assert "environment 'alpha'" in done.error
    assert "bootstrap --env alpha" in done.next_step
    assert "bootstrap --env alpha" in done.next_step
    tarpit.settimeout(0)
    with pytest.raises(BlockingIOError):
        tarpit.accept()


def test_offline_what_was_built_before_is_built_again(isolated: Sandbox) -> None:
    assert isolated.give("bootstrap", "--all").code == 0
    done = isolated.give("bootstrap", "--all", "--force", "--offline")
    assert done.code == 0, done.err


def test_a_project_that_needs_nothing_is_told_so(isolated: Sandbox) -> None:
    done = isolated.give("bootstrap")
    assert (done.code, done.out) == (0, "")
    assert "default_workflows" in done.err


def test_the_default_workflows_bring_their_environments_programs_and_models(isolated: Sandbox) -> None:
    content = b"weights"
    isolated.write("copy/model.bin", content.decode())
    isolated.write(
        "config/models.yaml",
        f"tiny:\n  files: {{model.bin: {hashlib.sha256(content).hexdigest()}}}\n  sources: [{{folder: copy}}]\n",
    )
    isolated.write("config/pipeline.yaml", "default_workflows: [recognise]\n")
    isolated.write(
        "stages/recognise.py",
        '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n# models = ["m"]\n# ///\n',
    )
    isolated.write("config/workflows/recognise.yaml", "stages: {recognise: {models: {m: tiny}}}\n")
    isolated.write("config/environments/beta.yaml", 'python: ""\nprovides: {ffprobe: quirk.py}\n')
    done = isolated.give("bootstrap", variables={"PATH": "/nowhere"})
    assert done.code == 0, done.err
    assert healthy(isolated) == {"alpha": True, "beta": True}
    assert "model tiny: " in done.err


def test_a_killed_build_takes_its_installer_with_it_and_the_next_call_ends_well(
    isolated: Sandbox, tarpit: socket.socket
) -> None:
    killed = start(isolated, "--env", "alpha", **asking(tarpit))
    connection, _ = tarpit.accept()  # it is installing now
    orphans = psutil.Process(killed.pid).children(recursive=True)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=WAIT)
    psutil.wait_procs(orphans, timeout=WAIT)
    assert [each for each in orphans if each.is_running()] == []
    half_built = builds(isolated)
    assert len(half_built) == 1
    assert healthy(isolated) == {"alpha": False, "beta": False}
    done = isolated.give("bootstrap", "--env", "alpha")
    assert done.code == 0, done.err
    assert isolated.give("pipeline", "doctor", "alpha").code == 0
    assert os.path.realpath(isolated.root / "venv/alpha") != str(isolated.root / "venv/.builds" / half_built[0])
    connection.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_build_ends_at_once_with_its_installer_and_leaves_nothing(
    isolated: Sandbox, tarpit: socket.socket, number: signal.Signals
) -> None:
    child = start(isolated, "--env", "alpha", **asking(tarpit))
    connection, _ = tarpit.accept()
    started = psutil.Process(child.pid).children(recursive=True)
    assert started
    child.send_signal(number)
    _, said = child.communicate(timeout=WAIT)
    connection.close()
    assert child.returncode == ExitCode.INTERRUPTED
    assert b"Traceback" not in said
    assert [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert builds(isolated) == []


def test_a_call_that_waits_for_another_one_says_so_and_can_be_interrupted(
    isolated: Sandbox, tarpit: socket.socket
) -> None:
    first = start(isolated, "--env", "alpha", **asking(tarpit))
    connection, _ = tarpit.accept()
    second = start(isolated, "--env", "alpha")
    assert second.stderr is not None
    assert f"waiting for process {first.pid} on ".encode() in second.stderr.readline()
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=WAIT)
    assert second.returncode == ExitCode.INTERRUPTED
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=WAIT)
    connection.close()


def test_a_reader_that_goes_away_does_not_leave_it_hanging(isolated: Sandbox) -> None:
    with start(isolated, "--all") as child:
        assert child.stderr is not None
        child.stderr.close()
        child.wait(timeout=WAIT)
    assert len(builds(isolated)) <= 2


def test_on_a_terminal_each_environment_has_a_line_of_its_own(isolated: Sandbox) -> None:
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [BIN / "bootstrap", "--all"],
        env={**os.environ, "PIPELINE_ROOT": str(isolated.root), "TERM": "xterm", "COLUMNS": "100"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:
        pass  # the other end is closed: it has ended
    os.close(ours)
    assert child.wait(timeout=WAIT) == 0
    for name in (b"alpha", b"beta"):
        assert b"environment " + name in shown
    assert shown.count(b"ready") >= 2
    assert shown.endswith(b"\x1b[?25h") or b"\x1b[?25h" in shown  # the cursor is back


def test_a_file_in_the_folder_s_place_is_told_and_left_alone(isolated: Sandbox) -> None:
    (isolated.root / "venv").write_text("not a folder")
    done = isolated.give("bootstrap", "--env", "alpha")
    assert done.code == ExitCode.NOT_READY, done.err
    assert f"{isolated.root}/venv" in done.error
    assert (isolated.root / "venv").read_text() == "not a folder"


def test_a_read_only_environment_root_is_good_enough_to_prepare_and_run(isolated: Sandbox) -> None:
    assert isolated.give("bootstrap", "--env", "alpha").code == 0
    isolated.workflow("w", "noop: {}")
    isolated.write("input.txt", "some input\n")
    script = (
        'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 99\n'
        'touch "$1/x" 2>/dev/null && exit 98\n'
        '"$2/bootstrap" --env alpha && "$2/prepare-job" "$3/input.txt" --workflow w && "$2/run-pipeline" -j latest\n'
    )
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare here")
    done = subprocess.run(
        [unshare, "-m", "sh", "-c", script, "sh", isolated.root / "venv", BIN, isolated.root],
        env={**os.environ, "PIPELINE_ROOT": str(isolated.root)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    if (done.returncode in {1, 99} and "mount" in done.stderr + done.stdout) or "unshare" in done.stderr:
        pytest.skip("this machine allows no mount")
    assert done.returncode == 0, done.stderr


def test_a_module_that_fails_to_import_is_told_with_the_module_s_own_words(isolated: Sandbox, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "quirk", "9.0", "raise ImportError('libdevice.so.1 is missing')\n")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    isolated.write("requirements/alpha.txt", "quirk\n")
    isolated.write("requirements/alpha.lock", f"quirk==9.0 --hash=sha256:{digest}\n")
    done = isolated.give("bootstrap", "--env", "alpha")
    assert done.code == ExitCode.NOT_READY
    assert "ImportError: libdevice.so.1 is missing" in done.error
    assert builds(isolated) == []


def test_prefetch_fills_the_folder_of_packages_and_builds_nothing(
    sandbox: Sandbox, spawning: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    done = sandbox.give("bootstrap", "--prefetch", "--all")
    assert done.code == 0, done.err
    assert sorted(os.listdir(sandbox.root / "cache" / "wheels")) == [
        "quirk-1.0-py3-none-any.whl",
        "quirk-2.0-py3-none-any.whl",
    ]
    assert not (sandbox.root / "venv" / "alpha").exists()


def test_prefetch_does_not_go_together_with_force(sandbox: Sandbox, spawning: None) -> None:
    assert sandbox.give("bootstrap", "--prefetch", "--force").code == ExitCode.USAGE
