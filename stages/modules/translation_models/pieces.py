"""Texts as pieces, and back, in the way in which each family was trained."""

from collections.abc import Sequence

import sentencepiece
import stagekit

from translation_models.model_folder import ADVICE, MADLAD, TranslationModel

END = "</s>"
SPECIAL = frozenset({END, "<s>", "<pad>", "<unk>"})


class TextPieces:
    """Pieces for a translation from one language into another, by the model's own codes."""

    def __init__(self, model: TranslationModel, source: str, target: str) -> None:
        """Raises ``StageFailed`` where the file of pieces can't be read, or isn't of this model."""
        self._model, self._source, self._target = model, source, target
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_file=str(model.pieces))
        except (OSError, RuntimeError) as error:
            raise stagekit.StageFailed(f"model {model.name}: {model.pieces.name} can't be read: {error}") from None
        if model.family == MADLAD and f"<2{target}>" not in self.of_text("a"):
            what = f"model {model.name}: {model.pieces.name} doesn't know <2{target}>, so it isn't of this model"
            raise stagekit.StageFailed(f"{what}. {ADVICE}")

    @property
    def prefix(self) -> list[str]:
        """What each translation begins with: NLLB is told the target language so."""
        return [] if self._model.family == MADLAD else [self._target]

    def of_text(self, text: str) -> list[str]:
        """A text as the model gets it.

        MADLAD-400's target is a part of the text: put before its pieces, it would lack the piece that begins a word,
        and the translation would be another one.
        """
        if self._model.family == MADLAD:
            pieces = self._processor.encode(f"<2{self._target}> {text}", out_type=str)
        else:
            pieces = [self._source, *self._processor.encode(text, out_type=str)]
        return pieces if self._model.adds_end else [*pieces, END]

    def text_of(self, pieces: Sequence[str]) -> str:
        """A translation as text."""
        skipped = SPECIAL | {self._target, f"<2{self._target}>"}
        return str(self._processor.decode([piece for piece in pieces if piece not in skipped]))
