"""A stage by itself: no job, nothing left."""

import tempfile
from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.errors import InputError, NotReady, StageError, UsageError
from pipeline.project import ProjectFolder
from pipeline.run import single_stage
from tests.conftest import Sandbox

STAGE = """# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = ["files"]
# [tool.pipeline.stage.parameters]
# word = "default"
# [tool.pipeline.stage.outputs]
# text = "*.txt"
# ///
import os, quirk, stagekit
def run(stage):
    {}
"""
WRITE = (
    "stage.output('text', 'a.txt').write_text(stage.parameters['word'] + quirk.VERSION + str(stage.inputs('files')))"
)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def catalog(sandbox: Sandbox, body: str = WRITE) -> Catalog:
    sandbox.write("stages/solo.py", STAGE.format(body))
    return Catalog(ProjectFolder(sandbox.root))


def refusal(catalog: Catalog, kind: type[Exception], seconds: float = 60, **parameters: str) -> str:
    with pytest.raises(kind) as refused, single_stage.run(catalog, "solo", {}, parameters, seconds):
        pass
    return str(refused.value)


def test_a_stage_runs_in_its_environment_and_leaves_nothing(ready: Sandbox, scratch: Path) -> None:
    with single_stage.run(catalog(ready), "solo", {"files": [Path("/a"), Path("/b")]}, {"word": "given"}) as outputs:
        text = outputs["text"].read_text()
    assert text.startswith("given1.0")
    assert text.count("Path") == 2
    assert list(scratch.iterdir()) == []
    assert not (ready.root / "jobs").exists()


def test_a_parameter_that_is_not_given_has_its_default(ready: Sandbox, scratch: Path) -> None:
    with single_stage.run(catalog(ready), "solo", {}, {}) as outputs:
        assert outputs["text"].read_text() == "default1.0[]"


def test_a_stage_has_its_shared_modules(ready: Sandbox, scratch: Path) -> None:
    ready.write("stages/modules/common.py", "WORD = 'shared'\n")
    text = STAGE.replace("# inputs", '# modules = ["common"]\n# inputs')
    ready.write("stages/solo.py", text.format("import common; stage.output('text', 'a.txt').write_text(common.WORD)"))
    with single_stage.run(Catalog(ProjectFolder(ready.root)), "solo", {}, {}) as outputs:
        assert outputs["text"].read_text() == "shared"


def test_an_environment_that_is_not_built_is_told_with_the_command(sandbox: Sandbox) -> None:
    with pytest.raises(NotReady, match="environment 'alpha'") as refused:
        single_stage.run(catalog(sandbox), "solo", {}, {}).__enter__()
    assert refused.value.next_step == "bootstrap --env alpha"


@pytest.mark.parametrize(("error", "kind"), [("StageFailed", StageError), ("InputUnusable", InputError)])
def test_what_a_stage_refuses_is_told_in_its_words(
    ready: Sandbox, scratch: Path, error: str, kind: type[Exception]
) -> None:
    assert "not today" in refusal(catalog(ready, f"raise stagekit.{error}('not today')"), kind)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise RuntimeError('broken')", "RuntimeError: broken"),
        ("os.kill(os.getpid(), 9)", "was killed by signal 9"),
        ("os._exit(7)", "ended with exit code 7"),
        ("pass", "its output 'text' (*.txt) isn't there"),
    ],
)
def test_a_stage_that_breaks_is_told(ready: Sandbox, scratch: Path, body: str, expected: str) -> None:
    assert expected in refusal(catalog(ready, body), StageError)


def test_a_stage_that_hangs_is_ended(ready: Sandbox, scratch: Path) -> None:
    assert "took longer than 1 s" in refusal(catalog(ready, "import time; time.sleep(60)"), StageError, seconds=1)
    assert list(scratch.iterdir()) == []


def test_a_parameter_that_the_stage_lacks_is_a_mistake(ready: Sandbox) -> None:
    assert "'word'" in refusal(catalog(ready), UsageError, wrod="x")


def test_a_stage_that_needs_models_runs_in_jobs_only(ready: Sandbox) -> None:
    ready.write("stages/solo.py", STAGE.replace("# inputs", '# models = ["m"]\n# inputs').format(WRITE))
    assert "needs models" in refusal(Catalog(ProjectFolder(ready.root)), UsageError)
