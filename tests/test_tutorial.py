"""The tutorial's commands do what it says, given here in their order, but for those that ask a package index."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import REPOSITORY, given_here

TEXT = (REPOSITORY / "docs/tutorial.md").read_text(encoding="utf-8")
STEP = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<content>.*?)```", re.DOTALL)
ASKS_AN_INDEX = "pipeline env lock shapes"


def steps() -> Iterator[re.Match[str]]:
    return STEP.finditer(TEXT.partition(ASKS_AN_INDEX)[0])


def test_every_command_of_the_tutorial_works(tmp_path: Path, spawning: None) -> None:
    folder, said = tmp_path, ""
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "uv-cache")}
    for step in steps():
        if step["file"]:
            (folder / step["file"]).write_text(step["content"], encoding="utf-8")
        elif step["kind"] == "text":
            assert step["content"] in said
        for line in step["content"].splitlines() if step["kind"] == "sh" else ():
            if line.startswith("cd "):
                folder /= line.removeprefix("cd ")
                continue
            done = given_here(*shlex.split(line), variables=offline, folder=folder)
            assert done.code == 0, f"{line}\n{done.err}"
            said += done.out
    longest = (folder / "jobs").glob("*/output/*.longest.txt")
    assert {path.read_text() for path in longest} == {"hurricanes\n"}


def test_the_files_that_it_names_are_those_that_a_project_begins_with() -> None:
    example = REPOSITORY / "pipeline/scaffold/examples/words"
    for name in re.findall(r"^\| `([\w./]+)`", TEXT, re.MULTILINE):
        assert (example / name).exists() or name == ".gitignore", name
