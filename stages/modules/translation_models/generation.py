"""Translations by a model through CTranslate2: in batches that fit, without answers that run in a circle."""

from collections.abc import Callable, Iterable
from typing import Any

import ctranslate2
import stagekit
from translating import batching

from translation_models.model_folder import ADVICE, TranslationModel
from translation_models.pieces import END, TextPieces
from translation_models.repetition import runs_in_a_circle

TOKENS_PER_BATCH = {"cpu": 1024, "cuda": 8192}  # with padding; a batch that doesn't fit is halved
TEXTS_PER_BATCH = 32
LONGEST_ANSWER = 256  # tokens; the models have positions for some more
LENGTH_RATIO = 2.0  # of a translation and its text, in tokens, at most
SHORTEST_ANSWER = 24  # tokens that a translation may have, however short its text
AGAIN = {"no_repeat_ngram_size": 3, "repetition_penalty": 1.2}  # against answers that run in a circle


def load(model: TranslationModel, cpus: int, warn: Callable[[str], None]) -> Any:
    """The library's translator: on a GPU where there is one that can be used, else on the CPU, which ``warn`` is told.

    Raises ``StageFailed`` where it can't be loaded.
    """
    if ctranslate2.get_cuda_device_count():
        try:
            return _tried(model, {"device": "cuda", "compute_type": "int8_float16"})
        except (RuntimeError, ValueError) as error:  # too little memory, or no libraries for the card
            warn(f"the GPU can't be used ({error}); going on with the CPU")
    try:
        return _tried(model, {"device": "cpu", "compute_type": "int8", "inter_threads": 1, "intra_threads": cpus})
    except (RuntimeError, ValueError, OSError) as error:
        raise stagekit.StageFailed(f"model {model.name} can't be loaded: {error}. {ADVICE}") from error


def _tried(model: TranslationModel, options: dict[str, Any]) -> Any:
    """The translator after a first answer: some of what it needs of a GPU is looked for only then."""
    translator = ctranslate2.Translator(str(model.folder), **options)
    translator.translate_batch([[END]], max_decoding_length=1, beam_size=1)
    return translator


class TextGenerator:
    """Translates texts, and remembers whether nothing came of some that can be used."""

    def __init__(self, translator: Any, pieces: TextPieces, beam: int, progress: Callable[[float], None]) -> None:
        """``progress`` gets shares."""
        self._translator, self._pieces = translator, pieces
        self._beam, self._progress = beam, progress
        self._has_circled = False

    def length(self, text: str) -> int:
        """Pieces of a text."""
        return len(self._pieces.of_text(text))

    def generate(self, texts: list[str]) -> list[str]:
        """One answer for each text, in their order; empty where only an answer came that runs in a circle."""
        answers = self._in_batches(texts, {})
        circling = [index for index, each in enumerate(answers) if runs_in_a_circle(each, texts[index])]
        again = self._in_batches([texts[index] for index in circling], AGAIN)
        for index, answer in zip(circling, again, strict=True):
            answers[index] = "" if runs_in_a_circle(answer, texts[index]) else answer
            self._has_circled = self._has_circled or not answers[index]
        return answers

    def notes(self) -> Iterable[str]:
        """A note where texts have no translation for this reason."""
        if self._has_circled:
            yield "where the model only ran in a circle, nothing of that was used"

    def _in_batches(self, texts: list[str], options: dict[str, Any]) -> list[str]:
        answers = [""] * len(texts)
        sources = [self._pieces.of_text(text) for text in texts]
        room = TOKENS_PER_BATCH[self._translator.device] // self._beam
        done = 0
        for batch in batching.batches([len(source) for source in sources], room, TEXTS_PER_BATCH):
            for index, answer in zip(batch, self._batch([sources[index] for index in batch], options), strict=True):
                answers[index] = answer
            done += len(batch)
            if not options:
                self._progress(done / len(texts))
        return answers

    def _batch(self, sources: list[list[str]], options: dict[str, Any]) -> list[str]:
        """The answers for a batch, in halves if the memory is too small for it."""
        try:
            return self._translated(sources, options)
        except (RuntimeError, MemoryError) as error:
            is_memory = isinstance(error, MemoryError) or "memory" in str(error) or "bad_alloc" in str(error)
            if not is_memory or len(sources) == 1:
                raise
        middle = len(sources) // 2
        return self._batch(sources[:middle], options) + self._batch(sources[middle:], options)

    def _translated(self, sources: list[list[str]], options: dict[str, Any]) -> list[str]:
        longest = max(len(source) for source in sources)
        prefix = self._pieces.prefix
        results = self._translator.translate_batch(
            sources,
            target_prefix=[prefix] * len(sources) if prefix else None,
            beam_size=self._beam,
            max_decoding_length=min(LONGEST_ANSWER, int(max(SHORTEST_ANSWER, LENGTH_RATIO * longest))),
            max_input_length=0,
            **options,
        )
        return [self._pieces.text_of(result.hypotheses[0]) for result in results]
