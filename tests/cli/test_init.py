"""``pipeline init``, and the commands that write one file."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.scaffold.example_files import EXAMPLES
from tests.conftest import Result, given_here


def offline(folder: Path) -> dict[str, str]:
    """No network, and nothing from an earlier time."""
    return {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(folder / "uv-cache")}


def give(folder: Path, *words: str, variables: dict[str, str] | None = None) -> Result:
    return given_here(*words, variables=variables or {}, folder=folder)


@pytest.mark.parametrize("example", ["words", "fan-out"])
def test_an_example_runs_at_once_and_offline(tmp_path: Path, example: str, spawning: None) -> None:
    made = give(tmp_path, "pipeline", "init", "new", "--example", example, "--json")
    assert made.code == 0, made.err
    enter, *commands = made.data["next"]
    assert enter == "cd new"
    assert "--build" not in str(commands)
    for command in commands:
        done = give(tmp_path / "new", *shlex.split(command), variables=offline(tmp_path))
        assert done.code == 0, done.err
    (output,) = (path for path in (tmp_path / "new/jobs").glob("*/output/*.*") if path.is_file())
    assert output.stat().st_size > 20


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_workflow_of_each_example_fits_its_stages(tmp_path: Path, example: str) -> None:
    assert give(tmp_path, "pipeline", "init", "--example", example).code == 0
    drawn = give(tmp_path, "pipeline", "workflow", "graph", EXAMPLES[example].workflow)
    assert drawn.code == 0, drawn.err
    assert "delivers" in drawn.out


@pytest.mark.long
def test_the_media_example_uses_what_comes_along_by_name(tmp_path: Path) -> None:
    give(tmp_path, "pipeline", "init", "--example", "media")
    names = [row["name"] for row in give(tmp_path, "pipeline", "workflow", "list", "--json").data]
    assert names == ["keywords", "subtitle", "transcribe", "translate"]
    assert [path.name for path in (tmp_path / "stages").iterdir()] == ["count_words.py"]


def test_words_are_counted_as_they_are(tmp_path: Path, spawning: None) -> None:
    give(tmp_path, "pipeline", "init")
    (tmp_path / "text.txt").write_text("b a b\n")
    command = "pipeline run words text.txt --param most=1"
    assert give(tmp_path, *command.split(), variables=offline(tmp_path)).code == 0
    (output,) = (tmp_path / "jobs").glob("*/output/*.json")
    assert json.loads(output.read_text()) == {"b": 2}


def test_a_dry_run_writes_nothing_and_says_the_command(tmp_path: Path) -> None:
    done = give(tmp_path, "pipeline", "init", "new", "--dry-run", "--json")
    assert (done.code, done.data["written"]) == (0, False)
    assert done.data["next"] == ["pipeline init new --example words"]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def read_only(tmp_path: Path, spawning: None) -> Iterator[Path]:
    """A folder on a disk that can only be read, for root, too."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    mount: list[str | Path] = ["mount", "-t", "tmpfs", "-o", "size=16k,ro", "tmpfs", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a disk here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("words", [("--dry-run",), ()])
@pytest.mark.parametrize("name", ["", "new", "deep/new"])
def test_a_folder_that_can_only_be_read_is_told_by_a_dry_run_too(
    read_only: Path, name: str, words: tuple[str, ...]
) -> None:
    done = give(read_only.parent, "pipeline", "init", str(read_only / name), "--bare", *words)
    assert done.code == 2
    assert f"{read_only} can't be written to, since its disk can only be read" in done.error


def test_a_folder_without_permission_is_told_by_a_dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    done = give(tmp_path, "pipeline", "init", "new", "--dry-run")
    assert done.code == 2
    assert "you have no permission" in done.error


def test_what_is_in_the_way_is_a_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("mine")
    done = give(tmp_path, "pipeline", "init", "--json")
    assert done.code == 2
    assert "text.txt" in done.error
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_bare_and_an_example_exclude_each_other(tmp_path: Path) -> None:
    assert give(tmp_path, "pipeline", "init", "--bare", "--example", "words").code == 2


def test_where_another_project_is_named_the_new_one_has_to_be(tmp_path: Path) -> None:
    give(tmp_path, "pipeline", "init", "first")
    there = {"PIPELINE_ROOT": str(tmp_path / "first")}
    made = give(tmp_path, "pipeline", "init", "second", "--json", variables=there)
    assert made.data["next"][1] == f"export PIPELINE_ROOT={tmp_path / 'second'}"


def test_from_a_bare_project_to_a_result(tmp_path: Path, spawning: None) -> None:
    assert give(tmp_path, "pipeline", "init", "--bare").code == 0
    (tmp_path / "in.txt").write_text("hello\n")
    for line in (
        "pipeline env new tools",
        "pipeline env lock tools",
        "pipeline stage new clean",
        "pipeline stage new again --environment tools",
        "pipeline stage new copy --command",
        "pipeline workflow new all --stage clean --stage again --stage copy",
        "pipeline run all in.txt --build",
    ):
        done = give(tmp_path, *line.split(), variables=offline(tmp_path))
        assert done.code == 0, done.err
    (output,) = (tmp_path / "jobs").glob("*/output/*.txt")
    assert output.read_text() == "hello\n"


