"""The recipes of docs/how-to/data.md, as they stand there, between environments with numpy 2 and numpy 1.26."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Sandbox
from tests.e2e.conftest import REAL_VARIABLES

PAGE = REPOSITORY / "docs" / "how-to" / "data.md"
FILE = re.compile(r'# ((?:config|requirements|stages)/\S+?)"?,?$')
FENCE = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 900  # seconds


def files() -> dict[str, str]:
    """What the page says, by the name in the first lines of each block."""
    found = {}
    for block in FENCE.findall(PAGE.read_text(encoding="utf-8")):
        lines = block.splitlines()
        named = [match[1] for line in lines[:3] if (match := FILE.search(line.replace('"$comment": "', "# ")))]
        assert named, f"a block has no file's name: {lines[0]}"
        # In a lock's requirements and in JSON, no line may say what the file is.
        found[named[0]] = block if not named[0].startswith("requirements/") else "\n".join(lines[1:]) + "\n"
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, spawning: None) -> Sandbox:
    """A project that has what the page says, and nothing else; the job is prepared and run."""
    sandbox = Sandbox(tmp_path_factory.mktemp("data") / "project")
    sandbox.write("config/pipeline.yaml", "default_workflows: []\n")
    for name, content in files().items():
        sandbox.write(name, content)
    for words in (
        ("pipeline", "env", "lock", "modern", "classic"),
        ("bootstrap", "--env", "modern", "--env", "classic"),
    ):
        done = sandbox.run(*words, variables=REAL_VARIABLES, timeout=PATIENCE)
        assert done.code == 0, done.err
    return sandbox


@pytest.fixture(scope="module")
def delivered(project: Sandbox) -> Path:
    project.write("input.txt", "nothing of it is used\n")
    prepared = project.run("prepare-job", project.root / "input.txt", "--workflow", "data", variables=REAL_VARIABLES)
    assert prepared.code == 0, prepared.err
    id = prepared.out.strip()
    done = project.run("run-pipeline", "-j", id, variables=REAL_VARIABLES, timeout=PATIENCE)
    assert done.code == 0, done.err
    return project.job(id) / "output"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("array", {"shape": [3, 4], "dtype": "float32", "sum": 6.0}),
        ("table", {"equal": True, "names": ["a", "b", None, "d", "\u00e9"], "sum": 2.5}),
        ("tiles", {"files": 20, "sum": 4 * sum(range(20))}),
        ("cube", {"shape": [4, 4, 4], "sum": sum(range(64))}),
    ],
)
def test_what_numpy_2_wrote_is_read_with_numpy_1(delivered: Path, name: str, expected: dict[str, object]) -> None:
    report = json.loads((delivered / f"input.{name}_report.json").read_bytes())
    assert report.pop("numpy") == "1.26.4"
    assert {**report, "sum": round(report["sum"], 6)} == expected


def test_what_numpy_1_wrote_is_read_with_numpy_2(delivered: Path) -> None:
    report = json.loads((delivered / "input.pair_report.json").read_bytes())
    assert int(report.pop("numpy").partition(".")[0]) >= 2
    assert report == {"dtype": "int64", "names": ["a", "\u00e9"], "sum": 15}


def test_the_directory_is_delivered_and_its_labels_fit_their_schema(delivered: Path) -> None:
    assert len(list((delivered / "input.tiles").glob("*.npy"))) == 20
    assert len((delivered / "input.labels.jsonl").read_text().splitlines()) == 2


def test_a_member_for_each_tile_has_measured_it(delivered: Path) -> None:
    numbers = delivered.parent.glob("stages/measure_tile_*/1/outputs/number.txt")
    assert sorted(int(file.read_text()) for file in numbers) == list(range(20))


def test_what_does_not_fit_its_schema_fails_with_its_line(project: Sandbox, delivered: Path) -> None:
    stage = project.root / "stages/write_labels.py"
    stage.write_text(stage.read_text().replace("0.5]", "5.0]"))
    prepared = project.run("prepare-job", project.root / "input.txt", "--workflow", "data", variables=REAL_VARIABLES)
    done = project.run("run-pipeline", "-j", prepared.out.strip(), variables=REAL_VARIABLES, timeout=PATIENCE)
    assert done.code == 4
    assert "line 2: score: 5.0" in done.error
