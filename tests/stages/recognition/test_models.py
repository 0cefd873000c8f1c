"""What doesn't need the libraries; tests/e2e/test_recognition.py has the rest."""

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from recognition import compute
from recognition.compute import CPU, GPU, Compute


@pytest.fixture
def models(engines: None) -> Any:
    return importlib.import_module("recognition.models")


def a_model(multilingual: bool) -> Any:
    tokens = {"<|en|>": 1, "<|de|>": 2}
    return SimpleNamespace(
        model=SimpleNamespace(is_multilingual=multilingual), hf_tokenizer=SimpleNamespace(token_to_id=tokens.get)
    )


@pytest.mark.parametrize(
    ("multilingual", "wanted", "language"),
    [(True, "de", "de"), (True, "auto", None), (False, "en", "en"), (False, "auto", "en")],
)
def test_a_language_is_looked_for_where_none_is_given_and_there_are_several(
    models: Any, multilingual: bool, wanted: str, language: str | None
) -> None:
    assert models.language_for(a_model(multilingual), wanted, "tiny") == language


@pytest.mark.parametrize(("multilingual", "wanted"), [(True, "yue"), (False, "de")])
def test_a_language_that_the_model_does_not_know_is_refused(models: Any, multilingual: bool, wanted: str) -> None:
    with pytest.raises(models.stagekit.StageFailed, match=f"tiny doesn't recognise language '{wanted}'"):
        models.language_for(a_model(multilingual), wanted, "tiny")


def test_a_model_for_english_alone_translates_nothing(models: Any) -> None:
    models.require_multilingual(a_model(True), "tiny")
    with pytest.raises(models.stagekit.StageFailed, match="English only"):
        models.require_multilingual(a_model(False), "tiny")


def test_a_model_with_a_file_missing_is_refused_before_a_hub_is_asked_for_it(models: Any, tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    with pytest.raises(models.stagekit.StageFailed, match=r"has no config.json and no tokenizer.json. Fetch it again"):
        models.load_model(tmp_path, Compute(CPU, "int8", 2, 1))


def test_a_model_that_cannot_be_loaded_is_told_with_the_reason(models: Any, tmp_path: Path) -> None:
    for name in models.MODEL_FILES:
        (tmp_path / name).touch()
    models.WhisperModel.side_effect = RuntimeError("File model.bin is incomplete")
    with pytest.raises(models.stagekit.StageFailed, match=r"can't be loaded: File model.bin is incomplete. Fetch"):
        models.load_model(tmp_path, Compute(CPU, "int8", 2, 1))


def test_without_a_gpu_the_cpu_computes_with_8_bits(models: Any, tmp_path: Path) -> None:
    models.ctranslate2.get_cuda_device_count.return_value = 0
    (tmp_path / "model.bin").touch()
    ways, card = models.ways(tmp_path, compute.on_cpu(20, 2), {})
    assert ways[0] == Compute(CPU, "int8", 2, 1)
    assert card == ""


def test_on_a_gpu_the_kinds_of_numbers_are_those_that_it_supports(models: Any, tmp_path: Path) -> None:
    models.ctranslate2.get_cuda_device_count.return_value = 1
    models.ctranslate2.get_supported_compute_types.return_value = {"float16", "int8_float16", "int8", "float32"}
    (tmp_path / "model.bin").write_bytes(bytes(1000))
    ways, card = models.ways(tmp_path, compute.on_cpu(20, 2), {"PATH": ""})
    assert ways[0] == Compute(GPU, "float16", 4)
    assert ways[-1].device == CPU
    assert card == "unknown"


def test_a_model_is_loaded_as_its_way_of_computing_says(models: Any, tmp_path: Path) -> None:
    for name in models.MODEL_FILES:
        (tmp_path / name).touch()
    models.load_model(tmp_path, Compute(GPU, "float16", 8))
    said = models.WhisperModel.call_args.kwargs
    assert (said["device"], said["compute_type"], said["num_workers"]) == ("cuda", "float16", 8)


def test_a_card_that_does_not_say_what_it_supports_is_tried(models: Any, tmp_path: Path) -> None:
    models.ctranslate2.get_cuda_device_count.return_value = 1
    models.ctranslate2.get_supported_compute_types.side_effect = RuntimeError("CUDA failed with error unknown")
    (tmp_path / "model.bin").write_bytes(bytes(1000))
    ways, _ = models.ways(tmp_path, compute.on_cpu(20, 2), {"PATH": ""})
    assert ways[0].device == GPU
    assert ways[-1].device == CPU
