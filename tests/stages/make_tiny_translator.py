"""Makes a tiny translation model in CTranslate2's form, weights set by hand: ``nllb|madlad FOLDER [loop|empty]``.

Run by an interpreter that has ctranslate2, sentencepiece and numpy. It knows a few words: each piece of the source
becomes its partner in a dictionary, one after the other, as an attention to the same place does it. With ``loop`` it
attends to the first word for ever; with ``empty`` it ends at once.
"""

import sys
from pathlib import Path
from typing import Any

import numpy
import sentencepiece
from ctranslate2.specs import TransformerSpec

DICTIONARY = {
    "it": "lo", "was": "fue", "the": "el", "best": "mejor", "of": "de", "times": "tiempos", "worst": "peor",
    "age": "edad", "late": "tarde", "we": "nosotros", "had": "teníamos", "everything": "todo", "nothing": "nada",
    "before": "ante", "us": "nos", "and": "y", "wisdom": "sabiduría", "foolishness": "locura", "epoch": "época",
    "season": "estación", "light": "luz", "darkness": "tinieblas", "spring": "primavera", "hope": "esperanza",
    "winter": "invierno", "despair": "desesperación",
}  # fmt: skip
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
LANGUAGES = {
    "nllb": ("eng_Latn", "spa_Latn", "fra_Latn", "deu_Latn", "por_Latn"),
    "madlad": ("<2en>", "<2es>", "<2fr>"),
}
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'\"<>-áéíóúñ"
PLACES = 320  # the longest source and translation, in pieces
SHARP = 40.0  # how much an attention prefers its place
LOUD = 10.0  # how much what it found there counts, compared with the piece before


def main(family: str, folder: Path, mood: str) -> None:
    folder.mkdir(parents=True)
    name = {"nllb": "sentencepiece.bpe", "madlad": "spiece"}[family]
    symbols = [f"▁{word}" for word in dict.fromkeys([*DICTIONARY, *DICTIONARY.values()])]
    symbols += LANGUAGES[family] if family == "madlad" else ()
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join([" ".join(LETTERS)] * 9), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / name), model_type="char", user_defined_symbols=symbols,
        vocab_size=len(symbols) + len(LETTERS) + 4, character_coverage=1.0, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    for left in (corpus, folder / f"{name}.vocab"):
        left.unlink()
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{name}.model"))
    known = [pieces.id_to_piece(index) for index in range(len(pieces))]
    lead = len(pieces.encode(f"{LANGUAGES['madlad'][1]} it", out_type=str)) - 1 if family == "madlad" else 0
    write_model(list(dict.fromkeys([*SPECIAL, *known, *LANGUAGES[family]])), folder, lead, mood)


def write_model(tokens: list[str], folder: Path, lead: int, mood: str) -> None:
    """``lead``: how many pieces of the source stand before the first one that is translated, beyond the usual."""
    spec = TransformerSpec.from_config(1, 1, pre_norm=True)
    places, size = slice(len(tokens), len(tokens) + PLACES), -(-(len(tokens) + PLACES) // 64) * 64
    encodings = matrix(PLACES, size)
    encodings[:, places] = numpy.eye(PLACES)
    for part in (spec.encoder, spec.decoder):
        embeddings = part.embeddings[0] if isinstance(part.embeddings, list) else part.embeddings
        embeddings.weight = matrix(len(tokens), size)
        embeddings.weight[:, : len(tokens)] = numpy.eye(len(tokens))
        part.scale_embeddings = False
        part.position_encodings.encodings = encodings
        norm(part.layer_norm, size)
        silent(part.layer[0], size)
    attention = spec.decoder.layer[0].attention
    norm(attention.layer_norm, size)
    query, found = matrix(size, size), matrix(2 * size, size)
    query[places, places] = SHARP * numpy.eye(PLACES, k=-lead)
    found[places, places] = numpy.eye(PLACES)
    found[size : size + len(tokens), : len(tokens)] = numpy.eye(len(tokens))
    fill(attention.linear[0], query if mood != "loop" else 0 * query)
    if mood == "loop":
        attention.linear[0].bias[len(tokens) + lead + 1] = 10 * SHARP
    fill(attention.linear[1], found)
    fill(attention.linear[2], LOUD * numpy.eye(size, dtype="float32"))
    fill(spec.decoder.projection, translations(tokens, size))
    if mood == "empty":
        spec.decoder.projection.bias[tokens.index("</s>")] = 1000.0
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.decoder_start_token = "</s>"
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))


def translations(tokens: list[str], size: int) -> Any:
    """For each piece the one that it becomes: itself where the dictionary hasn't got it."""
    weights = matrix(len(tokens), size)
    for index, token in enumerate(tokens):
        word = f"▁{DICTIONARY.get(token.lstrip('▁'), '')}"
        weights[tokens.index(word) if word in tokens and token.startswith("▁") and len(word) > 1 else index, index] = 1
    return weights


def silent(layer: Any, size: int) -> None:
    """Self-attention and the layer after it, which add nothing."""
    for part in (layer.self_attention, layer.ffn):
        norm(part.layer_norm, size)
    fill(layer.self_attention.linear[0], matrix(3 * size, size))
    fill(layer.self_attention.linear[1], matrix(size, size))
    fill(layer.ffn.linear_0, matrix(size, size))
    fill(layer.ffn.linear_1, matrix(size, size))


def norm(spec: Any, size: int) -> None:
    spec.gamma, spec.beta = numpy.ones(size, dtype="float32"), numpy.zeros(size, dtype="float32")


def fill(linear: Any, weights: Any) -> None:
    linear.weight, linear.bias = weights.astype("float32"), numpy.zeros(len(weights), dtype="float32")


def matrix(rows: int, columns: int) -> Any:
    return numpy.zeros((rows, columns), dtype="float32")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
