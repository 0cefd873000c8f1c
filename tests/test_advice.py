"""What comes next, as errors say it: each command stands alone on its line, is one that we have, and does its work.

Advice with a word in capital letters (FILE, NAME) leaves a choice to a person; such a line is only read here. So are
those that need what a test can't have: a model hub's answer, a GPU, a full disk, a machine of another kind.
"""

import ast
import importlib
import re
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from pipeline.cli.options import parse
from pipeline.cli.run_options import OPTIONS
from pipeline.errors import PipelineError
from pipeline.jobs.job import DOCUMENT, JobFolder
from pipeline.locks import exclusive
from tests.conftest import COMMANDS, REPOSITORY, Result, Sandbox, offline
from tests.source_trees import nodes

pytestmark = pytest.mark.long

OURS = tuple(COMMANDS)
CHOICE = re.compile(r"\b[A-Z][A-Z]+\b")  # a word that a person replaces
VALUE = re.compile(r"\bx+\b|\{|[A-Z]{2}|\b[A-Z]\b|'")  # or a choice, or an example
NAMED = re.compile(r"bootstrap|prepare-job|run-pipeline|\b(?:pipeline|uv)[ \"']")  # a command, as source may name it
REMARK = "   "  # begins what is said about a command on its line
# A command of ours inside of a sentence: our names are words, too, so that only what looks like a whole command counts.
EMBEDDED = re.compile(
    r"\S.*\b(?:pipeline (?:env|job|model|cache|workflow|worker|subtitles|hardware|doctor|watch) [a-z]+"
    r"|(?:bootstrap|prepare-job|run-pipeline) --?[a-z]|uv (?:pip|python) [a-z])"
)
# Sentences in which a command is named, and not advised; what is printed before a command on its own line.
NAMING = re.compile(
    r"^(?:next:|there:|\$ uv)|'[^']*(?:pipeline env bundle|pipeline env"
    " explain|bootstrap)[^']*'|^prints |--help"
)
SENTENCES = {"the other machine"}


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module with their lines, each as it may be printed; ``x`` stands for values."""
    parts: set[int] = set()  # of what was told as a whole, or is a docstring; what is inside of a node comes after it
    for node in nodes(file):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            parts.add(id(node.value))
        elif isinstance(node, ast.JoinedStr) and id(node) not in parts:
            parts.update(map(id, ast.walk(node)))
            told = (str(each.value) if isinstance(each, ast.Constant) else "x" for each in node.values)
            yield node.lineno, "".join(told)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.lineno, node.value


@cache
def lines_of_code() -> list[tuple[str, str]]:
    """Each line of a text that our code may print, with where it stands. Modules that name no command are left out."""
    return [
        (f"{file.relative_to(REPOSITORY)}:{number}", line.strip())
        for file in sorted((REPOSITORY / "pipeline").rglob("*.py"))
        if NAMED.search(file.read_text(encoding="utf-8"))
        for number, text in texts(file)
        for line in text.splitlines()
    ]


@cache
def advised() -> dict[str, str]:
    """The commands of ours that begin a line, each with where it stands."""
    found: dict[str, str] = {}
    for where, line in lines_of_code():
        command = line.removeprefix("next:").strip().partition(REMARK)[0].partition("  (")[0]
        words = command.split()
        if len(words) > 1 and words[0] in OURS and (words[1].startswith("-") or words[0] == "pipeline"):
            found.setdefault(command.replace("{job}", "x"), where)
    return found


def refusal(line: str) -> str | None:
    """Why a command line isn't one of ours; ``None`` where it is. Values aren't looked at."""
    words = shlex.split(line)
    if words[0] == "run-pipeline":
        try:
            parse("run-pipeline", [word if word != "x" else "1" for word in words[1:]], OPTIONS)
        except PipelineError as error:
            return str(error)
        return None
    command: click.Command | None = importlib.import_module(COMMANDS[words[0]]).command
    rest, context = words[1:], click.Context(command or click.Command(words[0]))
    while isinstance(command, click.Group):
        context = click.Context(command, context)
        if not rest or rest[0].startswith("-"):
            return "names no command"
        command = command.get_command(context, rest.pop(0))
    if command is None:
        return "names a command that isn't there"
    try:
        command.make_parser(click.Context(command, context)).parse_args(rest)
    except click.UsageError as error:
        return error.format_message()
    return None


def test_the_commands_that_are_advised_are_ones_that_we_have() -> None:
    """One test: to read the whole source for its cases costs each of pytest's processes a second."""
    reasons = {f"{where}: {line}": refusal(re.sub(r"\{[a-z_]+\}", "x", line)) for line, where in advised().items()}
    assert {place: reason for place, reason in reasons.items() if reason is not None} == {}


