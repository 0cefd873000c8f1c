"""A transcript in several languages is translated from each of them."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.conftest import REPOSITORY
from tests.stages.translating.helpers import FakeEngine, recognised, spoken


@pytest.fixture
def steps(load_module: Callable[[str], ModuleType]) -> Any:
    return load_module("translating.translation_stage")


def mixed() -> dict[str, Any]:
    """English, Spanish, and English again."""
    texts = [("It was late.", 0.0), ("Era muy tarde ya.", 10.0), ("Nobody came.", 20.0)]
    transcript = recognised(*(spoken(text, start, probability=0.9) for text, start in texts))
    transcript["segments"][1]["language"] = "es"
    return transcript


def translated(steps: Any, target: str, engine_for: Any, transcript: dict[str, Any] | None = None) -> dict[str, Any]:
    stage = SimpleNamespace(parameters={"glossary": [], "keep_cues": False})
    made: dict[str, Any] = steps._document(stage, transcript or mixed(), target, engine_for)
    Draft202012Validator(json.loads((REPOSITORY / "config/schemas/translation.json").read_bytes())).validate(made)
    return made


def named(source: str, target: str) -> Any:
    engine: Any = FakeEngine(lambda text: f"{source}>{target} {text}")
    engine.name, engine.notes = f"test {source}-{target}", list
    return engine


def test_each_part_is_translated_from_its_own_language(steps: Any) -> None:
    made = translated(steps, "de", named)
    assert [each["text"] for each in made["segments"]] == [
        "en>de It was late.",
        "es>de Era muy tarde ya.",
        "en>de Nobody came.",
    ]
    assert made["engine"] == "test en-de, test es-de"


def test_what_is_in_the_target_language_stays_as_it_is(steps: Any) -> None:
    made = translated(steps, "es", named)
    texts = [each["text"].strip() for each in made["segments"]]
    assert texts == ["en>es It was late.", "Era muy tarde ya.", "en>es Nobody came."]
    assert not any("language" in each for each in made["segments"])
    assert "1 segment in 'es' already" in made["notes"][0]


def without_spanish(steps: Any) -> Callable[[str, str], Any]:
    def engine_for(source: str, target: str) -> Any:
        if source == "es":
            raise steps.stagekit.StageFailed("no such pair")
        return named(source, target)

    return engine_for


def test_a_part_that_cannot_be_translated_stays_as_it_is_and_is_told(steps: Any) -> None:
    made = translated(steps, "de", without_spanish(steps))
    assert [each.get("language") for each in made["segments"]] == [None, "es", None]
    assert made["notes"] == ["1 segment in 'es' can't be translated, and the text stays as it is: no such pair"]


def test_a_main_language_that_cannot_be_translated_is_a_failure(steps: Any) -> None:
    transcript = {**mixed(), "language": "es"}
    with pytest.raises(steps.stagekit.StageFailed, match="no such pair"):
        translated(steps, "de", without_spanish(steps), transcript)


def test_a_transcript_in_one_language_has_one_engine(steps: Any, tmp_path: Path) -> None:
    transcript = mixed()
    del transcript["segments"][1]["language"]
    asked = []

    def engine_for(source: str, target: str) -> Any:
        asked.append(source)
        return named(source, target)

    assert translated(steps, "de", engine_for, transcript)["engine"] == "test en-de"
    assert asked == ["en"]
