"""A model's folder is looked at before anything is loaded: its family and languages show in its vocabulary."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

VOCABULARIES = {
    "NLLB": ["</s>", "▁a", "eng_Latn", "hin_Deva"],
    "MADLAD-400": ["</s>", "<2en>", "<2hi_Latn>", "<2translate>"],
}


@pytest.fixture
def folders(load_module: Callable[[str], ModuleType]) -> Any:
    return load_module("translation_models.model_folder")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A complete one, as far as its names go."""
    made = tmp_path / "tiny"
    made.mkdir()
    for name, content in {"model.bin": "", "config.json": "{}", "spiece.model": ""}.items():
        (made / name).write_text(content)
    return made


def write(folder: Path, family: str, name: str = "shared_vocabulary.json") -> None:
    tokens = VOCABULARIES[family]
    (folder / name).write_text(json.dumps(tokens) if name.endswith("json") else "\n".join(tokens), encoding="utf-8")


@pytest.mark.parametrize("name", ["shared_vocabulary.json", "shared_vocabulary.txt"])
@pytest.mark.parametrize(
    ("family", "languages"), [("NLLB", {"eng_Latn", "hin_Deva"}), ("MADLAD-400", {"en", "hi_Latn"})]
)
def test_the_vocabulary_tells_the_family_and_its_languages(
    folders: Any, folder: Path, family: str, languages: set[str], name: str
) -> None:
    write(folder, family, name)
    model = folders.read(folder)
    assert (model.family, model.languages, model.adds_end) == (family, languages, False)


def test_a_model_that_ends_sources_by_itself_says_so(folders: Any, folder: Path) -> None:
    write(folder, "NLLB")
    (folder / "config.json").write_text('{"add_source_eos": true}')
    assert folders.read(folder).adds_end


@pytest.mark.parametrize("name", ["model.bin", "config.json", "spiece.model", "shared_vocabulary.json"])
def test_a_missing_file_is_named_with_what_helps(folders: Any, folder: Path, name: str) -> None:
    write(folder, "NLLB")
    (folder / name).unlink()
    with pytest.raises(folders.stagekit.StageFailed, match=f"model tiny has no .*{name}.*bootstrap --force"):
        folders.read(folder)


@pytest.mark.parametrize("name", ["config.json", "shared_vocabulary.json"])
def test_a_damaged_file_is_named(folders: Any, folder: Path, name: str) -> None:
    write(folder, "NLLB")
    (folder / name).write_text("{")
    with pytest.raises(folders.stagekit.StageFailed, match=f"{name} can't be read"):
        folders.read(folder)


def test_a_model_of_another_family_is_refused(folders: Any, folder: Path) -> None:
    (folder / "shared_vocabulary.json").write_text('["</s>", "▁a", "▁b"]', encoding="utf-8")
    with pytest.raises(folders.stagekit.StageFailed, match="neither NLLB nor MADLAD-400"):
        folders.read(folder)
