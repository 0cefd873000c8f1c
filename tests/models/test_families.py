"""A model's own files say of which family it is."""

import json
import struct

import pytest

from pipeline.models.families import contradiction, family


def weights(kind: str) -> bytes:
    return struct.pack("<IH", 6, len(kind) + 1) + kind.encode() + b"\0" + bytes(50)


def configuration(kind: str) -> bytes:
    return json.dumps({"model_type": kind}).encode()


@pytest.mark.parametrize(
    ("files", "tasks"),
    [
        ({"model.bin": weights("WhisperSpec"), "config.json": b"{}"}, ("recognition",)),
        ({"model.bin": weights("TransformerSpec")}, ("translation",)),
        ({"config.json": configuration("m2m_100")}, ("translation",)),
        ({"config.json": configuration("nemo-conformer-tdt")}, ("recognition",)),
        ({"config.json": configuration("wav2vec2")}, ("alignment", "recognition")),
        ({"config.yaml": b"pipeline:\n  name: pyannote.audio.pipelines.SpeakerDiarization\n"}, ("diarization",)),
    ],
)
def test_a_family_is_known_by_its_files(files: dict[str, bytes], tasks: tuple[str, ...]) -> None:
    found = family(files)
    assert found is not None
    assert found.tasks == tasks


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"model.bin": b""},
        {"model.bin": bytes(100)},
        {"model.bin": weights("LaterSpec")},
        {"config.json": b"["},
        {"config.json": b"[]"},
        {"config.json": b'{"model_type": 3}'},
    ],
)
def test_what_says_nothing_is_no_family(files: dict[str, bytes]) -> None:
    assert family(files) is None
    assert contradiction(files, "recognition") is None


def test_a_translation_model_is_none_for_recognition() -> None:
    files = {"model.bin": weights("TransformerSpec")}
    assert contradiction(files, "recognition") is not None
    assert contradiction(files, "translation") is None
    assert contradiction(files, "") is None
