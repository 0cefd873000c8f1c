"""``config/models.yaml``: sources that can give what the model is declared to be."""

import pytest

from pipeline.config import engines, model_locks
from pipeline.config.model_locks import LockedFile, ModelLock
from pipeline.config.models import FolderSource, HubSource, PackageSource, load
from pipeline.errors import ConfigurationError, NotReady
from pipeline.project import ProjectFolder
from tests.conftest import REPOSITORY, Sandbox

DIGEST = "a" * 64
HEAD = f"tiny:\n  files:\n    a.bin: {DIGEST}\n    b.json: {DIGEST}\n  sources:\n"


def refusal(sandbox: Sandbox, text: str) -> ConfigurationError:
    sandbox.write("config/models.yaml", text)
    with pytest.raises(ConfigurationError) as refused:
        load(ProjectFolder(sandbox.root))
    return refused.value


def test_sources_keep_their_order_and_a_single_part_need_not_be_a_list(sandbox: Sandbox) -> None:
    sandbox.write(
        "config/models.yaml",
        f"{HEAD}    - packages: [p==1]\n      files: {{a.bin: [x, y], b.json: z}}\n"
        f"    - folder: models/tiny\n    - {{huggingface: o/r, revision: {'a' * 40}}}\n",
    )
    assert load(ProjectFolder(sandbox.root))["tiny"].sources == (
        PackageSource(("p==1",), {"a.bin": ("x", "y"), "b.json": ("z",)}),
        FolderSource(sandbox.root / "models/tiny"),
        HubSource("o/r", "a" * 40),
    )


def test_a_project_without_models_has_none(sandbox: Sandbox) -> None:
    assert load(ProjectFolder(sandbox.root)) == {}


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


CATALOGUED = "tiny: {files: ['*.bin'], sources: [{huggingface: o/r}]}\n"


@pytest.mark.parametrize("other", ["TINY", "Tiny"])
def test_names_that_differ_only_in_case_are_refused_for_the_disks_that_do_not_tell_them_apart(
    sandbox: Sandbox, other: str
) -> None:
    entry = f"{HEAD}    - folder: models/tiny\n"
    refused = refusal(sandbox, entry + entry.replace("tiny:", f"{other}:"))
    assert f"config/models.yaml:7: {other}: there is a model 'tiny'" in refused.message


def test_nor_may_a_name_differ_so_from_one_of_the_catalogue(sandbox: Sandbox) -> None:
    entry = f"{HEAD}    - folder: models/tiny\n"
    sandbox.write("config/model-catalogue.yaml", entry)
    assert "TINY: there is a model 'tiny'" in refusal(sandbox, entry.replace("tiny:", "TINY:")).message
    sandbox.write("config/models.yaml", entry)
    assert list(load(ProjectFolder(sandbox.root))) == ["tiny"]


@pytest.mark.parametrize("name", ["auto", "Auto", "mine.local", "mine/other"])
def test_a_name_that_means_something_else_is_refused(sandbox: Sandbox, name: str) -> None:
    refused = refusal(sandbox, f"{HEAD}    - folder: models/tiny\n".replace("tiny:", f"{name}:"))
    assert name in refused.message
    assert refused.exit_code == 2


def test_a_catalogued_model_is_not_locked_before_its_first_fetch(sandbox: Sandbox) -> None:
    sandbox.write("config/model-catalogue.yaml", CATALOGUED)
    spec = load(ProjectFolder(sandbox.root))["tiny"]
    assert (spec.is_locked, spec.is_catalogued, spec.patterns) == (False, True, ("*.bin",))
    with pytest.raises(NotReady) as refused:
        _ = spec.digest
    assert refused.value.next_step == "bootstrap --model tiny"


def test_a_lock_says_which_files_a_model_has(sandbox: Sandbox) -> None:
    sandbox.write("config/model-catalogue.yaml", CATALOGUED)
    lock = ModelLock("o/r", "c" * 40, {"a.bin": LockedFile("d" * 64, 5)}, "mit", gated=True)
    model_locks.write(ProjectFolder(sandbox.root), "tiny", lock)
    spec = load(ProjectFolder(sandbox.root))["tiny"]
    assert (spec.files, spec.sizes, spec.license, spec.is_gated) == ({"a.bin": "d" * 64}, {"a.bin": 5}, "mit", True)
    assert spec.sources == (HubSource("o/r", "c" * 40),)


def test_a_lock_of_another_repository_does_not_count(sandbox: Sandbox) -> None:
    sandbox.write("config/model-catalogue.yaml", CATALOGUED)
    model_locks.write(
        ProjectFolder(sandbox.root), "tiny", ModelLock("o/other", "c" * 40, {"a": LockedFile("d" * 64, 5)})
    )
    assert not load(ProjectFolder(sandbox.root))["tiny"].is_locked


@pytest.mark.parametrize(
    "content", ["", "{}", '{"repository": "o/r", "revision": "c", "files": {}}', "[1]", '{"x": 1}']
)
def test_a_file_that_is_no_lock_is_told_with_the_command_that_makes_one(sandbox: Sandbox, content: str) -> None:
    sandbox.write("config/model-catalogue.yaml", CATALOGUED)
    sandbox.write("requirements/models/tiny.lock", content)
    spec = load(ProjectFolder(sandbox.root))["tiny"]
    with pytest.raises(ConfigurationError, match=r"requirements/models/tiny\.lock") as refused:
        spec.require_sound_lock()
    assert refused.value.next_step == "pipeline model lock tiny"


def test_a_project_s_own_entry_goes_before_the_catalogue(sandbox: Sandbox) -> None:
    sandbox.write("config/model-catalogue.yaml", CATALOGUED)
    sandbox.write("config/models.yaml", f"tiny: {{files: {{a: {'e' * 64}}}, sources: [{{folder: x}}]}}\n")
    spec = load(ProjectFolder(sandbox.root))["tiny"]
    assert (spec.files, spec.is_catalogued) == ({"a": "e" * 64}, False)


def test_the_catalogue_that_comes_along_is_right_and_hides_nothing() -> None:
    models = load(ProjectFolder(REPOSITORY))
    catalogued = [spec for spec in models.values() if spec.is_catalogued]
    assert len(catalogued) > 60
    assert {spec.task for spec in catalogued} == {"recognition", "translation", "alignment", "diarization"}
    assert all((spec.hub or spec.web) and spec.description for spec in catalogued)
    assert not models["whisper-base"].is_catalogued


def test_translation_models_of_the_catalogue_have_the_languages_that_their_engines_have() -> None:
    """The engines decide which model may translate what; the catalogue says it to whoever looks for one."""
    models, known = load(ProjectFolder(REPOSITORY)), engines.load(ProjectFolder(REPOSITORY))

    def of(engine: str) -> set[str]:
        return {code for pair in known[engine].pairs for side in (pair.source, pair.target) for code in side or ()}

    for start, engine in (("nllb-200-", "nllb-ct2"), ("madlad400-", "madlad"), ("indictrans2-", "indictrans2")):
        found = [set(spec.languages) for name, spec in models.items() if name.startswith(start)]
        assert found
        assert all(each == of(engine) for each in found), engine
    for name, spec in models.items():
        if name.startswith("opus-mt-"):
            assert list(spec.languages) == name.removeprefix("opus-mt-").split("-")
