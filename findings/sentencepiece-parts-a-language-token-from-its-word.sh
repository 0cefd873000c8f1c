#!/usr/bin/env bash
# A token that stands at the head of a text isn't a piece that can be put before the pieces of the text.
#
# MADLAD-400 is told its target language by a token such as <2es> at the beginning of the text. SentencePiece gives it a
# piece of its own, and before it the piece that begins a word: "<2es> it" is [▁, <2es>, ▁it]. Who encodes the text alone and
# puts <2es> before its pieces leaves out the first piece. The model then gets what it was never trained on, and translates
# worse, without an error. And the end of a source (</s>) is added by nobody: neither by SentencePiece nor by CTranslate2,
# unless the model's config.json says add_source_eos.
#
# Seen with Python 3.11, sentencepiece 0.2.3. Exit code 0: as described; 1: something has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "sentencepiece==0.2.3"
cat >"$folder/example.py" <<'END'
import io

import sentencepiece

written = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(["it was the best of times"] * 50), model_writer=written, model_type="char",
    vocab_size=40, hard_vocab_limit=False, user_defined_symbols=["<2es>"], minloglevel=2,
)
pieces = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
in_text = pieces.encode("<2es> it", out_type=str)
before = ["<2es>", *pieces.encode("it", out_type=str)]
print("in the text:", in_text)
print("before its pieces:", before)
assert in_text == ["▁", *before]
assert "</s>" not in in_text
END
"$folder/venv/bin/python" "$folder/example.py"
