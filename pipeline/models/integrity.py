"""Whether the files of a model are complete, as far as their formats show it without the libraries that load them.

Without this check, a copy that broke off fails only when a stage loads the model. A file in another format, or in a
newer version of one, counts as complete.
"""

import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

CUT_OFF = "is cut off"
CTRANSLATE2_VERSIONS = range(4, 7)
ZIP = b"PK\x03\x04"
VARINT, WITH_LENGTH = 0, 2  # forms of a field in a protocol buffer
GRAPH, OPERATOR_VERSIONS = 7, 8  # fields of a model in ONNX form
LARGEST_HEADER = 100_000_000  # bytes; what safetensors itself allows


class _TruncatedFile(Exception):
    """The file is shorter than its header says."""


def problem(file: Path) -> str | None:
    """What is wrong with a file, to be read after its name; ``None`` where nothing is. Raises ``OSError``."""
    check = CHECKS.get(file.suffix.lower())
    if check is None:
        return None
    with file.open("rb") as opened:
        size = os.fstat(opened.fileno()).st_size
        try:
            return "is empty" if not size else check(opened, size)
        except _TruncatedFile:
            return CUT_OFF


def _json(file: BinaryIO, _size: int) -> str | None:
    try:
        json.loads(file.read())
    except ValueError as error:  # also for bytes that aren't UTF-8
        return f"isn't JSON, and may be cut off: {error}"
    return None


def _safetensors(file: BinaryIO, size: int) -> str | None:
    """A length, a header in JSON that says where each tensor ends, the tensors.

    https://huggingface.co/docs/safetensors
    """
    (length,) = _unpacked(file, "<Q")
    if length > LARGEST_HEADER:
        return "isn't in the format safetensors"
    try:
        header = json.loads(_read(file, length))
        ends = [int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__"]
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
        return "isn't in the format safetensors"
    return CUT_OFF if size < 8 + length + max(ends, default=0) else None


def _binary(file: BinaryIO, size: int) -> str | None:
    """``.bin``: CTranslate2's weights, or PyTorch's, which are a ZIP archive with its directory at the end."""
    head = file.read(len(ZIP))
    if head == ZIP:
        return None if zipfile.is_zipfile(file) else CUT_OFF
    if len(head) == len(ZIP) and struct.unpack("<I", head)[0] in CTRANSLATE2_VERSIONS:
        _pass_ctranslate2(file, size)
    return None


def _pass_ctranslate2(file: BinaryIO, size: int) -> None:
    """A name, a revision, each variable (name, shape, type, number of bytes, the bytes), then pairs of aliases.

    https://github.com/OpenNMT/CTranslate2/blob/master/python/ctranslate2/specs/model_spec.py
    """
    _pass_text(file)
    _, variables = _unpacked(file, "<II")
    for _ in range(variables):
        _pass_text(file)
        (rank,) = _unpacked(file, "<B")
        *_, length = _unpacked(file, f"<{rank}IBI")
        if file.seek(length, os.SEEK_CUR) > size:
            raise _TruncatedFile
    (aliases,) = _unpacked(file, "<I")
    for _ in range(2 * aliases):
        _pass_text(file)


def _onnx(file: BinaryIO, size: int) -> str | None:
    """Fields of a protocol buffer, of which a model has at least its graph and the versions of its operators.

    https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
    """
    found = set()
    while file.tell() < size:
        field, form = divmod(_varint(file), 8)
        if form not in (VARINT, WITH_LENGTH):
            return "isn't in the format ONNX"
        value = _varint(file)
        if form == WITH_LENGTH and value > size - file.tell():
            raise _TruncatedFile
        file.seek(value if form == WITH_LENGTH else 0, os.SEEK_CUR)
        found.add(field)
    return None if {GRAPH, OPERATOR_VERSIONS} <= found else CUT_OFF


def _varint(file: BinaryIO) -> int:
    """A number in the form of a protocol buffer: seven bits in each byte, the lowest first."""
    value = 0
    for shift in range(0, 70, 7):
        (byte,) = _read(file, 1)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value & 0xFFFF_FFFF_FFFF_FFFF


def _pass_text(file: BinaryIO) -> None:
    (length,) = _unpacked(file, "<H")
    _read(file, length)


def _unpacked(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, _read(file, struct.calcsize(form)))


def _read(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise _TruncatedFile
    return data


CHECKS: dict[str, Callable[[BinaryIO, int], str | None]] = {
    ".json": _json,
    ".safetensors": _safetensors,
    ".bin": _binary,
    ".onnx": _onnx,
}