REMOVES_BUILDS = "pipeline env gc"
# Those that are advised as they stand, with no word that a person replaces.
WITHOUT_VALUE = (
    "bootstrap --help",
    "pipeline cache gc",
    "pipeline cache verify --remove",
    "pipeline cluster list",
    "pipeline doctor",
    "pipeline env gc --dry-run",
    "pipeline env list",
    "pipeline env new --help",
    "pipeline hardware",
    "pipeline hardware --refresh",
    "pipeline init --help",
    "pipeline job edit --help",
    "pipeline job list",
    "pipeline job rm --help",
    "pipeline job show latest",
    "pipeline model gc",
    "pipeline model list",
    "pipeline model status",
    "pipeline package list",
    "pipeline package make --help",
    "pipeline serve --help",
    "pipeline service list",
    "pipeline stage list",
    "pipeline subtitles check --help",
    "pipeline subtitles convert --help",
    "pipeline subtitles edits --help",
    "pipeline subtitles find --help",
    "pipeline subtitles recognise --help",
    "pipeline ui --help",
    "pipeline worker list",
    "pipeline workflow list",
    "pipeline workflow new --help",
    "prepare-job --help",
    "run-pipeline -j latest --verify",
)
NOT_CARRIED_OUT = {
    REMOVES_BUILDS,  # but in a test of its own
    "pipeline env lock",  # asks an index of packages
    "pipeline ui",  # serves until somebody ends it
    "pipeline ui --edit",
}


def test_each_that_is_advised_without_a_value_is_carried_out_below() -> None:
    assert {each for each in advised() if not VALUE.search(each)} == {*WITHOUT_VALUE, *NOT_CARRIED_OUT}


@pytest.mark.parametrize("line", WITHOUT_VALUE)
def test_a_command_without_a_value_does_its_work(ready: Sandbox, line: str) -> None:
    ready.workflow("tested", "noop: {}")
    ready.prepare("tested")  # for 'latest'
    assert ready.give(*shlex.split(line)).code in (0, 1)


def test_so_does_what_removes_builds(sandbox: Sandbox) -> None:
    """Of a project of its own: what it would remove of another, other tests need."""
    assert sandbox.give(*shlex.split(REMOVES_BUILDS)).code == 0


def test_enough_is_looked_at() -> None:
    assert len(advised()) > 45


def test_a_command_is_not_hidden_in_a_sentence() -> None:
    hidden = [
        f"{where}: {line}"
        for where, line in lines_of_code()
        if (found := EMBEDDED.match(line.partition(REMARK)[0])) and not NAMING.search(line) and line[:1] != "$"
        if found and not any(each in line for each in SENTENCES)
    ]
    assert hidden == []


# What a person did, on a project whose environments are built; its advice is then followed, line by line.
def unknown_job(project: Sandbox) -> Result:
    project.prepare("chain")
    return project.give("pipeline", "job", "show", "job-20260101-nobody-0001")


def no_job_named(project: Sandbox) -> Result:
    return project.give("run-pipeline")


def unknown_stage(project: Sandbox) -> Result:
    return project.give("run-pipeline", "-j", project.prepare("chain"), "--only", "nowhere")


def stage_before(project: Sandbox) -> Result:
    return project.run("run-pipeline", "-j", project.prepare("chain"), "--only", "counted")


def unknown_workflow(project: Sandbox) -> Result:
    return project.give("prepare-job", project.write("input.txt", "x"), "--workflow", "nowhere")


def unknown_parameter(project: Sandbox) -> Result:
    return project.give("prepare-job", project.write("input.txt", "x"), "--workflow", "chain", "--param", "no=1")


def unknown_option(project: Sandbox) -> Result:
    return project.give("prepare-job", "--nowhere")


def unknown_option_of_a_run(project: Sandbox) -> Result:
    return project.give("run-pipeline", "--nowhere")


def unknown_option_of_a_group(project: Sandbox) -> Result:
    return project.give("pipeline", "job", "list", "--nowhere")


