"""What is said of files that a person wrote and that are wrong: the same cases as in tests/config."""

from pathlib import Path

import pytest

from pipeline.project import ProjectFolder
from tests.config import (
    test_command_stages,
    test_ensure,
    test_environments,
    test_inline_environments,
    test_models,
    test_paths,
    test_settings,
    test_source,
    test_stages,
    test_workflows,
)
from tests.conftest import Sandbox
from tests.snapshots.words import Compare, Words

WIDTH = 100  # characters of a line of a file that are shown


def titled(title: str, content: str | bytes) -> str:
    text = content if isinstance(content, str) else content.decode(errors="backslashreplace")
    lines = text.replace("\a", "\\a").splitlines()
    return "\n".join([title, *(f"   | {line[:WIDTH]}".rstrip() for line in lines)])


def test_the_words_about_yaml_files(tmp_path: Path, same_words: Compare) -> None:
    words = Words()
    for content, _ in [*test_source.NO_YAML, *test_source.NO_VALUES, *test_source.AGAINST_THE_SCHEMA]:
        words.add_error(titled("any file", content), test_source.error_of(tmp_path, content))
    same_words("yaml", words)


def test_the_words_about_command_stages(sandbox: Sandbox, same_words: Compare) -> None:
    words = Words({str(sandbox.root): "PROJECT"})
    for text, _ in test_command_stages.MISTAKES:
        words.add_error(titled("stages/tested.yaml", text), test_command_stages.refused(sandbox, text))
    same_words("command-stages", words)


def test_the_words_about_settings(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, same_words: Compare) -> None:
    words = Words({str(sandbox.root): "PROJECT"})
    monkeypatch.setenv("EMPTY", "")
    for line, _ in test_settings.WRONG:
        words.add_error(titled("config/pipeline.yaml", line), test_settings.refusal(sandbox, line))
    for line in test_paths.WRONG_FOLDERS:
        text = f"paths:\n  {line}\n"
        words.add_error(titled("config/pipeline.yaml", text), test_paths.refusal(sandbox.root, text))
    same_words("settings", words)


def test_the_words_about_environments(sandbox: Sandbox, same_words: Compare) -> None:
    words = Words()
    for text, _ in test_environments.WRONG_FILES:
        words.add_error(titled("config/environments/alpha.yaml", text), test_environments.refusal(sandbox, text))
    error = test_environments.refusal(sandbox, 'python: ""\nrequirements: alpha.txt\n', name="Alpha One")
    words.add_error("config/environments/Alpha One.yaml", error)
    for before, after, _ in test_inline_environments.WRONG_BLOCKS:
        text = test_inline_environments.changed(before, after)
        words.add_error(titled("stages/work.py", text), test_inline_environments.refusal(sandbox, text))
    same_words("environments", words)


def test_the_words_about_stages(tmp_path: Path, same_words: Compare) -> None:
    words, project = Words(), ProjectFolder(tmp_path)
    project.modules.mkdir(parents=True)
    for text, _ in test_stages.WRONG_HEADERS:
        words.add_error(titled("stages/work.py", text), test_stages.refusal(project, text))
    for text, _ in test_ensure.WRONG:
        words.add_error(titled("stages/work.py, in its block", text), test_ensure.refusal(text, tmp_path))
    same_words("stages", words)


def test_the_words_about_workflows_and_models(sandbox: Sandbox, same_words: Compare) -> None:
    words = Words()
    for kind, default in test_workflows.WRONG_DEFAULTS:
        parameter = f"type: {kind}\n    default: {default}"
        words.add_error(titled("a parameter", parameter), test_workflows.refusal(sandbox, parameter))
    for parameter, _ in test_workflows.WRONG_PARAMETERS:
        words.add_error(titled("a parameter", parameter), test_workflows.refusal(sandbox, parameter))
    for text, _ in test_models.WRONG:
        words.add_error(titled("config/models.yaml", text), test_models.refusal(sandbox, text))
    same_words("workflows", words)
