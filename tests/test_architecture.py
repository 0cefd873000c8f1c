"""The boundaries of the architecture, read from the source and not from anybody's memory."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.source_trees import nodes_of

Nodes = Iterable[ast.AST]

PACKAGE = REPOSITORY / "pipeline"
EXAMPLES = PACKAGE / "scaffold" / "examples"  # files of projects, which are copied and never imported
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(EXAMPLES))
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
# By these names the runner knows its own modules.
SDK_MODULES = {
    "callmemory",
    "callprotocol",
    "callserver",
    "callpacking",
    "callunpacking",
    "command_words",
    "stagekit",
    "stageprotocol",
    "stageserver",
}
STAGES = sorted((REPOSITORY / "stages").glob("*.py"))

LEAVES = {
    "digests",
    "errors",
    "files",
    "locks",
    "permissions",
    "progress",
    "references",
    "script",
    "signatures",
    "sizes",
    "templates",
    "text",
    "values",
}

# What each folder or module may import of the package, beside itself and the leaves.
MAY_IMPORT = {
    "bundles": {"config", "extensions", "environments", "envs", "models", "process", "project", "setup"},
    "api": {"child_process", "config", "jobs", "location", "process", "process_tree", "project", "sdk"},
    "ase": {"calls", "location", "project"},
    "cache": {"directories", "jobs"},
    "calls": {
        "config",
        "environments",
        "envs",
        "executors",
        "host",
        "jobs",
        "location",
        "policy",
        "prepare",
        "process",
        "project",
        "run",
        "sdk",
    },
    "child_process": {"process_tree"},
    "cluster": {
        "child_process",
        "config",
        "directories",
        "environments",
        "envs",
        "executors",
        "host",
        "jobs",
        "policy",
        "process",
        "process_tree",
        "project",
        "run",
        "sdk",
    },
    "config": {"envs", "extensions", "host", "policy", "project", "sdk", "services"},
    "conflicts": {"child_process", "config", "environments", "envs", "process", "process_tree", "project"},
    "diagrams": {"config", "jobs"},
    "directories": set(),
    "engines": {"config", "jobs", "media", "plan"},
    "environments": {"config", "envs", "project"},
    "envs": {"process"},
    "extensions": {"project"},
    "executors": {"child_process", "policy", "process", "process_tree", "sdk"},
    "films": {"config", "envs", "executors", "jobs", "project", "run", "subtitles"},
    "host": {"policy", "process", "project"},
    "jobs": {"config", "directories", "envs", "policy", "project"},
    "location": {"config", "environments", "ownership", "project"},
    "media": {"envs", "process"},
    "models": {"config", "environments", "envs", "process", "project"},
    "ownership": {"project"},
    "packages": {"bundles", "config", "envs", "jobs", "models", "process", "project", "setup"},
    "plan": {"config", "jobs", "policy", "sdk"},
    "policy": set(),
    "prepare": {
        "config",
        "engines",
        "environments",
        "envs",
        "host",
        "jobs",
        "media",
        "models",
        "plan",
        "policy",
        "process",
        "project",
        "sdk",
    },
    "process": {"child_process", "process_tree"},
    "process_tree": set(),
    "project": set(),
    "report": {"diagrams", "engines", "environments", "envs", "jobs", "project"},
    "run": {
        "cache",
        "child_process",
        "config",
        "directories",
        "environments",
        "envs",
        "executors",
        "host",
        "jobs",
        "media",
        "models",
        "plan",
        "policy",
        "process",
        "project",
        "sdk",
        "services",
    },
    "scaffold": {"config", "project", "sdk"},
    "sdk": set(),
    "subtitles": {"process"},
    "services": {"child_process", "executors", "policy", "process", "process_tree", "sdk"},
    "setup": {"config", "environments", "envs", "jobs", "media", "models", "prepare", "process_tree", "project"},
    "ui": {
        "api",
        "config",
        "environments",
        "envs",
        "executors",
        "films",
        "jobs",
        "location",
        "media",
        "models",
        "project",
        "report",
        "scaffold",
        "services",
        "subtitles",
    },
    **{leaf: set() for leaf in LEAVES},
}


# What the rooms that only decide may import beside themselves and the leaves: values, and functions of values. Of the
# standard library, they may import nothing that looks at a disk, starts a process or writes.
PURE = {
    "engines": {
        "fnmatch": {"fnmatchcase"},
        "pipeline.config.engines": {"ANY", "EngineSpec", "Languages", "OwnModel", "Pairs"},
        "pipeline.config.model_figures": {"ErrorRate", "FigureTable", "ModelFigures", "PublishedSpeed"},
        "pipeline.config.workflows": {"DecisionSpec", "WorkflowSpec"},
        "pipeline.jobs.plan": {"BetterEngine", "BetterModel", "EngineDecision", "ModelDecision"},
        "pipeline.media.languages": {"base", "is_same", "name"},
        "pipeline.plan.substitution": {"fill"},
        "pipeline.plan.values": {"value_of"},
    },
}
PURE_LEAVES = {"pipeline.errors", "pipeline.sizes", "pipeline.text"}
PURE_LIBRARY = {"collections.abc", "dataclasses", "functools", "typing"}


# The rooms of ``pipeline/envs``, and which others each may import. ``core`` are the modules that lie in no room; the
# registry of builds is apart from them, since it needs the rooms that check whether a build fits.
ROOMS = {
    "platform": set(),
    "core": {"platform", "registry"},
    "lockfiles": {"core"},
    "verification": {"core"},
    "registry": {"core", "lockfiles", "verification"},
    "packages": {"core", "lockfiles", "verification"},
    "builder": {"core", "lockfiles", "platform", "registry", "verification"},
    "repair": {"builder", "core", "lockfiles", "platform", "registry", "verification"},
    "external": {"core", "platform", "verification"},
    "choice": {"builder", "core", "external", "registry"},
    "gc": {"core", "platform", "registry"},
    "inventory": {"core", "registry"},
}


@cache
def imports(path: Path) -> tuple[tuple[str, int], ...]:
    """Dotted names of what a file imports, wherever in it, with their lines."""
    return tuple(found_imports(path))


def found_imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in nodes_of(path, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def module(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


@cache
def part(path: Path) -> str:
    """The folder of the package that a file lies in, or the module itself."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def shown(path: Path, line: int) -> str:
    return f"{path.relative_to(REPOSITORY)}:{line}"


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_a_part_imports_only_what_it_may(name: str) -> None:
    allowed = MAY_IMPORT[name] | (LEAVES - {name} if name not in LEAVES else LEAVES) | {name, "__version__"}
    if name == "sdk":
        allowed = set()
    strays = [
        f"{shown(path, line)} imports {imported}"
        for path in MODULES
        if part(path) == name
        for imported, line in imports(path)
        if imported.split(".")[0] == "pipeline" and imported.split(".")[1] not in allowed
    ]
    assert strays == []


