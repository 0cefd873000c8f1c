"""Processes that a stage starts itself, by multiprocessing: they find what the stage has."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.executors import ProcessExit
from pipeline.executors.local import LocalExecutor
from pipeline.executors.runner import RUNNER
from pipeline.policy import Start
from tests.executors.helpers import invocation, log, until_exit

OLDER = [found for version in ("3.8", "3.9", "3.10", "3.13", "3.14") if (found := shutil.which(f"python{version}"))]

STAGE = """
import multiprocessing as mp
import stagekit
import shared

class Number:
    def __init__(self, value):
        self.value = value

def square(number):
    return Number(number.value ** 2 * shared.ONE)

def refuse(number):
    raise stagekit.StageFailed("not %d" % number.value)

def run(stage):
    numbers = [Number(1), Number(2), Number(3)]
    with mp.get_context({method!r}).Pool(2) as pool:
        squares = [each.value for each in pool.map(square, numbers)]
        other = pool.map(shared.double, squares)
        deep = pool.map(shared_package.deep.negative, other) if {deep} else other
        try:
            pool.map(refuse, numbers[:1])
        except stagekit.StageFailed as error:
            print(squares, deep, error)
        pool.close()
        pool.join()
"""
SHARED = "ONE = 1\ndef double(n):\n    return 2 * n\n"


@pytest.fixture(params=["cold", "worker"])
def start(request: pytest.FixtureRequest) -> Start:
    way: Start = request.param
    return way


@pytest.fixture
def modules(tmp_path: Path) -> tuple[Path, ...]:
    folder = tmp_path / "modules"
    (folder / "shared_package").mkdir(parents=True)
    (folder / "shared.py").write_text(SHARED)
    (folder / "shared_package" / "__init__.py").write_text("from shared_package import deep\n")
    (folder / "shared_package" / "deep.py").write_text("def negative(n):\n    return -n\n")
    return folder / "shared.py", folder / "shared_package"


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_processes_of_a_pool_find_the_stage_and_its_modules(
    executor: LocalExecutor, never: int, tmp_path: Path, modules: tuple[Path, ...], start: Start, method: str
) -> None:
    work = invocation(tmp_path, "", start, modules=modules)
    work.stage_file.write_text("import shared_package.deep\n" + STAGE.format(method=method, deep=True))
    executor.submit(work)
    assert until_exit(executor, never)[-1] == ProcessExit(work.id, 0), log(tmp_path)
    assert log(tmp_path) == "[1, 4, 9] [-2, -8, -18] not 1\n"


def test_a_process_that_a_spawned_one_spawns_finds_them_too(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    work = invocation(tmp_path, "", start)
    work.stage_file.write_text(
        "import multiprocessing as mp\ndef inner():\n    print('inner', flush=True)\n"
        "def outer():\n    child = mp.get_context('spawn').Process(target=inner)\n    child.start()\n    child.join()\n"
        "def run(stage):\n    child = mp.get_context('spawn').Process(target=outer)\n"
        "    child.start()\n    child.join()\n    assert child.exitcode == 0\n"
    )
    executor.submit(work)
    assert until_exit(executor, never)[-1] == ProcessExit(work.id, 0), log(tmp_path)
    assert log(tmp_path) == "inner\n"


@pytest.mark.parametrize("python", OLDER)
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_stage_of_an_older_or_newer_python_may_spawn_too(
    spawning: None, tmp_path: Path, modules: tuple[Path, ...], python: str, method: str
) -> None:
    if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("it's a launcher without a Python behind it")
    work = invocation(tmp_path, "", "cold", modules=modules)
    work.stage_file.write_text(STAGE.format(method=method, deep=False))
    by_hand = f'{{"stage_file": "{work.stage_file}", "modules": ["{modules[0]}"]}}'
    work.file.write_text(by_hand)
    done = subprocess.run(
        [python, "-I", "-B", RUNNER, work.file], capture_output=True, text=True, timeout=90, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[1, 4, 9] [2, 8, 18] not 1\n"), done.stderr


def test_processes_of_loky_are_started_as_spawned_ones(
    executor: LocalExecutor, never: int, tmp_path: Path, start: Start
) -> None:
    package = tmp_path / "libraries" / "loky" / "backend"
    package.mkdir(parents=True)
    (package / "context.py").write_text("START_METHODS = ['loky', 'loky_init_main']\n_DEFAULT_START_METHOD = None\n")
    body = f"sys.path.insert(0, {str(tmp_path / 'libraries')!r})\nfrom loky.backend import context\n"
    executor.submit(invocation(tmp_path, body + "print(context._DEFAULT_START_METHOD)", start))
    assert until_exit(executor, never) == [ProcessExit("job/test/1", 0)]
    assert log(tmp_path) == "loky_init_main\n"