def cancelled_twice(project: Sandbox) -> Result:
    id = project.prepare("chain")
    assert project.give("pipeline", "job", "cancel", id).code == 0
    return project.give("pipeline", "job", "cancel", id)


def removed_too_early(project: Sandbox) -> Result:
    return project.give("pipeline", "job", "rm", project.prepare("chain"))


def no_job_to_remove(project: Sandbox) -> Result:
    return project.give("pipeline", "job", "rm")


def opened_too_early(project: Sandbox) -> Result:
    return project.give("pipeline", "job", "open", project.prepare("chain"), "--print")


def edited_plan(project: Sandbox) -> Result:
    plan = project.job(project.prepare("chain")) / DOCUMENT
    plan.write_text(plan.read_text() + " ")
    return project.run("run-pipeline", "-j", plan.parent.name)


def plan_that_is_no_plan(project: Sandbox) -> Result:
    plan = project.job(project.prepare("chain")) / DOCUMENT
    plan.write_text("{")
    return project.run("run-pipeline", "-j", plan.parent.name)


def damaged_journal(project: Sandbox) -> Result:
    journal = project.job(project.prepare("chain")) / "journal.jsonl"
    journal.write_text("{}\n" + journal.read_text())
    return project.run("run-pipeline", "-j", journal.parent.name)


def changed_input(project: Sandbox) -> Result:
    id = project.prepare("chain")
    project.write("input.txt", "another text\n")
    return project.run("run-pipeline", "-j", id)


def failing_stage(project: Sandbox) -> Result:
    project.workflow("tested", "fails: {}")
    done = project.run("run-pipeline", "-j", project.prepare("tested"))
    stage = project.root / "stages/fails.py"
    stage.write_text(stage.read_text().replace("raise ", "return; raise "))
    return done


def too_short_a_limit(project: Sandbox) -> Result:
    return project.run("run-pipeline", "-j", project.prepare("chain"), "--timeout", "0.001")


def no_worker_named(project: Sandbox) -> Result:
    return project.give("pipeline", "worker", "stop")


def unknown_model(project: Sandbox) -> Result:
    return project.give("pipeline", "model", "show", "nowhere")


def unknown_environment(project: Sandbox) -> Result:
    return project.give("pipeline", "env", "remove", "nowhere")


def nothing_to_check(project: Sandbox) -> Result:
    return project.give("pipeline", "subtitles", "check")


def options_that_exclude_each_other(project: Sandbox) -> Result:
    return project.give("bootstrap", "--all", "--env", "alpha")


def job_without_results(project: Sandbox) -> Result:
    assert project.run("run-pipeline", "-j", project.prepare("chain")).code == 0
    project.workflow("other", "noop: {}")
    project.prepare("other")
    return project.give("pipeline", "job", "open", "latest", "--print")


def job_that_goes_on_elsewhere(project: Sandbox) -> Result:
    folder = JobFolder(project.job(project.prepare("chain")))
    with exclusive(folder.lock):
        return project.give("pipeline", "job", "rm", "--force", folder.id)


def unknown_model_to_fetch(project: Sandbox) -> Result:
    return project.give("pipeline", "model", "fetch", "nowhere")


def unknown_stage_s_reason(project: Sandbox) -> Result:
    return project.give("pipeline", "job", "why", project.prepare("chain"), "nowhere")


def unknown_stage_s_log(project: Sandbox) -> Result:
    return project.give("pipeline", "job", "logs", project.prepare("chain"), "nowhere")


def unknown_job_to_run(project: Sandbox) -> Result:
    project.prepare("chain")
    return project.give("run-pipeline", "-j", "nowhere")


def nothing_left_to_run(project: Sandbox) -> Result:
    return project.give("run-pipeline", "--all-prepared")


def unknown_worker(project: Sandbox) -> Result:
    return project.give("pipeline", "worker", "stop", "4000000")


def wrong_value(project: Sandbox) -> Result:
    project.workflow("counting", "noop: {}", "parameters: {count: {type: integer, default: 1}}")
    return project.give("prepare-job", project.write("input.txt", "x"), "--workflow", "counting", "--param", "count=x")


def damaged_result(project: Sandbox) -> Result:
    assert project.run("run-pipeline", "-j", project.prepare("chain")).code == 0
    file = next(each for each in (project.root / "cache/results").rglob("*") if each.name == "counted.txt")
    file.chmod(0o644)
    file.write_text("damage")
    return project.give("pipeline", "cache", "verify")


