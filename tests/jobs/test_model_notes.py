"""What is said of a model's text goes by the language that was recognised."""

from typing import Any

import pytest

from pipeline.jobs import model_notes
from pipeline.jobs.plan import ModelDecision

BY_FILE = ModelDecision(
    model="base", language="hi", note="bad in Hindi", notes={"hi": "bad in Hindi", "de": "bad in German"}
)
BY_PERSON = ModelDecision(model="base", language="hi", note="bad in Hindi")
UNKNOWN = ModelDecision(model="base", notes={"hi": "bad in Hindi"})


@pytest.mark.parametrize(
    ("decision", "facts", "notes"),
    [
        (None, [{"language": "hi"}], []),
        (BY_FILE, [{"language": "hi"}], ["bad in Hindi"]),
        (BY_FILE, [{"language": "en"}], []),
        (BY_FILE, [{"language": "de"}], ["bad in German"]),
        (BY_FILE, [{"language": "en", "languages": {"en": 0.7, "de": 0.3}}], ["bad in German"]),
        (BY_FILE, [{"language": "und"}], []),
        (BY_FILE, [{}], ["bad in Hindi"]),  # a stage that doesn't tell which language it recognised
        (BY_PERSON, [{"language": "hi"}], ["bad in Hindi"]),
        (UNKNOWN, [{"language": "hi"}, {"language": "hi"}], ["bad in Hindi"]),
        (UNKNOWN, [{"language": "en"}], []),
        (UNKNOWN, [{"language": 3, "languages": []}], []),
    ],
)
def test_the_language_that_was_recognised_counts(
    decision: ModelDecision | None, facts: list[dict[str, Any]], notes: list[str]
) -> None:
    assert model_notes.of(decision, facts) == notes
