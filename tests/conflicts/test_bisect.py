"""Bisections of real locks in real throwaway environments, of tiny packages."""

import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from pipeline.conflicts.bisect import BisectResult, bisect
from pipeline.conflicts.lock_changes import difference
from pipeline.conflicts.minimal_subsets import Verdict
from pipeline.conflicts.trial_environment import Command, TrialEnvironment, own_folder
from pipeline.envs import uv
from pipeline.errors import NotReady, UsageError
from pipeline.locks import exclusive
from pipeline.progress import quiet
from tests.conflicts.conftest import OWN, Universe
from tests.conftest import make_wheel

NAMES = ("aa", "bb", "cc", "dd", "ee")


def locked(folder: Path, versions: dict[str, str]) -> str:
    lines = []
    for name, version in versions.items():
        wheel = folder / f"{name}-{version}-py3-none-any.whl"
        if not wheel.exists():
            make_wheel(folder, name, version, f"VERSION = {version!r}\n")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name}=={version} --hash=sha256:{digest}\n")
    return "".join(lines)


def all_at(version: str, **others: str) -> dict[str, str]:
    return {**dict.fromkeys(NAMES, version), **others}


@pytest.fixture
def trials(universe: Universe, tmp_path: Path) -> TrialEnvironment:
    folder = tmp_path / "own"
    folder.mkdir()
    return TrialEnvironment(
        folder=folder, uv=uv.find(), python=Path(sys.executable), install_seconds=60, log=tmp_path / "bisect.log"
    )


def find(
    trials: TrialEnvironment,
    universe: Universe,
    argv: Sequence[str],
    good: dict[str, str],
    bad: dict[str, str],
    **how: int,
) -> BisectResult:
    locks = difference(locked(universe.folder, good), locked(universe.folder, bad), OWN, ("good.lock", "bad.lock"))
    return bisect(locks, Command(tuple(argv), how.get("time_limit", 60), how.get("repeat", 1)), trials, quiet)


def python(code: str) -> list[str]:
    return ["python", "-c", code]


def culprits(found: BisectResult) -> list[str]:
    return [str(each) for each in found.culprits]


def test_the_one_package_that_broke_it_is_found_with_what_the_command_said(
    trials: TrialEnvironment, universe: Universe
) -> None:
    code = "import cc; print('it is', cc.VERSION); assert cc.VERSION < '2'"
    found = find(trials, universe, python(code), all_at("1.0"), all_at("2.0"))
    assert culprits(found) == ["cc 1.0 → 2.0"]
    assert found.is_minimal
    assert "it is 2.0" in found.last_lines
    assert "AssertionError" in found.last_lines
    assert [step.trial.verdict for step in found.steps[:2]] == [Verdict.GOOD, Verdict.BAD]
    assert len(found.steps) <= 8


def test_two_that_break_it_only_together_are_both_found(trials: TrialEnvironment, universe: Universe) -> None:
    code = "import aa, dd; assert not (aa.VERSION == dd.VERSION == '2.0')"
    found = find(trials, universe, python(code), all_at("1.0"), all_at("2.0"))
    assert culprits(found) == ["aa 1.0 → 2.0", "dd 1.0 → 2.0"]
    assert found.is_minimal


def test_a_package_that_is_gone_or_came_can_be_the_culprit(trials: TrialEnvironment, universe: Universe) -> None:
    good, bad = {"aa": "1.0", "bb": "1.0"}, {"aa": "2.0", "cc": "1.0"}
    assert culprits(find(trials, universe, python("import bb"), good, bad)) == ["bb 1.0 (removed)"]
    no_cc = "import importlib.util as u; assert not u.find_spec('cc')"
    assert culprits(find(trials, universe, python(no_cc), good, bad)) == ["cc 1.0 (added)"]


def test_a_set_of_packages_that_do_not_fit_each_other_is_passed_over(
    trials: TrialEnvironment, universe: Universe
) -> None:
    universe.add("aa", "2.0", "bb>=2")
    good, bad = all_at("1.0"), all_at("2.0")
    code = "from importlib.metadata import version; assert version('aa') < '2'"
    found = find(trials, universe, python(code), good, bad)
    assert culprits(found) == ["aa 1.0 → 2.0", "bb 1.0 → 2.0"]
    assert not found.is_minimal
    assert any(step.trial.reason.startswith("inconsistent: ") for step in found.steps)


def test_what_does_not_fit_in_the_good_lock_either_is_not_held_against_a_set(
    trials: TrialEnvironment, universe: Universe
) -> None:
    for version in ("1.0", "2.0"):
        universe.add("aa", version, "bb>=7")
    code = "from importlib.metadata import version; assert version('aa') < '2'"
    found = find(trials, universe, python(code), all_at("1.0"), all_at("2.0"))
    assert (culprits(found), found.is_minimal) == (["aa 1.0 → 2.0"], True)


def test_a_set_that_can_not_be_installed_is_passed_over(trials: TrialEnvironment, universe: Universe) -> None:
    good, bad = all_at("1.0"), all_at("2.0", dd="1.0")
    locks = difference(locked(universe.folder, good), locked(universe.folder, bad), OWN, ("good", "bad"))
    numbers = iter(range(100))

    class Failing(TrialEnvironment):
        def _install(self, lock: str, log: object) -> str | None:
            return "can't be installed" if next(numbers) == 2 else super()._install(lock, log)  # type: ignore[arg-type]

    failing = Failing(**vars(trials))
    command = Command(tuple(python("import ee; assert ee.VERSION < '2'")), 60)
    found = bisect(locks, command, failing, quiet)
    assert culprits(found) == ["ee 1.0 → 2.0"]
    assert found.steps[2].trial.verdict is Verdict.UNKNOWN


