"""``pipeline env explain``, ``plan`` and ``bisect`` as a person gives them."""

import hashlib
import os
import re
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from pipeline.errors import ExitCode
from tests.conftest import Sandbox, make_wheel, offline, wheel_of

HUB = {"app-1.0": "hub>=2", "old-1.0": "hub<2"}


@pytest.fixture
def universe(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None) -> Sandbox:
    """The project's environments want what can't be one; uv sees nothing but this test's wheels."""
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    for version in ("1.0", "2.0"):
        make_wheel(tmp_path / "wheels", "hub", version, f"VERSION = {version!r}\n")
    for package, requires in HUB.items():
        name, version = package.split("-")
        make_wheel(tmp_path / "wheels", name, version, "", f"Requires-Dist: {requires}\n")
    sandbox.write("requirements/alpha.txt", "# media\n--no-index\napp\n")
    sandbox.write("requirements/beta.txt", "old==1.0\n")
    return sandbox


def test_two_environments_that_conflict_are_told_with_every_place(universe: Sandbox) -> None:
    done = universe.give("pipeline", "env", "explain", "alpha", "beta")
    assert done.code == 0, done.err
    assert "  app (requirements/alpha.txt:3) → app 1.0 → hub>=2\n" in done.out
    assert "  old==1.0 (requirements/beta.txt:1) → old 1.0 → hub<2\n" in done.out


def test_the_same_as_json(universe: Sandbox) -> None:
    data = universe.give("pipeline", "env", "explain", "alpha", "hub<2", "--json").data
    assert data["together"] is False
    assert data["conflict"]["package"] == "hub"
    assert data["conflict"]["requirements"] == [
        {"text": "app", "where": "requirements/alpha.txt:3"},
        {"text": "hub<2", "where": "argument 2"},
    ]
    assert data["conflict"]["edits"] == [
        {"text": "hub<2", "where": "argument 2", "becomes": "hub", "resolves_to": "hub 2.0"}
    ]


def test_environments_that_have_no_lock_yet_are_compared_by_what_they_ask_for(universe: Sandbox) -> None:
    (universe.root / "requirements/alpha.lock").unlink()
    assert "app (requirements/alpha.txt:3)" in universe.run("pipeline", "env", "explain", "alpha", "beta").out


def test_what_can_be_one_is_told_with_what_it_saves(universe: Sandbox) -> None:
    universe.write("requirements/new.txt", "hub>=2\n")
    done = universe.give("pipeline", "env", "explain", "alpha", str(universe.root / "requirements/new.txt"))
    assert " 1 package " in done.out
    assert "  hub 2.0\n" in done.out
    assert "→" not in done.out


def test_ranges_of_python_that_do_not_meet_are_told_with_their_lines(universe: Sandbox) -> None:
    universe.write("config/environments/alpha.yaml", 'description: one\npython: ">=3.12"\n')
    universe.write("config/environments/beta.yaml", 'python: "<3.11"\n')
    out = universe.give("pipeline", "env", "explain", "alpha", "beta").out
    assert "  Python >=3.12  (config/environments/alpha.yaml:2)\n" in out
    assert "  Python <3.11  (config/environments/beta.yaml:1)\n" in out


def test_one_alone_has_nothing_to_share(universe: Sandbox) -> None:
    done = universe.give("pipeline", "env", "explain", "alpha")
    assert (done.code, done.next_step) == (ExitCode.USAGE, "pipeline env explain A B")


@pytest.mark.parametrize("word", ["what is this?", "requirements/nowhere.txt", "==1.0"])
def test_a_word_that_is_nothing_that_can_be_compared_is_refused(universe: Sandbox, word: str) -> None:
    done = universe.give("pipeline", "env", "explain", "alpha", word)
    assert done.code == ExitCode.USAGE
    assert "argument 2" in done.err


def test_a_line_that_names_a_file_of_this_machine_is_told_with_its_place(universe: Sandbox) -> None:
    universe.write("requirements/beta.txt", "\n-e ./local\n")
    done = universe.give("pipeline", "env", "explain", "alpha", "beta")
    assert done.code == ExitCode.USAGE
    assert done.error.startswith("requirements/beta.txt:2: -e ./local ")


def test_two_packages_that_install_one_module_are_told_although_they_resolve(ready: Sandbox) -> None:
    (ready.root / "venv").unlink()
    builds = {"alpha": "aa", "beta": "bb"}
    wheels = ready.root.parent / "wheels"
    for environment, package in builds.items():
        wheel = wheel_of(wheels, package, {"shared.py": f"OF = {package!r}\n".encode()})
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        ready.write(f"config/environments/{environment}.yaml", 'python: ">=3.11"\n')
        ready.write(f"requirements/{environment}.txt", f"--no-index\n--find-links {wheels}\n{package}\n")
        ready.write(f"requirements/{environment}.lock", f"{package}==1.0 --hash=sha256:{digest}\n")
    assert ready.give("bootstrap", "--all", variables=offline(ready.root.parent)).code == 0
    done = ready.give("pipeline", "env", "explain", "alpha", "beta", variables=offline(ready.root.parent))
    assert re.search(r"aa and bb .* shared\b", done.out)
    assert not ready.give(
        "pipeline", "env", "explain", "alpha", "beta", "--json", variables=offline(ready.root.parent)
    ).data["together"]


