# /// script
# [tool.pipeline.stage]
# environment = "translation"
# modules = ["subtitling", "translating", "translation_models"]
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
"""Translate a transcript with NLLB or MADLAD-400 in CTranslate2's form: 200 and 400 languages, without torch.

The model is a folder with ``model.bin``, ``config.json``, the vocabulary and SentencePiece's file; the stage fetches
nothing. Which of both it is, and which languages it has, shows in its vocabulary.
"""

from collections.abc import Iterable

import ctranslate2
import stagekit
from translating import batching, language_codes, translation_stage
from translation_models import generation, model_folder, pieces
from translation_models.model_folder import MADLAD, TranslationModel


def run(stage: stagekit.Stage) -> None:
    def engine_for(source: str, target: str) -> TextTranslator:
        model = model_folder.read(stage.model("translator"))
        codes = code(model, source), code(model, target)
        translator = stage.memo((model.folder, stage.cpus), lambda: generation.load(model, stage.cpus, stage.warn))
        return TextTranslator(model, translator, codes, stage)

    translation_stage.run(stage, engine_for)


class TextTranslator:
    """A model for two languages. It copies most words that exist in no language."""

    marks = ("Zq{}x", "<{}>")

    def __init__(
        self, model: TranslationModel, translator: ctranslate2.Translator, codes: tuple[str, str], stage: stagekit.Stage
    ) -> None:
        self.name = f"{model.family} on ctranslate2 {ctranslate2.__version__}"
        self.model = model.name
        parts = pieces.TextPieces(model, *codes)
        self._generator = generation.TextGenerator(translator, parts, stage.parameters["beam"], stage.progress)

    def notes(self) -> Iterable[str]:
        return self._generator.notes()

    def translate(self, texts: list[str]) -> list[str]:
        return batching.in_parts(texts, self._generator.length, self._generator.generate)


def code(model: TranslationModel, language: str) -> str:
    """The language's code in this model. Raises ``StageFailed`` where it has none."""
    of_family = language_codes.madlad_code if model.family == MADLAD else language_codes.flores_code
    found = of_family(language, model.languages)
    if found is None:
        what = f"model {model.name} has no '{language}'; it has {len(model.languages)} other languages"
        raise stagekit.StageFailed(f"{what}. Choose another translator with --translator")
    return found
