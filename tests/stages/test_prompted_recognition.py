from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def prompted(load_stage: Callable[..., ModuleType], engines: None) -> ModuleType:
    return load_stage("prompted_recognition")


class Holder:
    """Stands for the holder of a model, which loads another one for each way."""

    def __init__(self) -> None:
        self.loaded: tuple[Any, Any] = (None, None)

    def has(self, way: Any) -> bool:
        return bool(self.loaded[0] == way)

    def get(self, way: Any) -> Any:
        if not self.has(way):
            self.loaded = (
                way,
                SimpleNamespace(name=way, get_prompt=lambda _, previous, **more: [*previous, "speech", more]),
            )
        return self.loaded[1]


def test_the_words_of_a_prompt_come_before_what_was_said(prompted: ModuleType) -> None:
    model = prompted.PromptedHolder(Holder(), "Dickens").get("cpu")
    tokenizer = SimpleNamespace(encode=lambda text: [f"<{text}>"])
    assert model.get_prompt(tokenizer, [], without_timestamps=False) == [
        "< Dickens>",
        "speech",
        {"without_timestamps": False},
    ]
    assert model.name == "cpu"


def test_a_model_stays_the_same_until_another_one_is_loaded(prompted: ModuleType) -> None:
    holder = prompted.PromptedHolder(Holder(), "")
    first = holder.get("one way")
    assert holder.get("one way") is first
    assert holder.get("another") is not first
    assert first.get_prompt(None, []) == ["speech", {}]


def test_a_worker_keeps_the_model_and_not_the_prompt(prompted: ModuleType) -> None:
    kept: dict[Any, Any] = {}
    stage = SimpleNamespace(memo=lambda key, make: kept.setdefault(key, make()), cpus=3)
    first, second = prompted.PromptedStage(stage, "a"), prompted.PromptedStage(stage, "b")
    assert first.cpus == 3
    models = [each.memo("folder", Holder).get("cpu") for each in (first, second)]
    assert models[0] is not models[1]
    assert models[0].plain is models[1].plain
