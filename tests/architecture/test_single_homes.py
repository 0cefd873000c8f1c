"""What is done in one place alone: processes, new names of files, locks, variables of the environment."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import MODULES, PACKAGE, Nodes, imports, shown
from tests.source_trees import nodes_of

pytestmark = pytest.mark.long

# These run in a stage's process, as the stage would.
STAGE_SERVER = {
    *(PACKAGE / "sdk" / "stageserver").glob("*.py"),
    *(PACKAGE / "sdk" / "callserver").glob("*.py"),
    *(
        PACKAGE / "sdk" / name
        for name in (
            "command_stage.py",
            "masking.py",
            "confinement.py",
            "isolation.py",
            "refusal.py",
            "serviceside.py",
            "loky.py",
            "tie.py",
        )
    ),
}


def test_one_module_starts_processes() -> None:
    starters = {"subprocess", "multiprocessing", "pty", "concurrent.futures.ProcessPoolExecutor"}
    calls = {
        "system",
        "popen",
        "fork",
        "forkpty",
        "posix_spawn",
        "posix_spawnp",
        "execv",
        "execve",
        "execvp",
        "execvpe",
    }
    found = set()
    for path in set(MODULES) - STAGE_SERVER:
        if any(imported in starters or imported.split(".")[0] in starters for imported, _ in imports(path)):
            found.add(path.relative_to(PACKAGE).as_posix())
        for node in nodes_of(path, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == "os":
                assert node.attr not in calls or path.name == "process.py", shown(path, node.lineno)
    assert found == {"process.py"}


# Where a file or a folder may get another name, or a tree may be removed, beside ``files.py``, and why.
RENAMES = {
    "bundles/install.py": "what is renamed was unpacked and verified a moment ago",
    "cache/removal.py": "an entry is taken away from its name",
    "envs/builder/builder.py": "older logs move on by one",
    "envs/platform/removal.py": "Windows refuses both for what a process holds; tests replace the calls",
    "envs/registry.py": "a marker gets the name under which it counts no more",
    "executors/runtime_folder.py": "a log that is full is put beside",
    "files.py": "the one home",
    "jobs/hand_edits.py": "a person's file moves aside, to a name that is free",
    "models/fetch.py": "a file that came whole is a part again, until its digest is known",
    "models/hub/transfer/file_download.py": "runs in another environment, without this package",
    "services/log.py": "a log that is full is put beside",
    "packages/install.py": "parts of what was unpacked get their places before the whole gets its name",
}
LOCKS = {
    "locks.py": "the one home",
    "sdk/stageserver/worker_lifetime.py": "runs in a stage's process, without this package",
}


def test_one_module_replaces_files_and_removes_trees() -> None:
    assert users(renames) == RENAMES.keys()


def test_one_function_says_where_a_project_has_its_builds() -> None:
    """``environments.registry_of``: they may be in the user's store. Schemas have registries of another library."""
    of_schemas = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if any(imported.split(".")[0] == "referencing" for imported, _ in imports(path))
    }
    assert users(registries) - of_schemas == {"environments.py"}


def registries(nodes: Nodes) -> Iterator[int]:
    """Lines that make a registry of builds, or a store of models in the folder that people put models into."""
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="Registry")):
                yield node.lineno
            case ast.Call(func=ast.Name(id="ModelStore"), args=[ast.Attribute(attr="models")]):
                yield node.lineno


def test_one_module_locks_files() -> None:
    assert users(locks) == LOCKS.keys()


def users(search: Callable[[Nodes], Iterator[int]]) -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in MODULES if any(search(looked_at(path)))}


def looked_at(path: Path) -> Nodes:
    """What the searches here look at."""
    return nodes_of(path, ast.Attribute, ast.Call, ast.ImportFrom, ast.Subscript)


def renames(nodes: Nodes) -> Iterator[int]:
    """Lines that mention ``os.replace`` and its like, or call a path's method of that name."""
    calls = {("os", "replace"), ("os", "rename"), ("os", "renames"), ("shutil", "move"), ("shutil", "rmtree")}
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in calls:
                yield node.lineno
            case ast.ImportFrom(module=owner) if any((owner, each.name) in calls for each in node.names):
                yield node.lineno
            # A text's ``replace`` takes two values, a date's and a dataclass's only named ones.
            case ast.Call(func=ast.Attribute(attr="rename" | "replace"), args=[_], keywords=[]):
                yield node.lineno


def locks(nodes: Nodes) -> Iterator[int]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in {"flock", "lockf", "locking"}:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module in {"fcntl", "msvcrt"}:
            yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        "os.replace(a, b)",
        "take = os.rename",
        "from os import replace",
        "path.replace(target)",
        "path.with_name('a').rename(target)",
        "shutil.rmtree(path)",
        "from shutil import rmtree",
    ],
)
def test_the_search_for_renames_finds_them(code: str) -> None:
    assert list(renames(ast.walk(ast.parse(code)))) == [1]


@pytest.mark.parametrize("code", ["text.replace('a', 'b')", "date.replace(hour=1)", "replace(value, name=1)"])
def test_the_search_for_renames_knows_what_is_none(code: str) -> None:
    assert list(renames(ast.walk(ast.parse(code)))) == []


@pytest.mark.parametrize(
    "code", ["fcntl.flock(file, 2)", "fcntl.lockf(file, 2)", "msvcrt.locking(1, 2, 1)", "from fcntl import flock"]
)
def test_the_search_for_locks_finds_them(code: str) -> None:
    assert list(locks(ast.walk(ast.parse(code)))) == [1]


def test_nothing_writes_to_the_environment_variables() -> None:
    in_a_stage_s_process = {*STAGE_SERVER, PACKAGE / "sdk" / "run_stage.py"}
    ours = set(MODULES) - in_a_stage_s_process
    strays = [shown(path, line) for path in ours for line in environment_writes(looked_at(path))]
    assert strays == []


def environment_writes(nodes: Nodes) -> Iterator[int]:
    changing = {"update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__"}
    for node in nodes:
        if isinstance(node, ast.Subscript) and is_environ(node.value) and not isinstance(node.ctx, ast.Load):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr in changing and is_environ(node.value):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr in {"putenv", "unsetenv"}:
            yield node.lineno
        if isinstance(node, ast.Attribute) and is_environ(node) and not isinstance(node.ctx, ast.Load):
            yield node.lineno


def is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"environ", "environb"}


@pytest.mark.parametrize(
    "code",
    [
        "os.environ['A'] = '1'",
        "del os.environ['A']",
        "os.environ.update(A='1')",
        "os.putenv('A', '1')",
        "os.environ = {}",
    ],
)
def test_the_search_for_such_writes_finds_them(code: str) -> None:
    assert list(environment_writes(ast.walk(ast.parse(code)))) == [1]