@pytest.mark.parametrize(
    ("line", "next_step"),
    [
        ("pipeline env new words", "pipeline env status words"),
        ("pipeline stage new count_words", "pipeline stage show count_words"),
        ("pipeline workflow new words", "pipeline workflow show words"),
        ("pipeline workflow new other --stage nope", None),
        ("pipeline stage new other --environment word", "pipeline env new word"),
        ("pipeline stage new nul", None),
        ("pipeline stage new count_words --command", "pipeline stage show count_words"),
    ],
)
def test_what_is_there_or_can_t_be_is_refused(tmp_path: Path, line: str, next_step: str | None) -> None:
    give(tmp_path, "pipeline", "init")
    before = sorted(tmp_path.rglob("*"))
    done = give(tmp_path, *line.split())
    assert done.code == 2, done.err
    assert next_step in (None, done.next_step)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_new_stage_says_the_commands_that_come_next(tmp_path: Path) -> None:
    give(tmp_path, "pipeline", "init")
    made = give(tmp_path, "pipeline", "stage", "new", "other", "--json")
    tried, used = made.data["next"]
    assert tried == "pipeline stage run other --input text=FILE --build"
    assert used == "pipeline workflow new other --stage other"


def test_bootstrap_brings_the_editor_s_schemas(tmp_path: Path, spawning: None) -> None:
    give(tmp_path, "pipeline", "init")
    (tmp_path / "config/.schemas/workflow.json").unlink()
    assert give(tmp_path, "bootstrap", variables=offline(tmp_path)).code == 0
    assert (tmp_path / "config/.schemas/workflow.json").is_file()


def test_the_schemas_of_the_installation_can_be_named(tmp_path: Path) -> None:
    folder = Path(give(tmp_path, "pipeline", "schema", "--path").out.strip())
    assert (folder / "workflow.json").is_file()


@pytest.mark.parametrize(
    "value", ["\x1b[31m", "a" * 5000, "/proc/self/mem", "/proc/x", "/etc/passwd/x", "\udcff", "a\nb", "nul", "~"]
)
def test_whatever_is_typed_as_the_folder_is_used_or_refused(tmp_path: Path, value: str) -> None:
    done = give(tmp_path, "pipeline", "init", "--", value)
    assert done.code in (0, 2, 3), done.err
    assert done.code == 0 or list(tmp_path.iterdir()) == []


def test_a_folder_that_was_removed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert given_here("pipeline", "init", variables={}).code == 2


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_is_asked_before_files_stand_beside_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bool
) -> None:
    asked: list[str] = []

    def confirm(text: str, **_: object) -> bool:
        asked.append(text)
        return answer

    monkeypatch.setattr("pipeline.cli.init.click.confirm", confirm)
    monkeypatch.setattr("pipeline.cli.init._may_ask", lambda: True)
    assert give(tmp_path, "pipeline", "init", "empty").code == 0
    assert asked == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("")
    assert give(tmp_path, "pipeline", "init", "full").code == (0 if answer else 2)
    assert len(asked) == 1
    assert (tmp_path / "full/config").exists() == answer
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine").write_text("")
    assert give(tmp_path, "pipeline", "init", "other", "--yes").code == 0
    assert len(asked) == 1


def test_a_stage_that_comes_with_the_tool_is_not_covered_by_accident(tmp_path: Path) -> None:
    give(tmp_path, "pipeline", "init", "--example", "media")
    assert give(tmp_path, "pipeline", "stage", "new", "demux").code == 2


def test_a_command_needs_an_environment(tmp_path: Path) -> None:
    give(tmp_path, "pipeline", "init", "--bare")
    done = give(tmp_path, "pipeline", "stage", "new", "copy", "--command")
    assert (done.code, done.next_step) == (2, "pipeline env new copy")


def test_a_snakefile_s_rules_run(tmp_path: Path, spawning: None) -> None:
    rule = "rule count:\n    input: 'in.txt'\n    output: 'n.txt'\n    shell: 'wc -l < {input} > {output}'\n"
    (tmp_path / "Snakefile").write_text(rule)
    (tmp_path / "in.txt").write_text("a\nb\n")
    made = give(tmp_path, "pipeline", "init", "--from", "Snakefile", "--json")
    assert made.code == 0, made.err
    assert made.data["left_out"] == []
    assert (tmp_path / "Snakefile").read_text() == rule
    done = give(tmp_path, *made.data["next"][-1].replace("FILE", "in.txt").split(), variables=offline(tmp_path))
    assert done.code == 0, done.err
    (output,) = (tmp_path / "jobs").glob("*/output/*.txt")
    assert output.read_text().strip() == "2"
