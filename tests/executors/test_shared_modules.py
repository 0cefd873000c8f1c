"""Modules that stages share, in each way that a stage starts: exactly those that are named, as they are now."""

from pathlib import Path

import pytest

from pipeline.policy import Start
from tests.executors.helpers import Runs, exit_of, log


@pytest.fixture(params=["cold", "worker"])
def start(request: pytest.FixtureRequest) -> Start:
    way: Start = request.param
    return way


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A module of one file; ``shared_other`` lies beside it, and ``shared_package`` has two modules."""
    folder = tmp_path / "modules"
    (folder / "shared_package").mkdir(parents=True)
    (folder / "shared.py").write_text("WORD = 'first'\n")
    (folder / "shared_other.py").write_text("WORD = 'other'\n")
    (folder / "shared_package" / "__init__.py").write_text("")
    deep = "import shared\nWORD = shared.WORD + ' deep'\nclass Kept: pass\n"
    (folder / "shared_package" / "deep.py").write_text(deep)
    return folder / "shared.py"


SAY = "import shared\nprint(shared.WORD, shared.__file__.endswith('modules/shared.py'))"


def test_a_stage_finds_the_module_that_it_names(run: Runs, tmp_path: Path, shared: Path) -> None:
    for _ in range(2):
        run(SAY, modules=(shared,))
    assert log(tmp_path) == "first True\n" * 2


def test_a_package_s_modules_find_each_other_and_the_others_in_any_order(
    run: Runs, tmp_path: Path, shared: Path
) -> None:
    run("from shared_package import deep\nprint(deep.WORD)", modules=(shared.with_name("shared_package"), shared))
    assert log(tmp_path) == "first deep\n"


def test_what_lies_beside_a_module_is_not_found(run: Runs, tmp_path: Path, shared: Path) -> None:
    assert exit_of(run("import shared_other", modules=(shared,))).returncode == 1
    assert "No module named 'shared_other'" in log(tmp_path)


def test_a_stage_that_names_none_finds_none_even_after_one_that_did(run: Runs, tmp_path: Path, shared: Path) -> None:
    run(SAY, modules=(shared,))
    assert exit_of(run("import shared")).returncode == 1
    assert "No module named 'shared'" in log(tmp_path)


def test_a_changed_module_is_loaded_again(run: Runs, tmp_path: Path, shared: Path) -> None:
    run(SAY, modules=(shared,))
    shared.write_text("WORD = 'changed, and longer'\n")
    run(SAY, modules=(shared,))
    assert log(tmp_path) == "first True\nchanged, and longer True\n"


def test_what_is_imported_only_when_the_stage_runs_stays_the_same_module(
    run: Runs, tmp_path: Path, shared: Path
) -> None:
    modules = (shared, shared.with_name("shared_package"))
    late = "import shared_package.deep\nkept = stage.memo('k', shared_package.deep.Kept)\n"
    for body in (late, SAY, late + "print(type(kept) is shared_package.deep.Kept)"):
        run(body, modules=modules)
    assert log(tmp_path).endswith("True\n")


@pytest.mark.parametrize("name", ["json", "psutil"])
def test_a_name_that_the_environment_has_is_refused(run: Runs, tmp_path: Path, shared: Path, name: str) -> None:
    taken = shared.rename(shared.with_name(f"{name}.py"))
    assert exit_of(run("print('ran')", modules=(taken,))).returncode == 1
    assert f"the shared module {taken} has a name that the environment has, too" in log(tmp_path)
    assert "Traceback" not in log(tmp_path)


def test_a_module_that_breaks_shows_where(run: Runs, tmp_path: Path, shared: Path) -> None:
    shared.write_text("WORD = 1\nraise RuntimeError('broken')\n")
    assert exit_of(run("print('ran')", modules=(shared,))).returncode == 1
    assert f'File "{shared}", line 2' in log(tmp_path)


def test_a_package_s_modules_are_kept_as_bytecode_and_compiled_again_when_they_change(run: Runs, shared: Path) -> None:
    package = shared.parent / "shared_package"
    body = "from shared_package import deep\nprint(deep.WORD)"
    modules = (shared, package)
    run(body, modules=modules)
    assert len(list((package / "__pycache__").iterdir())) == 2
    (package / "deep.py").write_text("WORD = 'other'")
    assert exit_of(run(body, modules=modules)).returncode == 0
    assert log(shared.parents[1]).split("\n") == ["first deep", "other", ""]
