"""Writes tiny models in the form that onnx-asr takes: one as Parakeet's, with times, and one as Canary's, without.

``PYTHON make_tiny_onnx.py FOLDER``, with a Python that has the package ``onnx``; its files stand in ``tiny_onnx``.
Nothing in them was trained. Parakeet's says its words one after the other, wherever the sound is louder than the
average. Canary's says three words of the language that it is told.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INTEGER, SMALL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32
SYLLABLES = [f"▁{first}{vowel}{last}" for last in ("", "n") for first in "bcdfghjklmnprstvz" for vowel in "aeiou"]
PARAKEET = ["▁It", "▁was", "▁the", "▁be", "st", "▁of", "▁times", ".", *SYLLABLES, "<blk>"]
DURATIONS = 5
SPECIAL = ["startofcontext", "startoftranscript", "emo:undefined", "pnc", "noitn", "notimestamp", "nodiarize"]
CANARY = ["▁", *(f"<|{name}|>" for name in SPECIAL), "<|endoftext|>", "<|en|>", "<|de|>"]
WORDS = {"en": ["▁the", "▁best", "▁times"], "de": ["▁die", "▁beste", "▁Zeit"]}
PROMPT = 10  # tokens before the text


class Graph:
    """Nodes and constants of one model. A node's name is that of what it gives."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: object, kind: type) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(numpy.array(value, dtype=kind), name))
        return name

    def add(self, operation: str, *inputs: str, name: str = "", **attributes: object) -> str:
        name = name or f"node{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def save(self, file: Path, *forms: dict[str, tuple[Any, Any]]) -> None:
        """``forms``: type and shape of each input, and of each output."""
        described = [[helper.make_tensor_value_info(name, *form) for name, form in each.items()] for each in forms]
        graph = helper.make_graph(self.nodes, file.stem, *described, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, file)


def save_encoder(file: Path, is_canary: bool) -> None:
    """The mean of all features, one for each eighth frame."""
    graph = Graph()
    mean = graph.add("ReduceMean", "audio_signal", axes=[1], keepdims=1)
    pooled = graph.add("AveragePool", mean, kernel_shape=[8], strides=[8], ceil_mode=1)
    inputs = {"audio_signal": (FLOAT, ["B", 80, "T"]), "length": (INTEGER, ["B"])}
    if is_canary:
        graph.add("Transpose", pooled, perm=[0, 2, 1], name="encoder_embeddings")
        flat = graph.add("Squeeze", pooled, graph.constant([1], numpy.int64))
        zeros = graph.add("Mul", graph.add("Cast", flat, to=INTEGER), graph.constant(0, numpy.int64))
        graph.add("Add", zeros, graph.constant(1, numpy.int64), name="encoder_mask")
        outputs = {"encoder_embeddings": (FLOAT, ["B", "S", 1]), "encoder_mask": (INTEGER, ["B", "S"])}
    else:
        graph.add("Identity", pooled, name="outputs")
        more = graph.add("Add", "length", graph.constant(7, numpy.int64))
        graph.add("Div", more, graph.constant(8, numpy.int64), name="encoded_lengths")
        outputs = {"outputs": (FLOAT, ["B", 1, "S"]), "encoded_lengths": (INTEGER, ["B"])}
    graph.save(file, inputs, outputs)


