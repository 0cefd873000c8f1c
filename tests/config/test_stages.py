"""The header of a stage file: found, checked, and never run."""

from pathlib import Path

import pytest

from pipeline.config.stages import StageSpec, load
from pipeline.errors import ConfigurationError, ExitCode
from pipeline.project import ProjectFolder

HEADER = '# /// script\n# [tool.pipeline.stage]\n# environment = "alpha"\n'


@pytest.fixture
def project(tmp_path: Path) -> ProjectFolder:
    (tmp_path / "stages").mkdir()
    return ProjectFolder(tmp_path)


def loaded(project: ProjectFolder, text: str | bytes) -> StageSpec:
    project.stage_file("work").write_bytes(text.encode() if isinstance(text, str) else text)
    return load(project, "work")


def refusal(project: ProjectFolder, text: str | bytes) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as refused:
        loaded(project, text)
    assert refused.value.exit_code == ExitCode.USAGE
    return refused.value


def test_a_header_says_what_a_stage_takes_and_gives(project: ProjectFolder) -> None:
    spec = loaded(
        project,
        HEADER + '# inputs = ["audio"]\n# models = ["recognizer"]\n'
        "# [tool.pipeline.stage.parameters]\n# rate = 16000\n"
        '# [tool.pipeline.stage.outputs]\n# text = "text.txt"\n# ///\nimport a_library_that_is_not_here\n',
    )
    assert (spec.environment, spec.inputs, spec.models) == ("alpha", ("audio",), ("recognizer",))
    assert (spec.parameters, spec.outputs) == ({"rate": 16000}, {"text": "text.txt"})


@pytest.mark.parametrize("start", ["\ufeff", "#!/usr/bin/env python3\n", '"""Words first."""\n\n'])
def test_a_header_need_not_be_the_very_first_thing(project: ProjectFolder, start: str) -> None:
    assert loaded(project, start + HEADER + "# ///\n").environment == "alpha"


def test_a_header_with_line_ends_of_windows_is_read(project: ProjectFolder) -> None:
    assert loaded(project, (HEADER + "# ///\n").replace("\n", "\r\n")).environment == "alpha"


WRONG_HEADERS: list[tuple[str | bytes, str]] = [
    ("def run(stage): pass\n", "stages/work.py:"),
    (HEADER, "stages/work.py:"),
    ((HEADER + "# ///\n\n") * 2, "stages/work.py:"),
    ("\n\n# /// script\n# dependencies = []\n# ///\n", "stages/work.py:3:"),
    ("# /// script\n# tool = 3\n# ///\n", "stages/work.py:1:"),
    ("# /// script\n# tool.pipeline.stage = 3\n# ///\n", "stages/work.py:2:"),
    (HEADER + "# inputs = [\n# ///\n", "stages/work.py:1:"),
    ("x = 1\n" + HEADER + "# inputs = oops\n# ///\n", "stages/work.py:5:"),
    (HEADER + '# environment = "b"\n# ///\n', "stages/work.py:4:"),
    (HEADER + "# input = []\n# ///\n", "stages/work.py:4: input:"),
    (HEADER + '# inputs = "audio"\n# ///\n', "stages/work.py:4: inputs:"),
    (HEADER + '# start = ["fork", "cold"]\n# ///\n', "stages/work.py:4: start.0:"),  # a way that there was once
    ("# /// script\n# [tool.pipeline.stage]\n# ///\n", "stages/work.py:2:"),
    (HEADER.replace("alpha", "../etc") + "# ///\n", "stages/work.py:3: environment:"),
    (HEADER + "# outputs.x = '../../x'\n# ///\n", "stages/work.py:4: outputs.x:"),
    (HEADER + "# parameters.x = 2020-01-01\n# ///\n", "stages/work.py:4: parameters.x:"),
    (HEADER + "# parameters.x = nan\n# ///\n", "stages/work.py:4: parameters.x:"),
    (b"\n\xff\n", "stages/work.py:2:"),
]


@pytest.mark.parametrize(("text", "where"), WRONG_HEADERS)
def test_a_wrong_header_is_refused_with_file_and_line(project: ProjectFolder, text: str | bytes, where: str) -> None:
    assert refusal(project, text).message.startswith(f"{where} ")


def test_a_stage_that_is_not_there_is_told_with_the_nearest_one(project: ProjectFolder) -> None:
    project.stage_file("demux").write_text("")
    with pytest.raises(ConfigurationError, match="'demux'") as refused:
        load(project, "dmux")
    assert refused.value.next_step == "write stages/dmux.py"


def test_a_header_names_the_modules_that_the_stage_shares(project: ProjectFolder) -> None:
    project.modules.mkdir()
    (project.modules / "shared.py").write_text("")
    assert loaded(project, HEADER + '# modules = ["shared"]\n# ///\n').modules == ("shared",)


@pytest.mark.parametrize("name", ["shard", "json", "../shared"])
def test_a_shared_module_that_can_not_be_is_refused_with_its_line(project: ProjectFolder, name: str) -> None:
    project.modules.mkdir()
    (project.modules / "shared.py").write_text("")
    message = refusal(project, HEADER + f'# modules = ["{name}"]\n# ///\n').message
    assert message.startswith("stages/work.py:4: modules.0: ")
