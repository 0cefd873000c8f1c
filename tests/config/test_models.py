"""``config/models.yaml``: sources that can give what the model is declared to be."""

import pytest

from pipeline.config.models import FolderSource, HubSource, PackageSource, load
from pipeline.errors import ConfigurationError
from pipeline.project import Project
from tests.conftest import Sandbox

DIGEST = "a" * 64
HEAD = f"tiny:\n  files:\n    a.bin: {DIGEST}\n    b.json: {DIGEST}\n  sources:\n"


def refusal(sandbox: Sandbox, text: str) -> str:
    sandbox.write("config/models.yaml", text)
    with pytest.raises(ConfigurationError) as refused:
        load(Project(sandbox.root))
    return refused.value.message


def test_sources_keep_their_order_and_a_single_part_need_not_be_a_list(sandbox: Sandbox) -> None:
    sandbox.write(
        "config/models.yaml",
        f"{HEAD}    - packages: [p==1]\n      files: {{a.bin: [x, y], b.json: z}}\n"
        f"    - folder: models/tiny\n    - {{huggingface: o/r, revision: {'a' * 40}}}\n",
    )
    assert load(Project(sandbox.root))["tiny"].sources == (
        PackageSource(("p==1",), {"a.bin": ("x", "y"), "b.json": ("z",)}),
        FolderSource(sandbox.root / "models/tiny"),
        HubSource("o/r", "a" * 40),
    )


def test_a_project_without_models_has_none(sandbox: Sandbox) -> None:
    assert load(Project(sandbox.root)) == {}


def test_a_package_source_that_leaves_a_file_out_is_refused(sandbox: Sandbox) -> None:
    message = refusal(sandbox, f"{HEAD}    - packages: [p==1]\n      files: {{a.bin: x}}\n")
    assert message == "config/models.yaml:7: tiny.sources.0.files: it doesn't say where 'b.json' is"


def test_a_package_source_with_a_file_that_the_model_lacks_is_refused(sandbox: Sandbox) -> None:
    message = refusal(sandbox, f"{HEAD}    - packages: [p==1]\n      files: {{a.bin: x, b.json: y, b.jsn: z}}\n")
    assert "tiny.sources.0.files.b.jsn: the model has no such file; did you mean 'b.json'?" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD.replace(DIGEST, "abc") + "    - folder: x\n", "tiny.files.a.bin: 'abc' doesn't fit: the file's SHA-256"),
        (HEAD + "    - packages: [p>=1]\n      files: {}\n", "sources.0.packages.0: 'p>=1' doesn't fit: NAME==VERSION"),
        (HEAD + "    - {huggingface: o/r, revision: main}\n", "revision: 'main' doesn't fit: a full commit"),
        (HEAD + "    - {folder: x, filder: y}\n", "sources.0.filder: unknown key 'filder'; did you mean 'folder'?"),
        (HEAD.replace("b.json", "../b") + "    - folder: x\n", "tiny.files.../b: '../b' isn't a valid name"),
        (HEAD + "    []\n", "tiny.sources: it is empty"),
    ],
)
def test_a_wrong_declaration_is_told_with_its_key(sandbox: Sandbox, text: str, expected: str) -> None:
    assert expected in refusal(sandbox, text)
