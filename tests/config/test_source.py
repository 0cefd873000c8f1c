"""Broken configuration: each kind is told with its file, its line and its key."""

import re
from pathlib import Path

import pytest

from pipeline.config import source
from pipeline.config.source import load_yaml
from pipeline.errors import ConfigurationError, ExitCode
from tests.conftest import Sandbox


def error_of(folder: Path, content: str | bytes, schema: str = "workflow") -> ConfigurationError:
    """With what a file of this content is refused."""
    file = folder / "file.yaml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigurationError) as refused:
        load_yaml(file, folder, schema)
    assert refused.value.exit_code == ExitCode.USAGE
    return refused.value


def refusal(folder: Path, content: str | bytes, schema: str = "workflow") -> str:
    return error_of(folder, content, schema).message


NO_YAML: list[tuple[str | bytes, str]] = [
    ("stages:\n  a: [\n", "file.yaml:3:"),
    ("stages:\n\ta: 1\n", "file.yaml:2:"),
    ('description: "open\nstages: {}\n', "file.yaml:3:"),
    ("stages: {a: {}}\n---\nstages: {}\n", "file.yaml:2:"),
    ("stages:\n  a: *nowhere\n", "file.yaml:2:"),
    ("stages:\n  a: \x07\n", "file.yaml:2:"),
    (b"stages:\n  a: \xff\n", "file.yaml:2:"),
    ("[" * 1000, "file.yaml:"),
]
NO_VALUES = [
    ("stages:\n  a: {}\n  b: {}\n  a: {}\n", "file.yaml:4: stages.a:"),
    ("stages:\n  a: {}\nstages:\n  b: {}\n", "file.yaml:3: stages:"),
    ("stages:\n  a: &a [*a]\n", "file.yaml:2: stages.a.0:"),
    ("stages: &a\n  b: *a\n", "file.yaml:2: stages.b:"),
    ("? [a, b]\n: c\n", "file.yaml:1:"),
    ("stages:\n  a: {after: !!python/name:os.system x}\n", "file.yaml:2: stages.a.after:"),
    ("stages:\n  a:\n    parameters:\n      x: !!int abc\n", "file.yaml:4: stages.a.parameters.x:"),
    ("stages:\n  a:\n    parameters:\n      x: .nan\n", "file.yaml:4: stages.a.parameters.x:"),
    ("stages:\n  a: {parameters: {x: !!binary aGk=}}\n", "file.yaml:2: stages.a.parameters.x:"),
]
AGAINST_THE_SCHEMA = [
    ("stages:\n  a: {}\ndeliverr: []\n", "file.yaml:3: deliverr:"),
    ("stages:\n  a:\n    input: {}\n", "file.yaml:3: stages.a.input:"),
    ("<<: {stages: {}}\nstages: {a: {}}\n", "file.yaml:1: <<:"),
    ("stages:\n  a: 5\n", "file.yaml:2: stages.a:"),
    ("stages:\n  a:\n    after: b\n", "file.yaml:3: stages.a.after:"),
    ("stages:\n  Bad Name: {}\n", "file.yaml:2: stages.Bad Name:"),
    ("stages:\n", "file.yaml:1: stages:"),
    ("stages: {}\n", "file.yaml:1: stages:"),
    ("stages:\n  a:\n    inputs: {x: demux}\n", "file.yaml:3: stages.a.inputs.x:"),
    ("input: medium\nstages: {a: {}}\n", "file.yaml:1: input:"),
    ("", "file.yaml:1:"),
    ("# only a comment\n", "file.yaml:1:"),
    ("just words\n", "file.yaml:1:"),
    ("- a\n- b\n", "file.yaml:1:"),
    ("parameters:\n  x: {}\nstages: {a: {}}\n", "file.yaml:2: parameters.x:"),
]


@pytest.mark.parametrize(
    ("content", "where"), [*NO_YAML, *NO_VALUES, *AGAINST_THE_SCHEMA], ids=lambda value: repr(value)[:40]
)
def test_a_wrong_file_is_refused_with_line_and_key(tmp_path: Path, content: str | bytes, where: str) -> None:
    assert refusal(tmp_path, content).startswith(f"{where} ")


@pytest.mark.parametrize(
    ("content", "meant"),
    [
        ("stages:\n  a: {}\ndeliverr: []\n", "deliver"),
        ("stages:\n  a:\n    input: {}\n", "inputs"),
        ("input: medium\nstages: {a: {}}\n", "media"),
    ],
)
def test_the_most_similar_word_is_named(tmp_path: Path, content: str, meant: str) -> None:
    assert refusal(tmp_path, content).endswith(f"'{meant}'?")


