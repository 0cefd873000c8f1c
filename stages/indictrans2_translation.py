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
# beam = 5
# [tool.pipeline.stage.outputs]
# translation = "translation.*.json"
# text = "translation.*.txt"
# side_by_side = "side-by-side.*.txt"
# [tool.pipeline.stage.ensure.translation]
# schema = "config/schemas/translation.json"
# [tool.pipeline.stage.resources]
# cpus = "all"
# ///
"""Translate a transcript with IndicTrans2: between English and 22 languages of India, and among these.

The model is a folder with a checkpoint's files. One is from English (``indictrans2-en-indic-…``), one into English
(``indic-en``), and one among the others (``indic-indic``). The weights have terms of use, see
https://huggingface.co/ai4bharat; the stage fetches nothing. Checkpoints of NLLB work with the same preparation.
"""

from collections.abc import Iterable

import seq2seq
import stagekit
import transformers
from IndicTransToolkit.processor import IndicProcessor
from translating import batching, language_codes, sentence_translation, translation_stage

KINDS = ("IndicTrans", "m2m_100")
KNOWN = """asm_Beng awa_Deva ben_Beng bho_Deva brx_Deva doi_Deva eng_Latn gom_Deva gon_Deva guj_Gujr hin_Deva hne_Deva
    kan_Knda kas_Arab kas_Deva kha_Latn lus_Latn mag_Deva mai_Deva mal_Mlym mar_Deva mni_Beng mni_Mtei npi_Deva
    ory_Orya pan_Guru san_Deva sat_Olck snd_Arab snd_Deva tam_Taml tel_Telu urd_Arab unr_Deva"""
TAGS = frozenset(KNOWN.split())


def run(stage: stagekit.Stage) -> None:
    def engine_for(source: str, target: str) -> IndicTrans2:
        tags = tag(source), tag(target)
        folder = stage.model("translator")
        seq2seq.use_cpus(stage.cpus)
        checkpoint = stage.memo(folder, lambda: seq2seq.Checkpoint(folder, KINDS))
        return IndicTrans2(checkpoint, *tags, stage)

    translation_stage.run(stage, engine_for)


def tag(language: str) -> str:
    """IndicTrans2's code for a language. Raises ``StageFailed`` where it has none."""
    code = language_codes.flores_code(language, TAGS)
    if code is None:
        what = f"IndicTrans2 has no '{language}', only English and languages of India"
        raise stagekit.StageFailed(f"{what}. Choose another translator with --translator")
    return code


class IndicTrans2:
    """A checkpoint for two languages, with the preparation of texts that it was trained on.

    The preparation hides words that begin with ``#`` from the model, and puts them back.
    """

    marks = ("#Zq{}x", "Zq{}x")

    def __init__(self, checkpoint: seq2seq.Checkpoint, source: str, target: str, stage: stagekit.Stage) -> None:
        self.name = f"{checkpoint.kind} with IndicTransToolkit on transformers {transformers.__version__}"
        self.model = checkpoint.name
        self._source, self._target = source, target
        self._tagged = checkpoint.kind == "IndicTrans"  # the codes of the languages are part of the text
        _check_direction(checkpoint, source, target)
        first = None
        if not self._tagged:
            checkpoint.tokenizer.src_lang = source
            first = checkpoint.tokenizer.convert_tokens_to_ids(target)
        self._generator = seq2seq.Generator(checkpoint, stage.parameters["beam"], first, stage.progress)

    def notes(self) -> Iterable[str]:
        return self._generator.notes()

    def translate(self, texts: list[str]) -> list[str]:
        return batching.in_parts(texts, self._length, self._translated)

    def _length(self, text: str) -> int:
        return self._generator.length(f"{self._source} {self._target} {text}" if self._tagged else text)

    def _prepared(self, texts: list[str], processor: IndicProcessor) -> list[str]:
        prepared = processor.preprocess_batch(texts, src_lang=self._source, tgt_lang=self._target)
        return prepared if self._tagged else [text.split(" ", 2)[-1] for text in prepared]

    def _translated(self, texts: list[str]) -> list[str]:
        """Each call has its own processor, which remembers in a queue what it hid from each text."""
        processor = IndicProcessor(inference=True)
        # postprocess_batch waits forever if it gets fewer texts than preprocess_batch, so they are counted.
        answers = sentence_translation.require_same_count(self._prepared(texts, processor), self._generator.generate)
        return list(processor.postprocess_batch(answers, lang=self._target))


def _check_direction(checkpoint: seq2seq.Checkpoint, source: str, target: str) -> None:
    """Raises ``StageFailed`` for a checkpoint of another direction, which would give words, but no translation."""
    tokenizer = checkpoint.tokenizer
    known = getattr(tokenizer, "encoder", None) or tokenizer.get_vocab()
    if missing := [tag for tag in (source, target) if tag not in known]:
        what = f"model {checkpoint.name} doesn't know {' and '.join(missing)}"
        raise stagekit.StageFailed(f"{what}. IndicTrans2 has checkpoints for en-indic, indic-en and indic-indic")
    directions = {"en-indic": source == "eng_Latn", "indic-en": target == "eng_Latn"}
    directions["indic-indic"] = "eng_Latn" not in (source, target)
    named = str(checkpoint.config.get("_name_or_path", "")) + " " + checkpoint.name
    found = next((each for each in directions if each in named), None)
    if found and not directions[found]:
        wanted = next(each for each, holds in directions.items() if holds)
        raise stagekit.StageFailed(f"model {checkpoint.name} is {found}, and {source} to {target} needs {wanted}")