def test_exit_code_125_says_that_it_can_not_be_told(trials: TrialEnvironment, universe: Universe) -> None:
    code = "import aa, bb; raise SystemExit(125 if aa.VERSION != bb.VERSION else aa.VERSION == '2.0')"
    found = find(trials, universe, python(code), all_at("1.0"), all_at("2.0"))
    assert culprits(found) == ["aa 1.0 → 2.0", "bb 1.0 → 2.0"]
    assert not found.is_minimal


def test_a_good_lock_that_is_not_good_is_told_with_the_command_s_words(
    trials: TrialEnvironment, universe: Universe
) -> None:
    with pytest.raises(UsageError, match=r"(?s)good.*exit code 3.*oh no"):
        find(trials, universe, python("print('oh no'); raise SystemExit(3)"), all_at("1.0"), all_at("2.0"))


def test_a_bad_lock_that_is_not_bad_is_told(trials: TrialEnvironment, universe: Universe) -> None:
    with pytest.raises(UsageError, match="bad"):
        find(trials, universe, python("pass"), all_at("1.0"), all_at("2.0"))


def test_a_command_that_is_not_there_is_told(trials: TrialEnvironment, universe: Universe) -> None:
    with pytest.raises(UsageError, match=r"(?s)exit code 127.*nowhere: No such file"):
        find(trials, universe, ["nowhere"], all_at("1.0"), all_at("2.0"))


def test_a_lock_whose_file_has_another_hash_is_not_ready(trials: TrialEnvironment, universe: Universe) -> None:
    good, bad = locked(universe.folder, all_at("1.0")), locked(universe.folder, all_at("2.0"))
    locks = difference(good[:-65] + "0" * 64 + "\n", bad, OWN, ("good", "bad"))
    with pytest.raises(NotReady, match=r"(?s)good.*ee"):
        bisect(locks, Command(tuple(python("pass")), 60), trials, quiet)


def test_locks_that_install_the_same_are_told(trials: TrialEnvironment, universe: Universe) -> None:
    with pytest.raises(UsageError, match="same"):
        find(trials, universe, python("pass"), all_at("1.0"), all_at("1.0"))


def test_a_command_that_takes_too_long_has_failed_and_is_gone(
    trials: TrialEnvironment, universe: Universe, waited: None
) -> None:
    code = "import aa, time; time.sleep(60 if aa.VERSION == '2.0' else 0)"
    found = find(trials, universe, python(code), {"aa": "1.0"}, {"aa": "2.0"}, time_limit=2)
    assert culprits(found) == ["aa 1.0 → 2.0"]
    assert found.steps[1].trial.reason == "took longer than 2 s"


def test_what_a_command_leaves_running_is_ended(trials: TrialEnvironment, universe: Universe, tmp_path: Path) -> None:
    started = tmp_path / "pid"
    argv = ["sh", "-c", f"sleep 300 & echo $! > {started}; python -c 'import aa; assert aa.VERSION < \"2\"'"]
    find(trials, universe, argv, {"aa": "1.0"}, {"aa": "2.0"})
    until = time.monotonic() + 10
    while lives(int(started.read_text())) and time.monotonic() < until:
        time.sleep(0.05)
    assert not lives(int(started.read_text()))


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_command_that_fails_only_sometimes_is_run_often(
    trials: TrialEnvironment, universe: Universe, tmp_path: Path
) -> None:
    count = tmp_path / "count"
    count.write_text("")
    code = (
        f"import aa, pathlib; p = pathlib.Path({str(count)!r}); n = len(p.read_text()); p.write_text('x' * (n + 1)); "
    )
    found = find(
        trials,
        universe,
        python(code + "assert aa.VERSION == '1.0' or n % 3"),
        {"aa": "1.0"},
        {"aa": "2.0"},
        repeat=3,
    )
    assert culprits(found) == ["aa 1.0 → 2.0"]
    assert "of 3" in found.steps[1].trial.reason


def test_the_command_sees_its_own_environment_and_nobody_else_s(
    trials: TrialEnvironment, universe: Universe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "aa.py").write_text("VERSION = 'foreign'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = "import aa, sys, os; assert sys.prefix == os.environ['VIRTUAL_ENV']; assert aa.VERSION == '1.0'"
    assert culprits(find(trials, universe, python(code), {"aa": "1.0"}, {"aa": "2.0"})) == ["aa 1.0 → 2.0"]


def test_a_command_that_writes_into_its_environment_spoils_neither_the_next_nor_the_cache(
    trials: TrialEnvironment, universe: Universe
) -> None:
    code = "import aa, bb; v = aa.VERSION; open(aa.__file__, 'w').write('broken!'); assert v == '1.0'"
    found = find(trials, universe, python(code), all_at("1.0"), all_at("2.0"))
    assert culprits(found) == ["aa 1.0 → 2.0"]


def test_its_folder_is_gone_afterwards_and_what_a_killed_one_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "trial-of-a-killed-one"
    (left / "env").mkdir(parents=True)
    with own_folder(tmp_path) as folder:
        assert not left.exists()
        (folder / "env").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_another_that_runs_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "trial-of-another"
    other.mkdir()
    with exclusive(tmp_path / ".trial-of-another.lock"), own_folder(tmp_path):
        assert other.exists()


def test_an_error_inside_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), own_folder(tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
