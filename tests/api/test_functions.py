"""Functions as stages: what is frozen, what is refused, and that a job of functions is a job as any other."""

import functools
import importlib.util
import json
import linecache
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pipeline import Job, Project, stage
from pipeline.api.function_stage import FunctionStage
from pipeline.errors import ConfigurationError, UsageError
from tests.conftest import Sandbox

LIMIT = 3


@stage(environment="alpha", inputs=["text"], outputs={"counts": "counts.json"})
def count(text: Path, counts: Path, least: int = 2, word: str | None = None) -> None:
    """Counts words."""
    import json

    words = [each for each in text.read_text().split() if len(each) >= least]
    counts.write_text(json.dumps({"words": len(words), "word": word}))


@stage(environment="beta", inputs=["counts"], outputs={"report": "report.txt"})
def report(counts, report, title):  # type: ignore[no-untyped-def]
    import quirk  # type: ignore[import-not-found]  # the fixtures' own

    report.write_text(f"{title} {quirk.VERSION} {counts.read_text()}")


def flow(project: Project, **given: Any) -> Job:
    made = project.workflow("word_counts")
    counted = made.add(count, text=made.input, **given)
    made.add(report, counts=counted["counts"], title="$Words")
    return project.prepare(made, project.root / "input.txt")


def test_a_job_of_functions_runs_in_their_environments(project: Project, text: Path) -> None:
    job = flow(project).run()
    assert list(job.outputs) == ["report"]
    assert job.outputs["report"].path.read_text() == '$Words 2.0 {"words": 2, "word": null}'
    assert json.loads(job.outputs["count.counts"].path.read_text()) == {"words": 2, "word": None}


