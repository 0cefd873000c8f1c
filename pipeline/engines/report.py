"""A job's decisions about engines, in lines for a person."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.engines.select import NAMED
from pipeline.media.languages import name
from pipeline.text import printable


def told(document: Mapping[str, Any]) -> Iterator[str]:
    """Of those that the job names itself, nothing but what they leave in doubt."""
    for decision in document.get("decisions", ()):
        if decision.get("why") != NAMED or "doubt" in decision:
            yield from map(printable, _lines(decision))


def _lines(decision: Mapping[str, Any]) -> Iterator[str]:
    if "engine" not in decision:
        yield str(decision["task"])
        return
    model = f" with {decision['model']}" if "model" in decision else ""
    yield f"{decision['task']}: {decision['engine']}{model}, {decision['why']}"
    if "doubt" in decision:
        yield f"  not sure: {decision['doubt']}"
    for better in decision.get("better", ()):
        yield f"  {better['engine']} would be better, but {'; '.join(better['lacks'])}"
        yield from (f"    {command}" for command in better["commands"])


def unsaid(tagged: str) -> str:
    """What is to be known where nobody said what is spoken."""
    if tagged:
        return f"the audio track says that it is {name(tagged)}, for which engines are chosen; -s CODE makes it sure"
    return (
        "the language that is spoken isn't known before the recognition; -s CODE makes sure that it can be translated"
    )
