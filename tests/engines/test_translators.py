"""Which engine of this project translates, by what is there of its models."""

from dataclasses import replace

import pytest

from pipeline.config.catalog import Catalog
from pipeline.engines.criteria import Criteria
from pipeline.engines.engine_selection import choose
from pipeline.engines.requirements import DefinedModel, EngineInventory, UndefinedModel
from pipeline.engines.translators import Direction
from pipeline.errors import NotReady
from pipeline.project import ProjectFolder
from tests.conftest import REPOSITORY

SHIPPED = Catalog(ProjectFolder(REPOSITORY))
HERE, NEVER = DefinedModel(frozenset()), DefinedModel(frozenset(), problem="it was never fetched", size="about 1 GB")
MODELS = ("nllb-200", "indictrans2-en-indic", "indictrans2-indic-en", "indictrans2-indic-indic")
NOTHING = EngineInventory(
    models={
        "whisper-base": HERE,
        "madlad400-3b": NEVER,
        "nllb-200-distilled-600m": NEVER,
        **{name: UndefinedModel(f"/models/{name}", is_there=False) for name in MODELS},
    }
)


def chosen(source: str, target: str, **there: DefinedModel) -> str:
    """The engine, where these models are there; ``_`` stands for a dash."""
    own = {name.replace("_", "-"): model for name, model in there.items()}
    inventory = replace(NOTHING, models={**NOTHING.models, **own})
    direction = Direction(source, target, Criteria(), "whisper-base")
    able = [each for each in SHIPPED.engines.values() if each.kind == "translation"]
    return choose("translation", "auto", [direction.candidate(each, inventory) for each in able]).engine


def test_nllb_translates_what_nothing_else_can_where_it_is_there() -> None:
    assert chosen("de", "ja", nllb_200_distilled_600m=HERE) == "nllb-ct2"


def test_of_several_the_best_is_taken() -> None:
    both = {"nllb_200_distilled_600m": HERE, "madlad400_3b": HERE}
    assert chosen("de", "ja", **both) == "madlad"
    assert chosen("en", "hi", **both) == "madlad"
    assert chosen("en", "hi", **both, indictrans2_en_indic=HERE) == "indictrans2"


def test_what_is_not_there_is_not_taken() -> None:
    assert chosen("de", "en") == "whisper"
    with pytest.raises(NotReady, match=r"nllb-ct2: model .* \(about 1 GB\)"):
        chosen("de", "ja")