@pytest.mark.parametrize("name", sorted(MAY_IMPORT))
def test_a_part_has_no_permission_that_it_does_not_use(name: str) -> None:
    used = {imported.split(".")[1] for path in MODULES if part(path) == name for imported, _ in of_package(path)}
    assert MAY_IMPORT[name] - used == set()


def of_package(path: Path) -> Iterator[tuple[str, int]]:
    return ((imported, line) for imported, line in imports(path) if imported.startswith("pipeline."))


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_room_that_only_decides_imports_nothing_that_looks_or_writes(name: str) -> None:
    found = [
        (path, line, *imported.rpartition(".")[::2])
        for path in MODULES
        if part(path) == name
        for imported, line in imports(path)
    ]
    strays = [
        f"{shown(path, line)} imports {each} of {source}"
        for path, line, source, each in found
        if source not in PURE_LIBRARY | PURE_LEAVES
        and not f"{source}.{each}".startswith(f"pipeline.{name}.")
        and each not in PURE[name].get(source, set())
    ]
    assert strays == []
    used = {(source, each) for _, _, source, each in found}
    assert [
        f"{source}.{each}" for source, names in PURE[name].items() for each in names if (source, each) not in used
    ] == []


def test_a_room_that_only_decides_calls_nothing_that_reads_or_writes() -> None:
    calls = {"open", "print", "input", "exec", "eval", "__import__"}
    strays = [
        shown(path, node.lineno)
        for path in MODULES
        if part(path) in PURE
        for node in nodes_of(path, ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id in calls
    ]
    assert strays == []


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_a_room_of_the_environments_imports_only_what_it_may(name: str) -> None:
    strays = [
        f"{shown(path, line)} imports {imported}"
        for path in (PACKAGE / "envs").rglob("*.py")
        if room(module(path)) == name
        for imported, line in imports(path)
        if imported.startswith("pipeline.envs.") and room(imported) not in {*ROOMS[name], name}
    ]
    assert strays == []


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_a_room_of_the_environments_has_no_permission_that_it_does_not_use(name: str) -> None:
    used = {
        room(imported)
        for path in (PACKAGE / "envs").rglob("*.py")
        if room(module(path)) == name
        for imported, _ in imports(path)
        if imported.startswith("pipeline.envs.")
    }
    assert ROOMS[name] - used == set()


def test_every_room_of_the_environments_is_one_that_the_rules_know() -> None:
    rooms = {path.parent.name for path in (PACKAGE / "envs").glob("*/__init__.py")}
    assert rooms | {"core", "registry"} == ROOMS.keys()


def room(module: str) -> str:
    found = [name for name in module.split(".")[2:3] if name in ROOMS]
    return found[0] if found else "core"


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports that only a type checker follows count, too: they are what a reader follows."""
    names = {module(path): path for path in MODULES if part(path) != "sdk"}
    graph = {
        name: {each if each in names else each.rpartition(".")[0] for each, _ in imports(path)}
        for name, path in names.items()
    }
    ordered = TopologicalSorter(
        {name: (needed & names.keys()) - {name} for name, needed in graph.items()}
    ).static_order()
    assert set(ordered) == names.keys()  # a circle has no order, and is told


def test_no_part_builds_on_itself_by_way_of_others() -> None:
    assert set(TopologicalSorter(MAY_IMPORT).static_order()) == MAY_IMPORT.keys()  # a circle has no order, and is told


def test_every_part_but_the_commands_is_one_that_the_rules_know() -> None:
    assert {part(path) for path in MODULES} == MAY_IMPORT.keys() | {"cli", "__init__"}


def test_only_the_commands_import_the_commands() -> None:
    strays = [
        shown(path, line)
        for path in MODULES
        if part(path) != "cli"
        for imported, line in imports(path)
        if imported.startswith("pipeline.cli")
    ]
    assert strays == []


def test_what_runs_in_a_stage_s_environment_is_standard_library_only() -> None:
    strays = [
        f"{shown(path, line)} imports {imported}"
        for path in (PACKAGE / "sdk").rglob("*.py")
        for imported, line in imports(path)
        if imported.split(".")[0] not in {*sys.stdlib_module_names, *SDK_MODULES}
        and (path.name, imported.split(".")[0])
        not in {(f"call{which}.py", library) for which in ("packing", "unpacking") for library in ("numpy", "pyarrow")}
    ]
    assert strays == []


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_imports_nothing_of_the_orchestrator(path: Path) -> None:
    assert [line for imported, line in imports(path) if imported.split(".")[0] == "pipeline"] == []


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_a_stage_imports_no_other_stage(path: Path) -> None:
    names = {stage.stem for stage in STAGES}
    assert [imported for imported, _ in imports(path) if imported.split(".")[0] in names] == []


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
    "sdk/stageserver/keeper.py": "runs in a stage's process, without this package",
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


def test_no_two_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for path in [*MODULES, *(REPOSITORY / "stages").rglob("*.py")]:
        for node in nodes_of(path, ast.ClassDef):
            places.setdefault(node.name, []).append(shown(path, node.lineno))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


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


# Modules that run in another environment, whose packages aren't there where we run.
FOREIGN = {
    *(PACKAGE / "models" / "hub" / "transfer").glob("*.py"),
    *(PACKAGE / "ase" / "remote").glob("[a-z]*.py"),
    *(PACKAGE / "ase" / name for name in ("atoms_state.py", "calculator.py")),  # in a program that has ASE
}


def test_every_module_can_be_imported_and_warns_of_nothing(spawning: None) -> None:
    names = [module(path) for path in MODULES if part(path) != "sdk" and path not in FOREIGN]
    code = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_schema_is_a_valid_one() -> None:
    import json

    from jsonschema import Draft202012Validator

    checked = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for path in (PACKAGE / "schemas").glob("*.json"):
        assert list(checked.iter_errors(json.loads(path.read_text(encoding="utf-8")))) == [], path.name


def test_every_package_has_its_init_so_that_the_wheel_holds_it() -> None:
    folders = {path.parent for path in MODULES if "sdk" not in path.parts}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
