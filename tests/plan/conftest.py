"""A project with stages of any shape, and its catalog."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.project import ProjectFolder

MODELS = f"""
tiny:
  languages: [en, fr, "no", jw]
  files: {{model.bin: {"a" * 64}}}
  sources: [{{folder: models/tiny}}]
any:
  files: {{model.bin: {"a" * 64}}}
  sources: [{{folder: models/any}}]
"""

STAGES = {
    "source": 'outputs = {file = "a.txt"}\nparameters = {word = "x", list = []}\n',
    "copy": 'inputs = ["file"]\noutputs = {file = "b.txt"}\n',
    "recognise": 'models = ["recognizer"]\noptional_models = ["speakers"]\n',
}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "config/workflows").mkdir(parents=True)
    (tmp_path / "config/models.yaml").write_text(MODELS)
    (tmp_path / "stages").mkdir()
    for name, text in STAGES.items():
        table = "".join(f"# {line}\n" for line in ["[tool.pipeline.stage]", 'environment = "e"', *text.splitlines()])
        (tmp_path / f"stages/{name}.py").write_text(f"# /// script\n{table}# ///\n")
    return Catalog(ProjectFolder(tmp_path))


@pytest.fixture
def write(catalog: Catalog) -> Callable[[str], None]:
    """Writes the workflow ``w``."""
    file = catalog.project.config / "workflows/w.yaml"

    def write(text: str) -> None:
        file.write_text(text, encoding="utf-8")

    return write
