"""Checkpoint folders are looked at before anything is loaded; the loading itself needs the real libraries."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import pytest

from tests.conftest import REPOSITORY

FILES = ("config.json", "model.safetensors", "tokenizer.json")


@pytest.fixture
def seq2seq(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(REPOSITORY / "pipeline" / "sdk"))
    for library in ("torch", "transformers"):
        monkeypatch.setitem(sys.modules, library, MagicMock())
    yield importlib.import_module("seq2seq")
    del sys.modules["seq2seq"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A complete checkpoint, as far as its names go."""
    made = tmp_path / "tiny"
    made.mkdir()
    for name in FILES:
        (made / name).write_text(json.dumps({"model_type": "m2m_100"}))
    return made


def test_a_complete_folder_is_accepted(seq2seq: ModuleType, folder: Path) -> None:
    assert seq2seq.checked_config(folder, ("m2m_100",))["model_type"] == "m2m_100"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(seq2seq: ModuleType, folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(seq2seq.stagekit.StageFailed, match=f"model tiny .*{name}"):
        seq2seq.checked_config(folder, ("m2m_100",))


def test_a_missing_part_of_the_weights_is_named(seq2seq: ModuleType, folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-1.safetensors")
    parts = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    with pytest.raises(seq2seq.stagekit.StageFailed, match=r"incomplete: model-2\.safetensors is missing"):
        seq2seq.checked_config(folder, ("m2m_100",))


@pytest.mark.parametrize("content", ["", "[]", "{}", "\xff\xfe"])
def test_a_damaged_configuration_is_told(seq2seq: ModuleType, folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content, encoding="latin-1")
    with pytest.raises(seq2seq.stagekit.StageFailed, match=r"model tiny has no config\.json"):
        seq2seq.checked_config(folder, ("m2m_100",))


def test_a_checkpoint_of_another_family_is_refused(seq2seq: ModuleType, folder: Path) -> None:
    with pytest.raises(seq2seq.stagekit.StageFailed, match="of the type 'm2m_100'; this stage runs IndicTrans"):
        seq2seq.checked_config(folder, ("IndicTrans",))
