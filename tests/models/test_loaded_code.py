"""What runs code when it is loaded is known by its content, in every wrapping in which people publish it."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path
from random import Random

import pytest

from pipeline.models.loaded_code import BEGINNING, reason, reason_at_beginning
from tests.models.test_integrity import ctranslate2, safetensors

STATE = OrderedDict(weight=OrderedDict(bias=[0.5] * 100))
PICKLE = pickle.dumps(STATE, protocol=2)
TEXT = "".join(f"word{number}\n" for number in range(3000)).encode()


def zipped(**members: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return written.getvalue()


def tarred(**members: bytes) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name.replace("_dot_", "."))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return written.getvalue()


def array(kind: str) -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': (1,), }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)


CODE = {
    "model.bin": PICKLE,
    "model.safetensors": PICKLE,  # whatever it is called
    "new.bin": pickle.dumps(STATE, protocol=5),
    "old.bin": pickle.dumps(STATE, protocol=0),
    "older.bin": pickle.dumps(STATE, protocol=1),
    "pytorch_model.bin": zipped(archive__data_dot_pkl=PICKLE, archive__data__0=bytes(50)),
    "unnamed.bin": zipped(some__thing=PICKLE),
    "bz2.bin": bz2.compress(PICKLE + Random(0).randbytes(150_000), 1),  # of blocks of 100 kB
    "zlib.bin": zlib.compress(PICKLE),
    "gzip.bin": gzip.compress(PICKLE),
    "xz.bin": lzma.compress(PICKLE),
    "voice.nemo": tarred(model_config_dot_yaml=b"a: 1\n" * 5000, model_weights_dot_ckpt=PICKLE),
    "packed.nemo": gzip.compress(tarred(model_weights_dot_ckpt=PICKLE)),
    "objects.npy": array("|O"),
    "objects.npz": zipped(a_dot_npy=array("<f4"), b_dot_npy=array("|O")),
    "unknown.pt": b"something",
    "config.json": json.dumps({"auto_map": {"AutoModel": "modeling_evil.Model"}}).encode(),
}
ONLY_WHOLE = {"unnamed.bin", "voice.nemo", "objects.npz", "bz2.bin"}  # their beginning doesn't show it

PLAIN = {
    "model.bin": ctranslate2(),
    "model.safetensors": safetensors(),
    "safe.pt": safetensors(),
    "model.onnx": b"\x08\x08\x12\x07pytorch\x1a\x052.1.0" + bytes(100),
    "model.gguf": b"GGUF" + bytes(100),
    "vocabulary.txt": TEXT,
    "single.txt": b"c",
    "looks.txt": b"cos\nsystem\n.\nIt is a text",
    "numbers.npy": array("<f4"),
    "numbers.npz": zipped(a_dot_npy=array("<f4")),
    "plain.zip": zipped(vocabulary_dot_txt=TEXT),
    "zeros.bin": bytes(5000),
    "number.bin": b"\x80\x04" + bytes([255] * 5000),
    "empty.bin": b"",
    "config.json": b'{"model_type": "whisper"}',
    "broken.json": b"{",
}


@pytest.mark.parametrize("name", CODE)
def test_a_file_that_runs_code_is_known(tmp_path: Path, name: str) -> None:
    content = CODE[name]
    (tmp_path / name).write_bytes(content)
    assert reason(tmp_path / name, name) is not None
    assert (reason_at_beginning(content[:BEGINNING], name) is None) == (name in ONLY_WHOLE)


@pytest.mark.parametrize("name", PLAIN)
def test_a_file_that_runs_no_code_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PLAIN[name])
    assert reason(tmp_path / name, name) is None
    assert reason_at_beginning(PLAIN[name][:BEGINNING], name) is None


@pytest.mark.parametrize("name", CODE)
def test_a_file_that_broke_off_raises_nothing(tmp_path: Path, name: str) -> None:
    for length in range(0, min(len(CODE[name]), 600), 7):
        (tmp_path / name).write_bytes(CODE[name][:length])
        reason(tmp_path / name, name)