# The same on a project of the test's own, in which nothing is built.
def unbuilt(project: Sandbox) -> Result:
    return project.give("prepare-job", project.write("input.txt", "x"), "--workflow", "chain")


def unbuilt_bill(project: Sandbox) -> Result:
    return project.give("pipeline", "env", "sbom", "alpha")


def unbuilt_test(project: Sandbox) -> Result:
    return project.give("pipeline", "env", "test", "alpha")


def lock_that_does_not_fit(project: Sandbox) -> Result:
    project.write("requirements/alpha.txt", "quirk==2.0\n")
    return project.give("pipeline", "env", "lock", "--check", "alpha")


def edited_requirements(project: Sandbox) -> Result:
    project.write("requirements/alpha.txt", "quirk==2.0\n")
    return project.give("bootstrap", "--env", "alpha")


def environment_of_a_job(project: Sandbox) -> Result:
    assert project.give("bootstrap", "--env", "alpha").code == 0
    project.prepare("chain")
    return project.give("pipeline", "env", "remove", "alpha")


def another_bundle(project: Sandbox) -> Result:
    bundle = project.root.parent / "a bundle.tar"
    assert project.give("bootstrap", "--env", "alpha").code == 0
    assert project.give("pipeline", "env", "bundle", "alpha", "-o", bundle).code == 0
    lock = project.root / "requirements/alpha.lock"
    lock.write_text(lock.read_text() + "# edited\n")
    return project.give("bootstrap", "--from-bundle", bundle)


def failing_import(project: Sandbox) -> Result:
    assert project.give("bootstrap", "--env", "alpha").code == 0
    (module,) = project.root.glob("venv/alpha/lib/python3*/site-packages/quirk.py")
    module.write_text("raise ImportError('damage')\n")
    return project.give("pipeline", "env", "test", "alpha")


def something_in_its_place(project: Sandbox) -> Result:
    folder = project.root / "venv/alpha"
    folder.mkdir(parents=True)
    done = project.give("bootstrap", "--env", "alpha")
    folder.rmdir()  # as the advice says: move it away
    return done


DEEDS_AT_HOME = [
    unbuilt, unbuilt_bill, unbuilt_test, lock_that_does_not_fit, edited_requirements, environment_of_a_job,
    another_bundle, failing_import, something_in_its_place,
]  # fmt: skip
DEEDS = [
    unknown_job, no_job_named, unknown_stage, stage_before, unknown_workflow, unknown_parameter, unknown_option,
    unknown_option_of_a_run, unknown_option_of_a_group, cancelled_twice, removed_too_early, no_job_to_remove,
    opened_too_early, edited_plan, plan_that_is_no_plan, damaged_journal, changed_input, failing_stage,
    too_short_a_limit, no_worker_named, unknown_model, unknown_environment, nothing_to_check,
    options_that_exclude_each_other, job_without_results, job_that_goes_on_elsewhere, unknown_model_to_fetch,
    unknown_stage_s_reason, unknown_stage_s_log, unknown_job_to_run, nothing_left_to_run, unknown_worker, wrong_value,
    damaged_result,
]  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_advice_is_followed_as_it_stands(ready: Sandbox, deed: Callable[[Sandbox], Result]) -> None:
    follow(ready, deed)


@pytest.mark.parametrize("deed", DEEDS_AT_HOME, ids=lambda deed: deed.__name__)
def test_advice_about_environments_is_followed_as_it_stands(
    sandbox: Sandbox,
    spawning: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    deed: Callable[[Sandbox], Result],
) -> None:
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    follow(sandbox, deed)


def follow(project: Sandbox, deed: Callable[[Sandbox], Result]) -> None:
    """Do it, and then each command of the advice, in order."""
    stages = "copy: {inputs: {file: job.input}}\ncounted: {inputs: {file: copy.file}}"
    project.workflow("chain", stages, "deliver: [counted.file]")
    done = deed(project)
    assert done.code not in (0, 70), done.err
    commands = [line for line in done.next_step.splitlines() if line.split()[0] in OURS and not CHOICE.search(line)]
    assert commands, done.err
    for line in commands:
        followed = project.run(*shlex.split(line))
        assert followed.code in (0, 1), f"{line}\n{followed.err}"
