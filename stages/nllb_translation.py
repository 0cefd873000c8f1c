# /// script
# [tool.pipeline.stage]
# environment = "indictrans2"
# modules = ["subtitling", "translating", "seq2seq"]
# inputs = ["transcript"]
# models = ["translator"]
# start = ["worker", "cold"]
# timeout_seconds = 43200
# [tool.pipeline.stage.parameters]
# source = ""
# target = ""
# glossary = []
# keep_cues = false
# beam = 4
# [tool.pipeline.stage.outputs]
# translation = "translation.*.json"
# text = "translation.*.txt"
# side_by_side = "side-by-side.*.txt"
# [tool.pipeline.stage.ensure.translation]
# schema = "config/schemas/translation.json"
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""Translate a transcript with an NLLB or M2M100 checkpoint: 100 to 200 languages, any to any.

The model is a folder with the checkpoint's files; the stage fetches nothing.
"""

from collections.abc import Iterable

import seq2seq
import stagekit
import transformers
from translating import batching, language_codes, translation_stage

KINDS = ("m2m_100",)


def run(stage: stagekit.Stage) -> None:
    def engine_for(source: str, target: str) -> Nllb:
        folder = stage.model("translator")
        seq2seq.use_cpus(stage.cpus)
        checkpoint = stage.memo(folder, lambda: seq2seq.Checkpoint(folder, KINDS))
        return Nllb(checkpoint, source, target, stage)

    translation_stage.run(stage, engine_for)


class Nllb:
    """A checkpoint for two languages. It copies most words that exist in no language."""

    marks = ("Zq{}x", "<{}>")

    def __init__(self, checkpoint: seq2seq.Checkpoint, source: str, target: str, stage: stagekit.Stage) -> None:
        self.name = f"{family(checkpoint)} on transformers {transformers.__version__}"
        self.model = checkpoint.name
        tokenizer = checkpoint.tokenizer
        tokenizer.src_lang = tag(checkpoint, source)
        first = tokenizer.convert_tokens_to_ids(token(tokenizer, tag(checkpoint, target)))
        self._generator = seq2seq.Generator(checkpoint, stage.parameters["beam"], first, stage.progress)

    def notes(self) -> Iterable[str]:
        return self._generator.notes()

    def translate(self, texts: list[str]) -> list[str]:
        return batching.in_parts(texts, self._generator.length, self._generator.generate)


def family(checkpoint: seq2seq.Checkpoint) -> str:
    return "nllb" if "Nllb" in type(checkpoint.tokenizer).__name__ else "m2m100"


def tag(checkpoint: seq2seq.Checkpoint, language: str) -> str:
    """The language's code in this checkpoint. Raises ``StageFailed`` where it has none."""
    tokenizer = checkpoint.tokenizer
    codes = getattr(tokenizer, "lang_code_to_token", None)
    if codes:
        code = language_codes.m2m100_code(language, codes)
    else:
        codes = tokenizer.additional_special_tokens
        code = language_codes.flores_code(language, codes)
    if code is None:
        what = f"model {checkpoint.name} has no '{language}'; it has {len(codes)} other languages"
        raise stagekit.StageFailed(f"{what}. Choose another translator with --translator")
    return code


def token(tokenizer: transformers.PreTrainedTokenizerBase, tag: str) -> str:
    return getattr(tokenizer, "lang_code_to_token", {}).get(tag, tag)
