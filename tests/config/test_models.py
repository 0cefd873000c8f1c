"""``config/models.yaml``: sources that can give what the model is declared to be."""

import pytest

from pipeline.config.models import FolderSource, HubSource, PackageSource, load
from pipeline.errors import ConfigurationError
from pipeline.project import Project
from tests.conftest import Sandbox

DIGEST = "a" * 64
HEAD = f"tiny:\n  files:\n    a.bin: {DIGEST}\n    b.json: {DIGEST}\n  sources:\n"


def refusal(sandbox: Sandbox, text: str) -> ConfigurationError:
    sandbox.write("config/models.yaml", text)
    with pytest.raises(ConfigurationError) as refused:
        load(Project(sandbox.root))
    return refused.value


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


WRONG = [
    (f"{HEAD}    - packages: [p==1]\n      files: {{a.bin: x}}\n", "7: tiny.sources.0.files:"),
    (
        f"{HEAD}    - packages: [p==1]\n      files: {{a.bin: x, b.json: y, b.jsn: z}}\n",
        "7: tiny.sources.0.files.b.jsn:",
    ),
    (HEAD.replace(DIGEST, "abc") + "    - folder: x\n", "3: tiny.files.a.bin:"),
    (HEAD + "    - packages: [p>=1]\n      files: {}\n", "6: tiny.sources.0.packages.0:"),
    (HEAD + "    - {huggingface: o/r, revision: main}\n", "6: tiny.sources.0.revision:"),
    (HEAD + "    - {folder: x, filder: y}\n", "6: tiny.sources.0.filder:"),
    (HEAD.replace("b.json", "../b") + "    - folder: x\n", "4: tiny.files.../b:"),
    (HEAD + "    []\n", "5: tiny.sources:"),
]


@pytest.mark.parametrize(("text", "where"), WRONG)
def test_a_wrong_declaration_is_refused_with_line_and_key(sandbox: Sandbox, text: str, where: str) -> None:
    assert refusal(sandbox, text).message.startswith(f"config/models.yaml:{where} ")


def test_a_source_that_lacks_a_file_is_refused_with_the_file_s_name(sandbox: Sandbox) -> None:
    assert "'b.json'" in refusal(sandbox, WRONG[0][0]).message
