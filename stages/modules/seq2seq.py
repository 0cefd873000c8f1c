"""Sequence-to-sequence checkpoints of the M2M100 family (M2M100, NLLB, IndicTrans2) through transformers.

A checkpoint is a folder as ``save_pretrained`` writes it, or as the hub has it. Nothing is fetched.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import stagekit
import torch
import transformers
from translating import batching

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
TOKENIZERS = {  # by model type: sets of files, one of which must be there
    "m2m_100": (("tokenizer.json",), ("sentencepiece.bpe.model",)),
    "IndicTrans": (("dict.SRC.json", "dict.TGT.json", "model.SRC", "model.TGT"),),
}
TOKENS_PER_BATCH = {"cpu": 2048, "cuda": 8192}  # with padding
TEXTS_PER_BATCH = 64
POSITIONS = 256  # tokens of a text, and of a translation; IndicTrans2 has the fewest positions of all
LENGTH_RATIO = 2.0  # of a translation and its text, in tokens, at most
SHORTEST_ANSWER = 24  # tokens that a translation may have, however short its text


class Checkpoint:
    """A loaded model and its tokenizer."""

    def __init__(self, folder: Path, kinds: Iterable[str]) -> None:
        """``kinds``: model types that the stage runs. Raises ``StageFailed`` for others and for broken files."""
        self.name = folder.name
        self.config = checked_config(folder, kinds)
        self.kind: str = self.config["model_type"]
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        # IndicTrans2 has its classes beside its weights; no code of other checkpoints is run.
        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": self.kind == "IndicTrans"}
        kind = torch.float16 if self.device == "cuda" else torch.float32
        try:
            self.tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), **options)
            model = transformers.AutoModelForSeq2SeqLM.from_pretrained(str(folder), torch_dtype=kind, **options)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, TypeError) as error:
            words = " ".join(str(error).split())[:400]
            raise stagekit.StageFailed(f"model {self.name} can't be loaded: {words}") from error
        self.model = model.to(self.device).eval()


def checked_config(folder: Path, kinds: Iterable[str]) -> dict[str, Any]:
    """A checkpoint's ``config.json``. Raises ``StageFailed`` for a missing file, or a model type not in ``kinds``."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
        kind = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise stagekit.StageFailed(
            f"model {folder.name} has no config.json that says its model_type: {error}"
        ) from None
    if kind not in kinds:
        raise stagekit.StageFailed(
            f"model {folder.name} is of the type '{kind}'; this stage runs {' and '.join(kinds)} checkpoints"
        )
    if missing := [*_missing_weights(folder), *_missing_tokenizer(folder, kind)]:
        raise stagekit.StageFailed(
            f"model {folder.name} is incomplete: {', '.join(missing)} is missing from its folder"
        )
    return dict(config)


def _missing_weights(folder: Path) -> list[str]:
    for name in WEIGHTS:
        index = folder / f"{name}.index.json"
        if index.is_file():
            parts = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
            return [part for part in parts if not (folder / part).is_file()]
        if (folder / name).is_file():
            return []
    return [" or ".join(WEIGHTS)]


def _missing_tokenizer(folder: Path, kind: str) -> list[str]:
    ways = TOKENIZERS[kind]
    if any(all((folder / name).is_file() for name in names) for names in ways):
        return []
    if len(ways) > 1:
        return [" or ".join(name for names in ways for name in names)]
    return [name for name in ways[0] if not (folder / name).is_file()]


class Generator:
    """Translates texts with a checkpoint, and counts those that were too long."""

    def __init__(self, checkpoint: Checkpoint, beam: int, first: int | None, progress: Callable[[float], None]) -> None:
        """``first``: the token that a translation begins with, if that tells its language. ``progress`` gets shares."""
        self._name = checkpoint.name
        self._tokenizer = checkpoint.tokenizer
        self._model = checkpoint.model
        self._device = checkpoint.device
        self._beam = beam
        self._first = first
        self._progress = progress
        self.cut_short = 0
        self.truncated = 0

    def length(self, text: str) -> int:
        """Tokens of a text."""
        return len(self._tokenizer(text)["input_ids"])

    def generate(self, texts: list[str]) -> list[str]:
        """One answer for each text, in their order."""
        answers = [""] * len(texts)
        done = 0
        for batch in batching.batches(
            [self.length(text) for text in texts], TOKENS_PER_BATCH[self._device], TEXTS_PER_BATCH
        ):
            for index, answer in zip(batch, self._batch([texts[index] for index in batch]), strict=True):
                answers[index] = answer
            done += len(batch)
            self._progress(done / len(texts))
        return answers

    def _batch(self, texts: list[str]) -> list[str]:
        """The answers for a batch, in halves if the GPU's memory is too small for it."""
        try:
            return self._decoded(texts)
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            if len(texts) == 1:
                raise
        middle = len(texts) // 2
        return self._batch(texts[:middle]) + self._batch(texts[middle:])

    def _decoded(self, texts: list[str]) -> list[str]:
        inputs = self._tokenizer(texts, padding="longest", truncation=True, max_length=POSITIONS, return_tensors="pt")
        self.truncated += sum(self.length(text) > POSITIONS for text in texts)
        if int(inputs["input_ids"].max()) >= self._model.get_input_embeddings().num_embeddings:
            raise stagekit.StageFailed(f"model {self._name} has files of different models: its weights lack tokens")
        room = min(POSITIONS - 2, int(max(SHORTEST_ANSWER, LENGTH_RATIO * inputs["input_ids"].shape[1])))
        options = {} if self._first is None else {"forced_bos_token_id": self._first}
        with torch.inference_mode():
            generated = self._model.generate(
                **inputs.to(self._device), num_beams=self._beam, do_sample=False, max_new_tokens=room, **options
            ).cpu()
        end = self._tokenizer.eos_token_id
        self.cut_short += sum(end not in row[1:] for row in generated.tolist())  # the first token may be the end token
        # Some tokenizers don't know that tokens of languages are special, and would make text of them.
        return self._text([[token for token in row if token != self._first] for row in generated.tolist()])

    def _text(self, tokens: list[list[int]]) -> list[str]:
        if hasattr(self._tokenizer, "tgt_spm_fp"):
            with self._tokenizer.as_target_tokenizer():  # IndicTrans2 has two vocabularies
                return list(self._tokenizer.batch_decode(tokens, skip_special_tokens=True))
        return list(self._tokenizer.batch_decode(tokens, skip_special_tokens=True))

    def notes(self) -> Iterable[str]:
        """Notes on the texts that were too long."""
        if self.cut_short:
            yield f"{self.cut_short} translations ended only at the length that is allowed, and may repeat themselves"
        if self.truncated:
            yield f"{self.truncated} texts without a space were too long for the model, and lost their end"


def use_cpus(count: int) -> None:
    """Let torch use so many threads."""
    torch.set_num_threads(max(1, count))