def test_a_function_can_still_be_called(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("a word")
    count(tmp_path / "in", tmp_path / "out", least=1)
    assert json.loads((tmp_path / "out").read_text())["words"] == 2
    assert (count.__name__, count.__doc__) == ("count", "Counts words.")
    assert count.parameters == ("least", "word")


def test_its_results_are_reused_and_a_parameter_that_changes_runs_it_again(project: Project) -> None:
    first = flow(project).run()
    again = flow(project).run()
    assert again.why("count").what == "taken"
    other = flow(project, least=5).run()
    assert other.why("count").what == "ran"
    assert first.id in other.why("count").compared_with or again.id in other.why("count").compared_with


def test_a_command_goes_on_with_the_job_when_the_notebook_is_gone(project: Project, ready: Sandbox) -> None:
    job = flow(project)
    done = ready.run("run-pipeline", "-j", job.id)
    assert done.code == 0, done.err
    assert job.outputs["report"].path.exists()
    assert ready.give("pipeline", "job", "show", job.id).code == 0
    assert ready.give("pipeline", "job", "why", job.id).code == 0


def test_a_frozen_function_that_was_edited_is_refused(project: Project) -> None:
    job = flow(project)
    file = job.folder / "functions/count.py"
    file.write_text(file.read_text().replace("least: int = 2", "least: int = 1"))
    with pytest.raises(ConfigurationError, match="was changed") as changed:
        job.run()
    assert changed.value.command is None


def test_a_missing_environment_or_a_wrong_option_is_told_with_the_function_s_place(project: Project) -> None:
    def nothing() -> None: ...

    made = project.workflow("none")
    made.add(stage(environment="gamma")(nothing))
    with pytest.raises(ConfigurationError, match="gamma"):
        project.prepare(made, project.root / "input.txt")
    made = project.workflow("none")
    made.add(stage(environment="alpha", retries={"attempt": 2})(nothing))
    with pytest.raises(ConfigurationError, match=r"test_functions.py:\d+ \(nothing\): retries"):
        project.prepare(made, project.root / "input.txt")
    assert project.jobs() == []


def test_names_that_the_project_has_are_refused(project: Project) -> None:
    def copy() -> None: ...

    made = project.workflow("counting")
    made.add(stage(environment="alpha")(copy))
    with pytest.raises(UsageError, match="has a workflow 'counting'"):
        project.prepare(made, project.root / "input.txt")
    made = project.workflow("other")
    made.add(stage(environment="alpha")(copy))
    with pytest.raises(UsageError, match="has a stage 'copy'"):
        project.prepare(made, project.root / "input.txt")


def test_stages_of_the_project_and_functions_go_together(project: Project) -> None:
    made = project.workflow("mixed")
    first = made.add("counted", file=made.input, word="and more")
    made.add(count, "again", text=first["file"])
    made.deliver(first["file"])
    job = project.prepare(made, project.root / "input.txt").run()
    assert job.outputs["file"].path.read_text() == "some input\nand more\n"
    assert json.loads(job.outputs["again.counts"].path.read_text())["words"] == 4


def test_what_is_given_to_a_stage_is_checked(project: Project) -> None:
    made = project.workflow("checked")
    for given, problem in (
        ({}, "needs 'text'"),
        ({"text": "input.txt"}, "gets the output of a stage"),
        ({"text": made.input, "leest": 2}, "did you mean 'least'"),
        ({"text": made.input, "least": made.input}, "no input"),
        ({"text": made.input, "least": {1, 2}}, "isn't a value that JSON has"),
    ):
        with pytest.raises(UsageError, match=problem):
            made.add(count, **given)
    counted = made.add(count, text=made.input)
    with pytest.raises(UsageError, match="no output 'count'"):
        counted["count"]
    with pytest.raises(UsageError, match="already"):
        made.add(count, text=made.input)
    with pytest.raises(UsageError, match="no stage"):
        project.prepare(project.workflow("empty"), project.root / "input.txt")


def uses_a_global() -> int:
    return sum(LIMIT for _ in range(2))


def uses_a_module() -> str:
    return functools.__name__


def has_a_global_default(limit: int = LIMIT) -> int:
    return limit


def has_a_tuple(limits: tuple[int, ...] = (1, 2)) -> None: ...


def has_an_infinity(limit: float = float("inf")) -> None: ...


def writes_a_global() -> None:
    global LIMIT  # noqa: PLW0603
    LIMIT = 4


def takes_anything(*words: str) -> None: ...


def takes_any_names(**words: str) -> None: ...


def by_place(word: str, /) -> None: ...


async def is_async() -> None: ...


def is_a_generator() -> Iterator[int]:
    yield 1


async def is_both() -> Any:
    yield 1


def Capital() -> None: ...  # noqa: N802


def run() -> None: ...


def around() -> Callable[[], int]:
    inner = 3

    def is_a_closure() -> int:
        return inner

    return is_a_closure


class Holder:
    def is_a_method(self) -> None: ...


def same(function: Callable[..., None]) -> Callable[..., None]:
    return function


def wrapping(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def wrapper(*words: Any) -> None:
        function(*words)

    return wrapper


@same
def has_another_decorator() -> None: ...


@wrapping
def is_wrapped() -> None: ...


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (uses_a_global, r"test_functions.py:\d+: uses_a_global needs the global 'LIMIT'"),
        (uses_a_module, "needs the global 'functools'"),
        (has_a_global_default, "needs the global 'LIMIT'"),
        (has_a_tuple, "the default of 'limits' isn't a value that JSON has"),
        (has_an_infinity, "the default of 'limit' isn't a value that JSON has"),
        (writes_a_global, "writes the global 'LIMIT'"),
        (takes_anything, "takes \\*args"),
        (takes_any_names, "takes \\*args"),
        (by_place, "leave the / out"),
        (is_async, "is async"),
        (is_both, "is async"),
        (is_a_generator, "is a generator"),
        (Capital, "can't be the name of a stage"),
        (run, "can't be called run"),
        (around(), "needs 'inner' of the function around it"),
        (Holder.is_a_method, "is a method"),
        (has_another_decorator, r"test_functions.py:\d+: has_another_decorator has another decorator, @same"),
        (is_wrapped, "is wrapped"),
        (lambda: None, "is a lambda"),
        (functools.partial(uses_a_global), "made of a function, not of partial"),
        (len, "made of a function"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_cannot_run_by_itself_is_refused(function: Callable[..., Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        stage(environment="alpha")(function)


def test_the_line_of_a_global_is_the_one_where_it_is_used() -> None:
    line = uses_a_global.__code__.co_firstlineno + 1
    with pytest.raises(UsageError, match=f"test_functions.py:{line}:"):
        stage(environment="alpha")(uses_a_global)


def module_of(folder: Path, text: str) -> ModuleType:
    file = folder / "written.py"
    file.write_text(text)
    linecache.checkcache(str(file))
    spec = importlib.util.spec_from_file_location("written", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_name_that_hides_one_of_python_s_own_is_a_global(tmp_path: Path) -> None:
    module = module_of(tmp_path, "def len(x):\n    return 3\n\n\ndef f():\n    return len([])\n")
    with pytest.raises(UsageError, match="hides Python's own"):
        stage(environment="alpha")(module.f)


def test_what_a_notebook_puts_among_the_builtins_is_a_global(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    monkeypatch.setattr(builtins, "display", print, raising=False)
    module = module_of(tmp_path, "def f():\n    return display(1)\n")
    with pytest.raises(UsageError, match="needs the global 'display'"):
        stage(environment="alpha")(module.f)


def test_a_file_that_has_changed_since_it_was_imported_is_refused(tmp_path: Path) -> None:
    module = module_of(tmp_path, "def f():\n    return 1\n")
    (tmp_path / "written.py").write_text("def f():\n    return 22\n")
    with pytest.raises(UsageError, match="isn't what stands in its file"):
        stage(environment="alpha")(module.f)


def test_a_function_without_a_source_is_refused() -> None:
    space: dict[str, Any] = {}
    exec("def f(): pass", space)
    with pytest.raises(UsageError, match="has no source"):
        stage(environment="alpha")(space["f"])


def test_texts_of_several_lines_stay_as_they_are_in_a_function_within_one(project: Project) -> None:
    @stage(environment="alpha", outputs={"poem": "poem.txt"})
    def poem(poem: Path) -> None:
        poem.write_text("""one
        two
  three""")

    made = project.workflow("poems")
    made.add(poem)
    job = project.prepare(made, project.root / "input.txt").run()
    assert job.outputs["poem"].path.read_text() == "one\n        two\n  three"


def test_where_a_function_stands_is_no_part_of_what_is_frozen(tmp_path: Path) -> None:
    texts = set()
    for above in ("", "# a line\n" * 7):
        made: FunctionStage[..., Any] = stage(environment="alpha")(
            module_of(tmp_path, f"{above}def f():\n    pass\n").f
        )
        texts.add(made.text)
    assert len(texts) == 1


def test_a_function_may_ask_for_the_stage_itself(project: Project) -> None:
    @stage(environment="alpha", outputs={"names": "*.txt"})
    def named(stage: Any, word: str = "x") -> None:
        stage.warn("be careful")
        stage.output("names", f"{word}.txt").write_text(stage.name)

    made = project.workflow("names")
    made.add(named, "other_name", word="y")
    job = project.prepare(made, project.root / "input.txt").run()
    assert job.outputs["names"].path.read_text() == "other_name"
    assert job.outputs["names"].path.name == "input.y.txt"


def test_inputs_and_outputs_must_be_parameters() -> None:
    def f(text: Path, least: int = 2) -> None: ...

    for options, problem in (
        ({"inputs": ["txt"]}, "did you mean 'text'"),
        ({"inputs": ["text"], "outputs": {"text": "t.txt"}}, "is in inputs and in outputs"),
        ({"inputs": ["least"]}, "gets no default"),
        ({"outputs": {"text": "*.txt"}}, "is a pattern"),
    ):
        with pytest.raises(UsageError, match=problem):
            stage(environment="alpha", **options)(f)
    with pytest.raises(UsageError, match="needs the name of an environment"):
        stage(environment=f)  # type: ignore[arg-type]


def test_a_program_s_own_types_are_checked(tmp_path: Path, spawning: None) -> None:
    """A program that is checked by mypy --strict sees what each call takes and gives."""
    file = tmp_path / "program.py"
    file.write_text(
        "from pathlib import Path\n\nfrom pipeline import Project, stage\n\n\n"
        '@stage(environment="alpha", inputs=["text"], timeout_seconds=3)\n'
        "def f(text: Path, least: int = 2) -> None: ...\n\n\n"
        "async def main() -> None:\n"
        '    project = Project(".")\n    flow = project.workflow("a")\n    flow.add(f, text=flow.input)\n'
        '    job = await project.prepare(flow, Path("x"), word=["a"], often=3).run_async()\n'
        '    size: int = job.outputs["a"].size\n    print(size, job.why("f").what, job.run().state)\n'
        '    f("no path")\n    job.run(parallel=3)\n'
    )
    words = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    wrong = [
        line.partition(": error:")[0].rpartition(":")[2] for line in done.stdout.splitlines() if ": error:" in line
    ]
    assert wrong == ["17", "18"], done.stdout


@pytest.mark.parametrize("values", [(), (print,), ("alpha",)])
def test_a_stage_without_an_environment_says_what_to_write(values: tuple[Any, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        stage(*values)
    assert caught.value.next_step == 'write @stage(environment="NAME")'
