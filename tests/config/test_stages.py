"""The header of a stage file: found, checked, and never run."""

from pathlib import Path

import pytest

from pipeline.config.stages import StageSpec, load
from pipeline.errors import ConfigurationError, ExitCode
from pipeline.project import Project

HEADER = '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "stages").mkdir()
    return Project(tmp_path)


def loaded(project: Project, text: str | bytes) -> StageSpec:
    project.stage_file("work").write_bytes(text.encode() if isinstance(text, str) else text)
    return load(project, "work")


def refusal(project: Project, text: str | bytes) -> str:
    with pytest.raises(ConfigurationError) as refused:
        loaded(project, text)
    assert refused.value.exit_code == ExitCode.USAGE
    return refused.value.message


def test_a_header_says_what_a_stage_takes_and_gives(project: Project) -> None:
    spec = loaded(
        project,
        HEADER + '# inputs = ["audio"]\n# models = ["recognizer"]\n'
        "# [tool.pipeline.stage.parameters]\n# rate = 16000\n"
        '# [tool.pipeline.stage.outputs]\n# text = "text.txt"\n# ///\nimport a_library_that_is_not_here\n',
    )
    assert (spec.environment, spec.inputs, spec.models) == ("alpha", ("audio",), ("recognizer",))
    assert (spec.parameters, spec.outputs) == ({"rate": 16000}, {"text": "text.txt"})


def test_a_way_to_start_that_there_is_no_more_is_refused_with_what_to_write(project: Project) -> None:
    with pytest.raises(ConfigurationError) as refused:
        loaded(project, HEADER + '# start = ["fork", "cold"]\n# ///\n')
    assert refused.value.message == (
        "stages/work.py:4: start.0: 'fork' is none of these; write 'worker' (a process that is kept for later stages) "
        "or 'cold' (a fresh process)"
    )


@pytest.mark.parametrize("start", ["\ufeff", "#!/usr/bin/env python3\n", '"""Words first."""\n\n'])
def test_a_header_need_not_be_the_very_first_thing(project: Project, start: str) -> None:
    assert loaded(project, start + HEADER + "# ///\n").environment == "alpha"


def test_a_header_with_line_ends_of_windows_is_read(project: Project) -> None:
    assert loaded(project, (HEADER + "# ///\n").replace("\n", "\r\n")).environment == "alpha"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def run(stage): pass\n", "stages/work.py: needs one '# /// script' block"),
        (HEADER, "has 0"),
        ((HEADER + "# ///\n\n") * 2, "has 2"),
        ("\n\n# /// script\n# dependencies = []\n# ///\n", "stages/work.py:3: the script block has no [tool.pipeline"),
        ("# /// script\n# tool = 3\n# ///\n", "stages/work.py:1: the script block has no [tool.pipeline.stage]"),
        ("# /// script\n# tool.pipeline.stage = 3\n# ///\n", "stages/work.py:2: 3 isn't of type object"),
        (HEADER + "# inputs = [\n# ///\n", "the script block isn't valid TOML"),
        ("x = 1\n" + HEADER + "# inputs = oops\n# ///\n", "stages/work.py:5: the script block isn't valid TOML"),
        (
            HEADER + '# environment = "b"\n# ///\n',
            "stages/work.py:4: the script block isn't valid TOML: Cannot overwrite",
        ),
        (HEADER + "# input = []\n# ///\n", "stages/work.py:4: input: unknown key 'input'; did you mean 'inputs'?"),
        (HEADER + '# inputs = "audio"\n# ///\n', "inputs: 'audio' isn't of type array"),
        ("# /// script\n# [tool.pipeline.stage]\n# ///\n", "'environment' is missing"),
        (HEADER.replace("alpha", "../etc") + "# ///\n", "environment: '../etc' doesn't fit"),
        (HEADER + "# outputs.x = '../../x'\n# ///\n", "outputs.x: '../../x' doesn't fit: a file name"),
        (
            HEADER + "# parameters.x = 2020-01-01\n# ///\n",
            "parameters.x: its default 2020-01-01 isn't a value that JSON",
        ),
        (HEADER + "# parameters.x = nan\n# ///\n", "parameters.x: its default nan isn't a value that JSON has"),
        (b"\n\xff\n", "stages/work.py:2: not UTF-8 text"),
    ],
)
def test_a_wrong_header_is_told_with_file_and_line(project: Project, text: str | bytes, expected: str) -> None:
    message = refusal(project, text)
    assert message.startswith("stages/work.py")
    assert expected in message


def test_a_stage_that_is_not_there_is_told_with_the_nearest_one(project: Project) -> None:
    project.stage_file("demux").write_text("")
    with pytest.raises(ConfigurationError, match="no stage 'dmux'; did you mean 'demux'") as refused:
        load(project, "dmux")
    assert refused.value.next_step == "write stages/dmux.py"


def test_a_header_names_the_modules_that_the_stage_shares(project: Project) -> None:
    project.modules.mkdir()
    (project.modules / "shared.py").write_text("")
    assert loaded(project, HEADER + '# modules = ["shared"]\n# ///\n').modules == ("shared",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shard", "stages/work.py:4: modules.0: no shared module 'shard'; did you mean 'shared'?"),
        ("json", "stages/work.py:4: modules.0: a shared module can't be named 'json'"),
        ("../shared", "modules.0: '../shared' doesn't fit"),
    ],
)
def test_a_shared_module_that_can_not_be_is_told_with_its_line(project: Project, name: str, expected: str) -> None:
    project.modules.mkdir()
    (project.modules / "shared.py").write_text("")
    assert expected in refusal(project, HEADER + f'# modules = ["{name}"]\n# ///\n')
