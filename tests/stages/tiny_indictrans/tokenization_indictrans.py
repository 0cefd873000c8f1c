"""Stands in for IndicTrans2's tokenizer: the languages stand in the text, and there are two vocabularies."""

import json
from pathlib import Path
from typing import Any

from sentencepiece import SentencePieceProcessor
from transformers import PreTrainedTokenizer


class IndicTransTokenizer(PreTrainedTokenizer):  # type: ignore[misc]  # its class is found where it runs
    vocab_files_names = {  # noqa: RUF012  # as the library wants it
        "src_vocab_fp": "dict.SRC.json",
        "tgt_vocab_fp": "dict.TGT.json",
        "src_spm_fp": "model.SRC",
        "tgt_spm_fp": "model.TGT",
    }
    model_input_names = ["input_ids", "attention_mask"]  # noqa: RUF012

    def __init__(self, src_vocab_fp: str, tgt_vocab_fp: str, src_spm_fp: str, tgt_spm_fp: str, **options: Any) -> None:
        self.tgt_spm_fp = tgt_spm_fp
        self._vocabularies = [json.loads(Path(path).read_bytes()) for path in (src_vocab_fp, tgt_vocab_fp)]
        self._pieces = SentencePieceProcessor(model_file=src_spm_fp)
        self._switch_to_input_mode()
        special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
        super().__init__(**{**options, **special})

    def _switch_to_input_mode(self) -> None:
        self.encoder = self._vocabularies[0]
        self.decoder = {index: token for token, index in self.encoder.items()}

    def _switch_to_target_mode(self) -> None:
        self.encoder = self._vocabularies[1]
        self.decoder = {index: token for token, index in self.encoder.items()}

    @property
    def vocab_size(self) -> int:
        return len(self.encoder)

    def get_vocab(self) -> dict[str, int]:
        return dict(self.encoder)

    def _tokenize(self, text: str) -> list[str]:
        source, target, words = text.split(" ", 2)
        assert source.count("_") == target.count("_") == 1
        return [source, target, *self._pieces.encode_as_pieces(words)]

    def _convert_token_to_id(self, token: str) -> int:
        return int(self.encoder.get(token, self.encoder["<unk>"]))

    def _convert_id_to_token(self, index: int) -> str:
        return str(self.decoder.get(index, "<unk>"))

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        return "".join(tokens).replace("\u2581", " ").strip()

    def build_inputs_with_special_tokens(self, ids: list[int], _: Any = None) -> list[int]:
        return [*ids, self.encoder["</s>"]]