def test_plan_says_which_could_merge_and_which_could_not(universe: Sandbox) -> None:
    plans = universe.give("pipeline", "env", "plan", "--json")
    assert plans.code == 0, plans.err
    assert plans.data["groups"] == [["alpha"], ["beta"]]
    assert plans.data["apart"] == [
        {
            "environments": ["alpha", "beta"],
            "reasons": ["they have no solution together ('pipeline env explain' says why)"],
        }
    ]
    universe.write("requirements/beta.txt", "hub\n")
    out = universe.give("pipeline", "env", "plan").out
    assert "alpha + beta" in out
    assert "  bootstrap --env alpha --env beta\n" in out


def locks(universe: Sandbox, tmp_path: Path) -> tuple[Path, Path]:
    for name in ("other", "another"):
        for version in ("1.0", "2.0"):
            make_wheel(tmp_path / "wheels", name, version, "")
    files = []
    for version in ("1.0", "2.0"):
        text = ""
        for name in ("another", "hub", "other"):
            wheel = tmp_path / "wheels" / f"{name}-{version}-py3-none-any.whl"
            text += f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
        files.append(universe.write(f"locks/{version}.lock", text))
    return files[0], files[1]


def test_bisect_names_the_package_and_leaves_nothing_behind(universe: Sandbox, tmp_path: Path) -> None:
    good, bad = locks(universe, tmp_path)
    words = ("pipeline", "env", "bisect", "--good", good, "--bad", bad, "--python", ">=3.11")
    code = "import hub; print('saw', hub.VERSION); assert hub.VERSION < '2'"
    done = universe.give(*words, "--", "python", "-c", code)
    assert done.code == 0, done.err
    assert "  hub 1.0 → 2.0\n" in done.out
    assert "  saw 2.0\n" in done.out
    assert list((universe.root / "cache" / "bisect").iterdir()) == []
    assert (universe.root / "logs" / "env-bisect.log").read_text().count("saw") >= 2


def test_bisect_gives_what_the_environment_of_the_lock_gives(universe: Sandbox, tmp_path: Path) -> None:
    good, bad = locks(universe, tmp_path)
    (universe.root / "requirements/alpha.lock").write_bytes(bad.read_bytes())
    universe.write("config/environments/alpha.yaml", 'python: ">=3.11"\nvariables: {OF_ALPHA: "{project}"}\n')
    words = ("pipeline", "env", "bisect", "--good", good, "--bad", universe.root / "requirements/alpha.lock", "--")
    code = "import hub, os; print(os.environ['OF_ALPHA'], os.environ['HF_HOME']); assert hub.VERSION < '2'"
    done = universe.give(*words, "python", "-c", code)
    assert f"  {universe.root} {universe.root}/cache/home/huggingface\n" in done.out, done.err


def test_bisect_without_the_python_that_is_wanted_says_so(universe: Sandbox, tmp_path: Path) -> None:
    good, bad = locks(universe, tmp_path)
    done = universe.give("pipeline", "env", "bisect", "--good", good, "--bad", bad, "--python", ">=3.99", "--", "true")
    assert done.code == ExitCode.NOT_READY
    assert "--python RANGE" in done.next_step


def test_bisect_as_json_and_the_command_s_own_options_are_its_own(universe: Sandbox, tmp_path: Path) -> None:
    good, bad = locks(universe, tmp_path)
    words = ("pipeline", "env", "bisect", "--json", "--good", good, "--bad", bad)
    data = universe.give(*words, "python", "-c", "import hub; assert hub.VERSION < '2'", "--repeat").data
    assert data["culprits"] == [{"name": "hub", "from": "1.0", "to": "2.0"}]
    assert data["is_minimal"] is True
    assert data["steps"][0] == {**data["steps"][0], "changes": [], "verdict": "good", "reason": "exit code 0"}


def under_way(universe: Sandbox, folder: Path) -> "tuple[subprocess.Popen[bytes], list[psutil.Process]]":
    """A bisect whose command has begun and won't end, and all that it has started."""
    good, bad = locks(universe, folder)
    started = folder / "started"
    os.mkfifo(started)
    command = ["sh", "-c", f"echo > {started}; exec sleep 300"]
    child = universe.start("pipeline", "env", "bisect", "--good", good, "--bad", bad, "--", *command)
    started.read_text()
    return child, psutil.Process(child.pid).children(recursive=True)


def test_bisect_that_is_interrupted_leaves_nothing_behind(universe: Sandbox, tmp_path: Path) -> None:
    child, tree = under_way(universe, tmp_path)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode == ExitCode.INTERRUPTED
    assert psutil.wait_procs(tree, 10)[1] == []
    assert list((universe.root / "cache" / "bisect").iterdir()) == []


def test_what_a_killed_bisect_left_is_removed_by_the_next(universe: Sandbox, tmp_path: Path) -> None:
    child, tree = under_way(universe, tmp_path)
    child.kill()
    child.communicate(timeout=30)
    for process in tree:
        process.kill()
    place = universe.root / "cache" / "bisect"
    assert list(place.glob("trial-*"))
    good, bad = locks(universe, tmp_path)
    universe.give("pipeline", "env", "bisect", "--good", good, "--bad", bad, "--", "true")
    assert list(place.iterdir()) == []