def test_a_message_shows_only_the_beginning_of_a_long_value(tmp_path: Path) -> None:
    assert len(refusal(tmp_path, "stages: [" + ", ".join(["word"] * 1000) + "]")) < 200


def test_aliases_of_aliases_cannot_ask_for_billions_of_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "VALUES_LIMIT", 1000)  # as many as are made before the file is refused
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "more than 1000 values" in refusal(tmp_path, "\n".join(lines))


@pytest.mark.parametrize("source", ["{packages: [a==1], files: {m: x}, folder: f}", "{packages: [a==1]}", "{}"])
def test_a_model_source_that_is_of_no_kind_is_told_what_they_are(tmp_path: Path, source: str) -> None:
    message = refusal(tmp_path, f"m:\n  files: {{m: {'a' * 64}}}\n  sources:\n    - {source}\n", "models")
    assert message.startswith("file.yaml:4: m.sources.0: ")
    assert {"folder", "packages", "files", "urls", "huggingface"} <= set(re.findall(r"\w+", message))


@pytest.mark.parametrize("word", ["no", "No", "yes", "on", "off", "2020-01-02"])
def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path: Path, word: str) -> None:
    (tmp_path / "file.yaml").write_text(f"stages:\n  a: {{after: [{word}]}}\n")
    value = load_yaml(tmp_path / "file.yaml", tmp_path, "workflow").value
    assert value["stages"]["a"]["after"] == [word]


def test_true_and_false_are_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("stages:\n  a: {parameters: {x: true, y: False}}\n")
    value = load_yaml(tmp_path / "file.yaml", tmp_path, "workflow").value
    assert value["stages"]["a"]["parameters"] == {"x": True, "y": False}


def test_an_alias_stands_for_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text("stages:\n  a: &same {parameters: {x: 1}}\n  b: *same\n")
    value = load_yaml(tmp_path / "file.yaml", tmp_path, "workflow").value
    assert value["stages"]["a"] == value["stages"]["b"] == {"parameters": {"x": 1}}


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_bytes(b"\xef\xbb\xbfstages: {a: {}}\r\n")
    assert load_yaml(tmp_path / "file.yaml", tmp_path, "workflow").value == {"stages": {"a": {}}}


def test_a_link_to_nowhere_is_told_as_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").symlink_to("nowhere")
    with pytest.raises(ConfigurationError, match=r"^file\.yaml: .*No such file"):
        load_yaml(tmp_path / "file.yaml", tmp_path, "workflow")


@pytest.mark.parametrize(
    ("path", "content", "command", "where"),
    [
        ("config/pipeline.yaml", "grace_seconds: soon\n", ("bootstrap",), "config/pipeline.yaml:1: grace_seconds:"),
        ("config/environments/alpha.yaml", "python: [\n", ("bootstrap", "--all"), "config/environments/alpha.yaml:2:"),
        (
            "config/workflows/w.yaml",
            "a: &a [*a]\n",
            ("pipeline", "workflow", "list"),
            "config/workflows/w.yaml:1: a.0:",
        ),
        ("config/models.yaml", "m: {}\n", ("bootstrap", "--all"), "config/models.yaml:1: m:"),
    ],
)
def test_a_command_shows_where_a_file_is_wrong_and_leaves_with_2(
    sandbox: Sandbox, spawning: None, path: str, content: str, command: tuple[str, ...], where: str
) -> None:
    sandbox.write(path, content)
    done = sandbox.give(*command)
    assert done.code == ExitCode.USAGE
    assert f"error: {where}" in done.err
    assert "Traceback" not in done.err
    assert not (sandbox.root / "venv").exists()


@pytest.mark.parametrize("text", ['a: "x\\0"', 'a: "\\ud800"', "a: [b, {c: '\\0'}]".replace("'", '"')])
def test_a_text_that_no_file_can_have_is_refused_with_its_line(sandbox: Sandbox, text: str) -> None:
    sandbox.write("config/pipeline.yaml", f"\n{text}\n")
    done = sandbox.give("pipeline", "cache", "status")
    assert (done.code, done.error.partition(": ")[0]) == (2, "config/pipeline.yaml:2")


@pytest.mark.parametrize("name", ["\\0", "\\ud800", "x\\0y"])
def test_a_folder_that_can_not_be_is_refused(sandbox: Sandbox, name: str) -> None:
    sandbox.write("config/pipeline.yaml", f'paths:\n  jobs: "{name}"\n')
    done = sandbox.give("pipeline", "job", "list")
    assert (done.code, done.error.partition(": ")[0]) == (2, "config/pipeline.yaml:2")