def save_joint(file: Path) -> None:
    """The next word where it is loud, for four frames; else nothing, for one. The state counts the words."""
    graph, blank = Graph(), len(PARAKEET) - 1
    loud = graph.add("Cast", graph.add("Greater", "encoder_outputs", graph.constant(0, numpy.float32)), to=FLOAT)
    silent = graph.add("Sub", graph.constant(1, numpy.float32), loud)
    far = graph.add("Abs", graph.add("Sub", graph.constant([[list(range(blank))]], numpy.float32), "input_states_1"))
    words = graph.add("Mul", far, graph.constant(-2, numpy.float32))
    words = graph.add("Sub", words, graph.add("Mul", silent, graph.constant(2000, numpy.float32)))
    nothing = graph.constant([[[-1000]]], numpy.float32)
    steps = graph.add("Add", graph.constant(1, numpy.float32), graph.add("Mul", loud, graph.constant(3, numpy.float32)))
    off = graph.add("Abs", graph.add("Sub", graph.constant([[list(range(DURATIONS))]], numpy.float32), steps))
    durations = graph.add("Neg", off)
    graph.add("Concat", words, nothing, durations, axis=2, name="outputs")
    following = graph.add("Add", "input_states_1", graph.constant(1, numpy.float32))
    graph.add("Mod", following, graph.constant(blank, numpy.float32), fmod=1, name="output_states_1")
    graph.add("Identity", "input_states_2", name="output_states_2")
    state = (FLOAT, [1, "B", 1])
    inputs = {
        "encoder_outputs": (FLOAT, ["B", 1, "T"]),
        "targets": (SMALL, ["B", "U"]),
        "target_length": (SMALL, ["B"]),
    }
    inputs |= {"input_states_1": state, "input_states_2": state}
    outputs = {"outputs": (FLOAT, ["B", "T", "V"]), "output_states_1": state, "output_states_2": state}
    graph.save(file, inputs, outputs)


def save_decoder(file: Path, first_word: int) -> None:
    """The words of the language in the prompt, then the end. The memory holds all tokens so far."""
    graph = Graph()
    tokens = graph.add("Unsqueeze", graph.add("Cast", "input_ids", to=FLOAT), graph.constant([0, 3], numpy.int64))
    graph.add("Concat", "decoder_mems", tokens, axis=2, name="decoder_hidden_states")
    one = graph.constant([2], numpy.int64)
    place = [graph.constant([each], numpy.int64) for each in (4, 5)]
    language = graph.add("Slice", "decoder_hidden_states", *place, one)
    count = graph.add("Sub", graph.add("Size", "decoder_hidden_states"), graph.constant(PROMPT, numpy.int64))
    said = graph.add("Cast", count, to=FLOAT)
    each = len(WORDS["en"])
    number = graph.add("Sub", language, graph.constant(CANARY.index("<|en|>"), numpy.float32))
    word = graph.add("Mul", number, graph.constant(each, numpy.float32))
    word = graph.add("Add", graph.add("Add", word, said), graph.constant(first_word, numpy.float32))
    is_over = graph.add("GreaterOrEqual", said, graph.constant(each, numpy.float32))
    chosen = graph.add("Where", is_over, graph.constant(CANARY.index("<|endoftext|>"), numpy.float32), word)
    all_tokens = graph.constant([[[list(range(first_word + 2 * each))]]], numpy.float32)
    scores = graph.add("Neg", graph.add("Abs", graph.add("Sub", all_tokens, chosen)))
    graph.add("Squeeze", scores, graph.constant([0], numpy.int64), name="logits")
    memory = (FLOAT, [1, "B", "M", 1])
    inputs = {"input_ids": (INTEGER, ["B", "L"]), "encoder_embeddings": (FLOAT, ["B", "S", 1])}
    inputs |= {"encoder_mask": (INTEGER, ["B", "S"]), "decoder_mems": memory}
    graph.save(file, inputs, {"logits": (FLOAT, ["B", "N", "V"]), "decoder_hidden_states": (FLOAT, [1, "B", "O", 1])})


def save_words(folder: Path, kind: str, words: list[str]) -> None:
    lines = [f"{word} {number}\n" for number, word in enumerate(words)]
    (folder / "vocab.txt").write_text("".join(lines), encoding="utf-8")
    config = {"model_type": kind, "features_size": 80, "subsampling_factor": 8}
    (folder / "config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    parakeet, canary = folder / "parakeet", folder / "canary"
    for each in (parakeet, canary):
        each.mkdir(parents=True, exist_ok=True)
    save_encoder(parakeet / "encoder-model.int8.onnx", is_canary=False)
    save_joint(parakeet / "decoder_joint-model.int8.onnx")
    save_words(parakeet, "nemo-conformer-tdt", PARAKEET)
    save_encoder(canary / "encoder-model.int8.onnx", is_canary=True)
    save_decoder(canary / "decoder-model.int8.onnx", len(CANARY))
    save_words(canary, "nemo-conformer-aed", [*CANARY, *WORDS["en"], *WORDS["de"]])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
