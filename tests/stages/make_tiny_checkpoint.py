"""Makes a tiny checkpoint with random weights and a tokenizer of its own: ``… nllb|m2m100|indictrans FOLDER``.

Run by an interpreter that has transformers, torch and sentencepiece. What it translates is noise, by the real code.
"""

import json
import shutil
import sys
from pathlib import Path

import sentencepiece
import torch
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    M2M100Tokenizer,
    NllbTokenizer,
    NllbTokenizerFast,
    PreTrainedTokenizerBase,
)

CORPUS = """It was the best of times, it was the worst of times, it was the age of wisdom.
era el mejor de los tiempos, era el peor de los tiempos, la edad de la sabiduría
यह सबसे अच्छा समय था, यह सबसे बुरा समय था, यह ज्ञान का युग था।
The quick brown fox jumps over the lazy dog; 0123456789 #Zq <ID> (a) [b] "c" 'd' - e: f? g!
"""


def main(kind: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    corpus = folder / "corpus.txt"
    corpus.write_text(CORPUS * 8, encoding="utf-8")
    # The trainer takes its output's name up to the last stop.
    options = {"vocab_size": 220, "hard_vocab_limit": False, "character_coverage": 1.0, "model_type": "bpe"}
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "sentencepiece.bpe"), minloglevel=2, **options
    )
    for left in (corpus, folder / "sentencepiece.bpe.vocab"):
        left.unlink()
    if kind == "indictrans":
        _indictrans(folder)
        return
    tokenizer = {"nllb": _nllb, "m2m100": _m2m100}[kind](folder)
    tokenizer.save_pretrained(folder)
    _model(tokenizer).save_pretrained(folder)


def _nllb(folder: Path) -> PreTrainedTokenizerBase:
    NllbTokenizer(str(folder / "sentencepiece.bpe.model")).save_pretrained(folder)
    return NllbTokenizerFast.from_pretrained(folder)


def _m2m100(folder: Path) -> PreTrainedTokenizerBase:
    model = folder / "sentencepiece.bpe.model"
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
    listed = ["<s>", "<pad>", "</s>", "<unk>", *(pieces.id_to_piece(index) for index in range(3, len(pieces)))]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({piece: index for index, piece in enumerate(listed)}), encoding="utf-8")
    return M2M100Tokenizer(str(vocabulary), str(model))


def _indictrans(folder: Path) -> None:
    """With classes of its own beside the weights; in the target's vocabulary, all tokens are shifted by one."""
    model = folder / "sentencepiece.bpe.model"
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model))
    for name in ("model.SRC", "model.TGT"):
        (folder / name).write_bytes(model.read_bytes())
    model.unlink()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    listed = [*(pieces.id_to_piece(index) for index in range(3, len(pieces))), "eng_Latn", "hin_Deva"]
    for name, tokens in (("SRC", listed), ("TGT", [*listed[1:], listed[0]])):
        vocabulary = {token: index for index, token in enumerate([*special, *tokens])}
        (folder / f"dict.{name}.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    for file in (Path(__file__).parent / "tiny_indictrans").glob("*.py"):
        shutil.copy(file, folder)
    torch.manual_seed(1)
    small = _small(len(listed) + len(special))
    M2M100ForConditionalGeneration(M2M100Config(**small)).save_pretrained(folder)
    names = {"AutoConfig": "IndicTransConfig", "AutoModelForSeq2SeqLM": "IndicTransForConditionalGeneration"}
    maps = {auto: f"modeling_indictrans.{name}" for auto, name in names.items()}
    _add(folder / "config.json", {"model_type": "IndicTrans", "auto_map": maps})
    tokenizer = {"AutoTokenizer": ["tokenization_indictrans.IndicTransTokenizer", None]}
    _add(folder / "tokenizer_config.json", {"tokenizer_class": "IndicTransTokenizer", "auto_map": tokenizer})


def _add(file: Path, entries: dict[str, object]) -> None:
    known = json.loads(file.read_bytes()) if file.exists() else {}
    file.write_text(json.dumps(known | entries), encoding="utf-8")


def _model(tokenizer: PreTrainedTokenizerBase) -> M2M100ForConditionalGeneration:
    torch.manual_seed(1)
    languages = getattr(tokenizer, "lang_token_to_id", {})  # M2M100's stand after all others
    small = _small(max(len(tokenizer), *languages.values(), 0) + 8)
    return M2M100ForConditionalGeneration(M2M100Config(**small))


def _small(vocabulary: int) -> dict[str, int]:
    small = {"vocab_size": vocabulary, "d_model": 16}
    for part in ("encoder", "decoder"):
        small |= {f"{part}_layers": 1, f"{part}_attention_heads": 2, f"{part}_ffn_dim": 32}
    return small


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
