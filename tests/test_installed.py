"""The installed wheel, without the checkout: a project begins, uses what comes with the tool by name, and runs."""

import os
import sysconfig
from pathlib import Path

import pytest

from tests.installed_tool import InstalledTool, wheel_in


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> InstalledTool:
    """Offline: the packages that it needs are those of the tests' own environment."""
    folder = tmp_path_factory.mktemp("installed")
    made = InstalledTool(folder, {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(folder / "uv-cache")})
    made.uv(
        "venv",
        "--quiet",
        "--no-config",
        "--python",
        os.path.realpath(sysconfig.get_path("scripts") + "/python"),
        made.environment,
    )
    made.uv("pip", "install", "--quiet", "--no-config", "--no-deps", "--python", made.environment, wheel_in(folder))
    (packages,) = made.environment.glob("lib/python3*/site-packages")
    # A path in such a file is no folder of packages itself, so that the checkout's own .pth file in it isn't read.
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_its_commands_run_what_is_installed(tool: InstalledTool, folder: Path) -> None:
    assert tool.place().is_relative_to(tool.environment)
    for command in ("pipeline", "prepare-job", "run-pipeline", "bootstrap"):
        done = tool.give(folder, command, "--version")
        assert (done.code, done.out.split()[-1]) == (0, "0.1.0"), done.err


def test_a_project_begins_and_runs_offline(tool: InstalledTool, folder: Path) -> None:
    assert tool.give(folder, "pipeline", "init").code == 0
    settings = folder / "config/pipeline.yaml"
    settings.write_text(settings.read_text() + "extends: media\n")
    done = tool.give(folder, "pipeline", "run", "words", "text.txt", "--build")
    assert done.code == 0, done.err
    (output,) = (folder / "jobs").glob("*/output/*.json")
    assert output.stat().st_size > 20
    builds = Path(tool.variables["HOME"], ".local/share/pipeline/environments/.builds")
    assert any(builds.glob(f"{'?' * 16}.{'?' * 8}"))  # KEY.RANDOM


def test_what_comes_with_the_tool_is_used_by_name(tool: InstalledTool, folder: Path) -> None:
    (folder / "config").mkdir()
    (folder / "config/pipeline.yaml").write_text("extends: media\nstore: user\n")
    workflows = {row["name"]: row["from"] for row in tool.give(folder, "pipeline", "workflow", "list", "--json").data}
    assert workflows == {"subtitle": "media", "transcribe": "media", "translate": "media"}
    environments = tool.give(folder, "pipeline", "env", "list", "--json").data
    assert all(row["problem"] is None for row in environments)
    assert {"common", "whisper", "ffmpeg"} <= {row["name"] for row in environments}
    assert tool.give(folder, "pipeline", "env", "lock", "--check").code == 0
    shown = tool.give(folder, "pipeline", "model", "show", "whisper-base")
    assert shown.code == 0, shown.err


def test_its_own_folder_is_no_project(tool: InstalledTool, folder: Path) -> None:
    done = tool.give(tool.place() / "shipped", "pipeline", "env", "list")
    assert done.code == 2
    assert "no project here" in done.error
