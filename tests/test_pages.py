"""The commands of how-to pages work, given in their order in a new project."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import BIN, REPOSITORY

STEP = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<content>.*?)```", re.DOTALL)
READY = ("pipeline init . --yes", "pipeline run words text.txt --build")


@pytest.mark.parametrize("page", ["command-stages", "one-stage", "packages", "run"])
def test_every_command_of_a_page_works(page: str, tmp_path: Path, spawning: None) -> None:
    text = (REPOSITORY / "docs" / "how-to" / f"{page}.md").read_text(encoding="utf-8")
    variables = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
    }
    folder = tmp_path / "project"
    folder.mkdir()
    for command in READY:
        give(command, folder, variables)
    for step in STEP.finditer(text):
        if step["file"]:
            (folder / step["file"]).write_text(step["content"], encoding="utf-8")
        for line in step["content"].splitlines() if step["kind"] == "sh" else ():
            give(line, folder, variables)
    files = STEP.findall(text)
    for name in [Path(file).stem for file, *_ in files if file.endswith(".yaml")]:
        give(f"pipeline stage run {name} --input text.txt", folder, variables)


def give(line: str, folder: Path, variables: dict[str, str]) -> None:
    done = subprocess.run(
        line,
        shell=True,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
