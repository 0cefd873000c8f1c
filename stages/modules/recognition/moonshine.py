"""Moonshine models in ONNX form: a text for the samples themselves, without times.

The layout is that of https://huggingface.co/onnx-community/moonshine-tiny-ONNX, or that of the package moonshine-voice,
whose files have the same names, are for ONNX Runtime alone (``.ort``), and have their vocabulary in ``tokenizer.bin``.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
import onnxruntime

from recognition.recognised_text import WITHOUT_TIMES, RecognisedText
from recognition.waveform import SAMPLE_RATE

ENGINE = f"moonshine on onnxruntime {onnxruntime.__version__}"
START, END = 1, 2  # tokens
# At most; without a limit, noise may give words for ever. The models' makers take half of it for English, and somebody
# who speaks fast would lose the end of a window.
TOKENS_PER_SECOND = 13
SHORTEST = 0.1  # seconds; the model's own filters need as much
BYTE = re.compile(rb"<0x([0-9A-F]{2})>")  # in a vocabulary, a token for one byte
SPECIAL = re.compile(rb"<.+>")
SPACE = "\u2581".encode()
STATE = "past_key_values."


class MoonshineModel:
    """A loaded model. See ``recognised_text.SpeechModel``."""

    engine = ENGINE
    has_times = False
    needs_language = False
    limits = WITHOUT_TIMES

    def __init__(self, encoder: Path, decoder: Path, vocabulary: Path, session: dict[str, Any]) -> None:
        """``session``: options for ONNX Runtime. Raises its errors, and ``ValueError`` for another vocabulary."""
        self._encoder = onnxruntime.InferenceSession(encoder, **session)
        self._decoder = onnxruntime.InferenceSession(decoder, **session)
        self._pieces = pieces_of(vocabulary)
        self._masked = {each.name for part in (self._encoder, self._decoder) for each in part.get_inputs()}

    def providers(self) -> list[str]:
        """What ONNX Runtime computes with, the first where it can."""
        return list(self._encoder.get_providers())

    def recognise(self, audios: Sequence[Any], language: str | None) -> list[RecognisedText]:  # noqa: ARG002  # it has one
        return [self._recognised(audio) for audio in audios]

    def _recognised(self, audio: Any) -> RecognisedText:
        if len(audio) < SHORTEST * SAMPLE_RATE:
            return RecognisedText("", 0.0)
        tokens, likely = [], []
        for token, log_probability in self._tokens(audio):
            tokens.append(token)
            likely.append(log_probability)
        text = b"".join(self._pieces[token] for token in tokens).decode("utf-8", errors="replace").strip()
        mean = sum(likely) / len(likely) if likely else 0.0
        return RecognisedText(text, math.exp(mean), mean)

    def _tokens(self, audio: Any) -> Iterator[tuple[int, float]]:
        """The likeliest tokens one after the other, each with its log probability, without the last one."""
        mask = numpy.ones((1, len(audio)), dtype=numpy.int64)
        inputs = {"input_values": audio[None]} | self._if_masked("attention_mask", mask)
        given = {"encoder_hidden_states": self._encoder.run(None, inputs)[0]}
        given |= self._if_masked("encoder_attention_mask", mask)
        states, token = self._first_states(), START
        for count in range(max(int(len(audio) / SAMPLE_RATE * TOKENS_PER_SECOND), 1)):
            step = {
                "input_ids": numpy.array([[token]], dtype=numpy.int64),
                "use_cache_branch": numpy.array([count > 0]),
            }
            logits, *made = self._decoder.run(None, {**step, **given, **states})
            # What was made of the sound is made in the first step alone.
            kept = zip(states, made, strict=True)
            states |= {name: state for name, state in kept if count == 0 or ".decoder." in name}
            scores = logits[0, -1].astype(numpy.float64)
            token = int(scores.argmax())
            if token == END:
                return
            yield token, float(scores[token] - scores.max() - math.log(numpy.exp(scores - scores.max()).sum()))

    def _first_states(self) -> dict[str, Any]:
        shapes = [(each.name, each.shape) for each in self._decoder.get_inputs() if each.name.startswith(STATE)]
        return {name: numpy.zeros((0, heads, 1, width), dtype=numpy.float32) for name, (_, heads, _, width) in shapes}

    def _if_masked(self, name: str, mask: Any) -> dict[str, Any]:
        return {name: mask} if name in self._masked else {}


def pieces_of(vocabulary: Path) -> list[bytes]:
    """The bytes of each token, from ``tokenizer.json`` or ``tokenizer.bin``; none for a token that is no text.

    Raises ``ValueError`` for a file of another form.
    """
    data = vocabulary.read_bytes()
    found = list(_of_binary(data)) if vocabulary.suffix == ".bin" else _of_json(data)
    return [_plain(piece) for piece in found]


def _of_json(data: bytes) -> list[bytes]:
    try:
        content = json.loads(data)
        tokens = content["model"]["vocab"] | {each["content"]: each["id"] for each in content["added_tokens"]}
        pieces = [b""] * (max(tokens.values()) + 1)
        for text, token in tokens.items():
            pieces[token] = text.encode()
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its tokenizer.json has no vocabulary of the known form: {error}") from error
    return [bytes([int(byte[1], 16)]) if (byte := BYTE.fullmatch(piece)) else piece for piece in pieces]


def _of_binary(data: bytes) -> Iterator[bytes]:
    """Before each token stands its length, in one byte or, from 128 on, in two."""
    place = 0
    while place < len(data):
        length, place = data[place], place + 1
        if length >= 128 and place < len(data):
            length, place = length - 128 + 128 * data[place], place + 1
        if place + length > len(data):
            raise ValueError("its tokenizer.bin is cut off")
        yield data[place : place + length]
        place += length


def _plain(piece: bytes) -> bytes:
    return b"" if SPECIAL.fullmatch(piece) else piece.replace(SPACE, b" ")
