"""Whether loading a model's file runs code that came with it. The content decides; a suffix alone says little.

Pickles are little programs: whoever loads one does what its author wrote. PyTorch's checkpoints, NeMo's archives,
joblib's dumps and arrays of Python objects are pickles, or archives with pickles in them; CTranslate2's ``model.bin``,
safetensors, ONNX and GGUF aren't. https://docs.python.org/3/library/pickle.html
"""

import bz2
import io
import json
import lzma
import pickletools
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO

BEGINNING = 4096  # bytes of a file that show what it is
ZIP = b"PK\x03\x04"
ARRAY = b"\x93NUMPY"
TAR = (257, b"ustar")  # where an archive of tar says so
PICKLED = {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt"}  # what loads files of these names takes pickles
PICKLE_NAME = re.compile(rb"[A-Za-z0-9_./-]{0,200}\.(?:pkl|pickle|pth|ckpt|pt)\b")
OBJECTS = re.compile(rb"'\|?O'")  # in the header of an array: its elements are Python objects
PROTOCOLS = range(2, 6)  # whose pickles begin with their number
ENOUGH = 3  # operations of a pickle one after another; no other content has them by chance
MUCH = 1 << 20  # bytes that are read of a file that is here
COMPRESSED = (b"\x78", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x5d\x00\x00")
CALLS = {"INST", "OBJ", "REDUCE", "NEWOBJ", "NEWOBJ_EX", "BUILD"}


def reason(file: Path, name: str) -> str | None:
    """What in a file runs code when it is loaded, to be read after its name; ``None`` where nothing does.

    ``name`` is its path in the model. Raises ``OSError``.
    """
    with file.open("rb") as opened:
        if name.endswith(".json"):
            return _own_code(opened.read(MUCH))
        beginning = opened.read(MUCH)
        if beginning.startswith(ZIP):
            return _in_zip(opened) or _at_beginning(beginning, name)
    if _is_archive(beginning):
        return _in_tar(file) or _at_beginning(beginning, name)
    return _at_beginning(beginning, name)


def reason_at_beginning(beginning: bytes, name: str) -> str | None:
    """As ``reason``, as far as the first ``BEGINNING`` bytes show it; of JSON, all of it."""
    return _own_code(beginning) if name.endswith(".json") else _at_beginning(beginning, name)


def _at_beginning(beginning: bytes, name: str) -> str | None:
    if beginning.startswith(ZIP) or _is_archive(beginning):
        found = PICKLE_NAME.search(_unpacked(beginning) or beginning)
        return _holds(found.group().decode()) if found else None
    if beginning.startswith(ARRAY):
        return "is an array of Python objects, which is a pickle" if OBJECTS.search(beginning) else None
    if _is_pickle(beginning) or _is_pickle(_unpacked(beginning)):
        return "is a pickle"
    known = beginning.startswith((b"GGUF", b"\x89HDF")) or _is_safetensors(beginning)
    if PurePosixPath(name).suffix.lower() in PICKLED and beginning and not known:
        return "has the name of a pickle, and is in no format without code"
    return None


def _holds(member: str) -> str:
    return f"holds a pickle, {member}"


def _is_safetensors(beginning: bytes) -> bool:
    """Its header of JSON after a length of eight bytes."""
    return beginning[8:9] == b"{"


def _is_pickle(beginning: bytes) -> bool:
    if len(beginning) < ENOUGH:
        return False
    if beginning[0] == 0x80:  # the operation that gives the protocol
        return beginning[1] in PROTOCOLS and len(list(islice(_operations(beginning), ENOUGH))) == ENOUGH
    return _is_old_pickle(beginning)


def _is_old_pickle(beginning: bytes) -> bool:
    """Of protocol 0 or 1, which begins with nothing of its own: a whole one that calls something. Text isn't that."""
    names = list(_operations(beginning))
    return names[-1:] == ["STOP"] and not CALLS.isdisjoint(names) and _is_sound(beginning)


def _is_sound(pickle: bytes) -> bool:
    """Whether its operations fit each other."""
    try:
        pickletools.dis(pickle, io.StringIO())
    except (ValueError, IndexError, KeyError):
        return False
    return True


def _operations(pickle: bytes) -> Iterator[str]:
    """The names of its operations, as far as there are any one after another."""
    try:
        for operation, _, _ in pickletools.genops(pickle):
            yield operation.name
    except (ValueError, IndexError, OverflowError):  # another content, or the end of what we have
        return


def _unpacked(beginning: bytes) -> bytes:
    """The beginning of what is compressed, as joblib's dumps may be; empty where nothing is."""
    if not beginning.startswith(COMPRESSED):
        return b""
    for unpacker in (zlib.decompressobj(wbits=47), bz2.BZ2Decompressor(), lzma.LZMADecompressor()):
        try:
            return unpacker.decompress(beginning, BEGINNING)
        except (zlib.error, OSError, lzma.LZMAError, EOFError):
            continue
    return b""


def _in_zip(file: BinaryIO) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            return next(filter(None, (_of_member(archive, each) for each in archive.infolist())), None)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError, zlib.error):
        return None  # damaged, or closed with a password: its first names say what they can


def _of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str | None:
    if PICKLE_NAME.fullmatch(member.filename.encode("utf-8", "replace")):
        return _holds(member.filename)
    with archive.open(member) as opened:
        beginning = opened.read(BEGINNING)
    is_code = not beginning.startswith(ZIP) and _at_beginning(beginning, "")
    return _holds(member.filename) if is_code else None


def _is_archive(beginning: bytes) -> bool:
    place, mark = TAR
    unpacked = _unpacked(beginning) or beginning
    return unpacked[place : place + len(mark)] == mark


def _in_tar(file: Path) -> str | None:
    try:
        with tarfile.open(file) as archive:
            for member in archive:
                opened = archive.extractfile(member) if member.isfile() else None
                beginning = opened.read(BEGINNING) if opened else b""
                if beginning and _at_beginning(beginning, member.name):
                    return _holds(member.name)
    except (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError):
        return None
    return None


def _own_code(content: bytes) -> str | None:
    """transformers imports the modules that ``auto_map`` names: ``{"AutoModel": "modeling_x.Model"}``."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    named = told.get("auto_map") if isinstance(told, dict) else None
    return "names code of its own in 'auto_map'" if named else None
