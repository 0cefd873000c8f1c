"""The folder of a translation model in CTranslate2's form: which family it is of, and which languages it has."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import stagekit

NLLB, MADLAD = FAMILIES = ("NLLB", "MADLAD-400")
WEIGHTS, CONFIGURATION = "model.bin", "config.json"
VOCABULARIES = ("shared_vocabulary.json", "shared_vocabulary.txt", "target_vocabulary.json", "target_vocabulary.txt")
PIECES = ("sentencepiece.bpe.model", "sentencepiece.model", "spiece.model")
FLORES = re.compile(r"[a-z]{3}_[A-Z][a-z]{3}")  # NLLB has each language as a token such as hin_Deva
TARGET = re.compile(r"<2([A-Za-z]{2,3}(?:_[A-Za-z]+)?)>")  # and MADLAD-400 such as <2hi>
FEWEST = 2  # languages
ADVICE = "Fetch it again (bootstrap --force --model NAME), or choose another with --translation-model"


@dataclass(frozen=True)
class TranslationModel:
    """``languages``: its own codes, as they stand in its vocabulary: ``hin_Deva``, or ``hi`` for ``<2hi>``."""

    folder: Path
    family: str
    languages: frozenset[str]
    pieces: Path  # SentencePiece's file
    adds_end: bool  # whether the library itself adds the token that ends a source

    @property
    def name(self) -> str:
        return self.folder.name


def read(folder: Path) -> TranslationModel:
    """Raises ``StageFailed`` for a missing or damaged file, and for a model of another family."""
    vocabulary = _vocabulary(folder)
    pieces = next((folder / name for name in PIECES if (folder / name).is_file()), None)
    missing = [name for name in (WEIGHTS, CONFIGURATION) if not (folder / name).is_file()]
    if missing or pieces is None:
        lacks = " and no ".join([*missing, *([] if pieces else [" or ".join(PIECES)])])
        raise stagekit.StageFailed(f"model {folder.name} has no {lacks}. {ADVICE}")
    flores = frozenset(token for token in vocabulary if FLORES.fullmatch(token))
    targets = frozenset(found[1] for token in vocabulary if (found := TARGET.fullmatch(token)))
    if max(len(flores), len(targets)) < FEWEST:
        what = f"model {folder.name} is neither {' nor '.join(FAMILIES)}: no languages are in its vocabulary"
        raise stagekit.StageFailed(f"{what}. Choose another with --translation-model")
    family, languages = (NLLB, flores) if len(flores) > len(targets) else (MADLAD, targets)
    return TranslationModel(folder, family, languages, pieces, bool(_configuration(folder).get("add_source_eos")))


def _vocabulary(folder: Path) -> list[str]:
    file = next((folder / name for name in VOCABULARIES if (folder / name).is_file()), None)
    if file is None:
        raise stagekit.StageFailed(f"model {folder.name} has no {' or '.join(VOCABULARIES)}. {ADVICE}")
    try:
        text = file.read_text(encoding="utf-8")
        tokens = json.loads(text) if file.suffix == ".json" else text.split("\n")
    except ValueError as error:
        raise stagekit.StageFailed(f"model {folder.name}: {file.name} can't be read: {error}. {ADVICE}") from None
    return [token for token in tokens if isinstance(token, str)] if isinstance(tokens, list) else []


def _configuration(folder: Path) -> dict[str, object]:
    try:
        found = json.loads((folder / CONFIGURATION).read_bytes())
    except ValueError as error:
        raise stagekit.StageFailed(f"model {folder.name}: {CONFIGURATION} can't be read: {error}. {ADVICE}") from None
    return dict(found) if isinstance(found, dict) else {}
