"""The installed wheel on a real movie: no checkout, an empty home, and the workflow that comes with the tool."""

import os
from pathlib import Path

import pytest

from pipeline.envs import uv
from tests.e2e.conftest import REAL_HOME, REAL_VARIABLES, SAMPLE
from tests.installed_tool import InstalledTool, wheel_in


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> InstalledTool:
    folder = tmp_path_factory.mktemp("installed")
    cache = REAL_VARIABLES.get("UV_CACHE_DIR") or os.path.join(REAL_HOME, ".cache/uv")
    made = InstalledTool(folder, {**REAL_VARIABLES, "UV_CACHE_DIR": cache})
    made.uv("venv", "--quiet", "--no-config", made.environment)
    made.uv("pip", "install", "--quiet", "--no-config", "--python", made.environment, wheel_in(folder))
    return made


def test_a_movie_gets_its_subtitles_in_a_project_of_one_line(tool: InstalledTool, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/pipeline.yaml").write_text("extends: media\nstore: user\n")
    (tmp_path / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    made = tool.give(tmp_path, "bootstrap", "--env", "common", "--env", "whisper", timeout=600)
    assert made.code == 0, made.err
    done = tool.give(tmp_path, "pipeline", "run", "subtitle", SAMPLE.name, "-s", "en", timeout=600)
    assert done.code == 0, done.err
    (subtitles,) = (tmp_path / "jobs").glob("*/output/*.en.srt")
    assert "best of times" in subtitles.read_text(encoding="utf-8").replace("\n", " ")
    assert {path.name for path in tmp_path.iterdir()} <= {"config", "jobs", "cache", "logs", "venv", SAMPLE.name}
    assert uv.find().is_file()
