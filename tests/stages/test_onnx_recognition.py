"""What the stage decides itself; tests/e2e/test_onnx_recognition.py has the rest."""

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

LIBRARIES = ("numpy", "onnxruntime", "onnx_asr", "py3langid", "py3langid.langid")
USING_THEM = (
    "waveform", "speech_detection", "silero", "moonshine", "nemo_models", "onnx_models", "onnx_recogniser",
    "text_language",
)  # fmt: skip


@pytest.fixture
def onnx(stand_in: Callable[[Sequence[str], str, Sequence[str]], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for the libraries, and the modules that use them."""
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.12.0")
    stand_in(LIBRARIES, "1.32.0", USING_THEM)


@pytest.fixture
def module(onnx: None, load_stage: Callable[..., ModuleType]) -> Any:
    return load_stage("onnx_recognition")


@pytest.fixture
def onnx_models(onnx: None) -> Any:
    return importlib.import_module("recognition.onnx_models")


def asked(language: str, *known: str) -> Any:
    return SimpleNamespace(parameters={"language": language, "languages": list(known), "strict_language": False})


def model(needs_language: bool = False) -> Any:
    return SimpleNamespace(needs_language=needs_language)


FOLDER = SimpleNamespace(folder=Path("/models/tiny"))


@pytest.mark.parametrize(
    ("wanted", "known", "told"),
    [("de", ("de", "en"), "de"), ("de", (), "de"), ("auto", ("de", "en"), None), ("auto", ("en",), "en")],
)
def test_a_model_is_told_the_language_where_it_is_known(
    module: Any, wanted: str, known: tuple[str, ...], told: str | None
) -> None:
    assert module.language_for(model(), asked(wanted, *known), FOLDER) == told


def test_a_language_that_is_not_the_model_s_is_refused(module: Any) -> None:
    with pytest.raises(module.stagekit.StageFailed, match="tiny doesn't recognise language 'hi', only de, en"):
        module.language_for(model(), asked("hi", "de", "en"), FOLDER)


def test_a_model_that_must_be_told_the_language_refuses_to_guess(module: Any) -> None:
    with pytest.raises(module.stagekit.StageFailed, match="-s CODE"):
        module.language_for(model(needs_language=True), asked("auto", "de", "en"), FOLDER)
    assert module.language_for(model(needs_language=True), asked("auto", "en"), FOLDER) == "en"


def seems(module: Any, code: str, probability: float) -> None:
    module.text_language.probabilities = lambda text, among=(): {code: probability, "xx": 1 - probability}


def test_the_language_of_the_text_is_taken_where_none_was_given(module: Any) -> None:
    seems(module, "de", 0.8)
    assert module.language_of(asked("auto", "de", "en"), "Es war", 5.0) == ("de", 0.8, [])
    assert module.language_of(asked("auto", "en"), "It was", 5.0) == ("en", 1.0, [])


@pytest.mark.parametrize(("wanted", "language"), [("auto", "und"), ("de", "de")])
def test_without_text_nothing_is_known_of_the_language(module: Any, wanted: str, language: str) -> None:
    assert module.language_of(asked(wanted, "de", "en"), "", 5.0) == (language, 0.0, [])


def test_a_text_in_another_language_than_was_named_is_told(module: Any) -> None:
    seems(module, "en", 0.98)
    language, _, (note,) = module.language_of(asked("de"), "It was.", 60.0)
    assert language == "de"
    assert "-s en" in note
    assert module.language_of(asked("de"), "It was.", 5.0)[2] == []  # too little to say
    seems(module, "en", 0.5)
    assert module.language_of(asked("de"), "It was.", 60.0)[2] == []


def test_a_text_in_another_language_is_refused_where_that_was_asked_for(module: Any) -> None:
    seems(module, "en", 0.98)
    stage = asked("de")
    stage.parameters["strict_language"] = True
    with pytest.raises(module.stagekit.InputUnusable, match="not German"):
        module.language_of(stage, "It was.", 60.0)


def folder_with(root: Path, *names: str, kind: str = "") -> Path:
    for name in names:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"12345678")
    if kind:
        (root / "config.json").write_text(f'{{"model_type": "{kind}"}}')
    return root


WAY = SimpleNamespace(name="T4", free=None)


def on_gpu(onnx_models: Any, folder: Path) -> tuple[list[str], list[str]]:
    """The kinds of numbers on a GPU, and on the CPU."""
    ways = onnx_models.ways(onnx_models.read(folder), WAY, 9, 1)
    return [each.kind for each in ways if each.is_gpu], [each.kind for each in ways if not each.is_gpu]


def test_weights_of_8_bits_are_for_cpus_and_full_ones_for_gpus(onnx_models: Any, tmp_path: Path) -> None:
    names = ["encoder-model.onnx", "encoder-model.onnx.data", "encoder-model.int8.onnx"]
    folder = folder_with(tmp_path, *names, kind="nemo-conformer-tdt")
    assert on_gpu(onnx_models, folder) == (["float32"] * 3, ["int8"])
    assert onnx_models.read(folder).weights == 16


def test_a_model_of_8_bits_alone_leaves_the_gpu_alone(onnx_models: Any, tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "encoder-model.int8.onnx", kind="nemo-conformer-aed")
    assert on_gpu(onnx_models, folder) == ([], ["int8"])


@pytest.mark.parametrize("place", ["", "onnx/"])
def test_moonshine_is_known_by_its_files_too(onnx_models: Any, tmp_path: Path, place: str) -> None:
    assert onnx_models.read(folder_with(tmp_path, f"{place}encoder_model.ort")).kind == "moonshine"
    named = onnx_models.read(folder_with(tmp_path, f"{place}encoder_model.onnx", kind="moonshine"))
    assert named.full == tmp_path / f"{place}encoder_model.onnx"


@pytest.mark.parametrize(
    ("names", "kind", "message"),
    [
        (["model.bin"], "whisper", "of the type 'whisper'"),
        (["model.bin"], "", "of the type 'unknown'"),
        (["vocab.txt"], "nemo-conformer-tdt", "no encoder in ONNX form"),
    ],
)
def test_a_folder_with_another_model_is_refused(
    onnx_models: Any, tmp_path: Path, names: list[str], kind: str, message: str
) -> None:
    folder = folder_with(tmp_path, *names, kind=kind)
    with pytest.raises(onnx_models.stagekit.StageFailed, match=message):
        onnx_models.read(folder)


def test_a_config_that_cannot_be_read_is_told(onnx_models: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(onnx_models.stagekit.StageFailed, match=r"config\.json can't be read"):
        onnx_models.read(tmp_path)


def test_a_gpu_that_the_library_quietly_passed_over_counts_as_one_that_failed(onnx_models: Any, tmp_path: Path) -> None:
    from recognition.compute import GPU, Compute
    from recognition.compute_errors import Shortage, shortage

    folder = onnx_models.read(folder_with(tmp_path, "encoder-model.onnx", kind="nemo-conformer-tdt"))
    onnx_models.NemoModel = lambda *_: SimpleNamespace(providers=lambda: ["CPUExecutionProvider"])
    with pytest.raises(onnx_models.stagekit.StageFailed) as failed:
        onnx_models.load(folder, Compute(GPU, "float32", 4))
    assert shortage(failed.value, on_gpu=True) is Shortage.DEVICE


def test_the_pieces_of_a_vocabulary_are_the_same_in_both_of_its_forms(onnx: None, tmp_path: Path) -> None:
    moonshine = importlib.import_module("recognition.moonshine")
    pieces = [b"<s>", b"\xff", "▁Ähre".encode(), b"n" * 130, b"<<ST_1>>"]
    binary = [
        bytes([len(piece)]) if len(piece) < 128 else bytes([len(piece) % 128 + 128, len(piece) // 128])
        for piece in pieces
    ]
    (tmp_path / "tokenizer.bin").write_bytes(
        b"".join(length + piece for length, piece in zip(binary, pieces, strict=True))
    )
    words = '{"▁Ähre": 2, "' + "n" * 130 + '": 3, "<0xFF>": 1}'
    added = '[{"content": "<s>", "id": 0}, {"content": "<<ST_1>>", "id": 4}]'
    (tmp_path / "tokenizer.json").write_text(f'{{"model": {{"vocab": {words}}}, "added_tokens": {added}}}', "utf-8")
    expected = [b"", b"\xff", " Ähre".encode(), b"n" * 130, b""]
    assert moonshine.pieces_of(tmp_path / "tokenizer.bin") == expected
    assert moonshine.pieces_of(tmp_path / "tokenizer.json") == expected


@pytest.mark.parametrize(
    ("name", "content"), [("tokenizer.bin", b"\x05ab"), ("tokenizer.json", b"{}"), ("tokenizer.json", b"[")]
)
def test_a_vocabulary_of_another_form_is_refused(onnx: None, tmp_path: Path, name: str, content: bytes) -> None:
    moonshine = importlib.import_module("recognition.moonshine")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"tokenizer|Expecting"):
        moonshine.pieces_of(tmp_path / name)
