"""Files of models that are whole, and that broke off."""

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest

from pipeline.models.integrity import problem


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def ctranslate2(version: int = 6, kind: str = "WhisperSpec") -> bytes:
    head = struct.pack("<I", version) + text(kind) + struct.pack("<II", 3, 2)
    weight = text("encoder/weight") + struct.pack("<BIIBI", 2, 2, 3, 0, 24) + bytes(24)
    number = text("version") + struct.pack("<BBI", 0, 1, 1) + b"\1"
    return head + weight + number + struct.pack("<I", 1) + text("decoder/weight") + text("encoder/weight")


def safetensors() -> bytes:
    about = {"__metadata__": {"format": "pt"}, "weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    header = json.dumps(about).encode()
    return struct.pack("<Q", len(header)) + header + bytes(16)


def pytorch() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("data.pkl", bytes(100))
    return written.getvalue()


def onnx() -> bytes:
    """Versions of the format and of the maker, a graph with a name, and a version of the operators."""
    graph, operators = b"\x12\x04name", b"\x10\x11"
    return b"\x08\x08\x12\x03me.\x3a\x06" + graph + b"\x42\x02" + operators


WHOLE = [
    ("model.onnx", onnx()),
    ("model.bin", ctranslate2()),
    ("model.safetensors", safetensors()),
    ("pytorch_model.bin", pytorch()),
]


@pytest.mark.parametrize(("name", "content"), WHOLE)
def test_what_is_whole_has_no_problem_and_any_part_of_it_is_cut_off(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert problem(file) is None
    for length in range(5, len(content)):
        file.write_bytes(content[:length])
        assert problem(file) is not None, length


def tensors(offsets: str) -> bytes:
    header = f'{{"a": {{"data_offsets": {offsets}}}}}'.encode()
    return struct.pack("<Q", len(header)) + header


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("model.bin", b"", "is empty"),
        ("model.onnx", b"version https://git-lfs.github.com/spec/v1", "isn't in the format ONNX"),
        ("config.json", b"{", "isn't JSON, and may be cut off"),
        ("config.json", b"\xff", "isn't JSON"),
        ("model.safetensors", struct.pack("<Q", 2) + b"[]", "isn't in the format safetensors"),
        ("model.safetensors", tensors('[0, "x"]'), "isn't in the format safetensors"),
        ("model.safetensors", tensors("[0, Infinity]"), "isn't in the format safetensors"),
        ("model.safetensors", bytes([255] * 20), "isn't in the format safetensors"),
    ],
)
def test_what_is_something_else_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert (problem(tmp_path / name) or "").startswith(told)


@pytest.mark.parametrize(
    ("name", "content"),
    [("model.bin", b"weights of another kind"), ("model.bin", ctranslate2(99)), ("spiece.model", b""), ("a.bin", b"x")],
)
def test_what_is_not_known_here_is_left_to_the_stage(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert problem(tmp_path / name) is None


def test_models_that_a_library_wrote_are_whole(tmp_path: Path) -> None:
    written = list((Path(__file__).parents[1] / "stages" / "tiny_onnx").rglob("*.onnx"))
    assert len(written) == 4
    for file in written:
        assert problem(file) is None
        (tmp_path / "part.onnx").write_bytes(file.read_bytes()[:-10])
        assert problem(tmp_path / "part.onnx") is not None
