"""A job's decisions about engines, in lines for a person."""

from collections.abc import Iterable, Iterator

from pipeline.engines.engine_selection import NAMED
from pipeline.jobs.plan import EngineDecision
from pipeline.text import printable


def messages(decisions: Iterable[EngineDecision]) -> Iterator[str]:
    """What a person should know. An engine that the person chose is named only where a doubt is left."""
    for decision in decisions:
        if decision.why != NAMED or decision.doubt:
            yield from map(printable, _lines(decision))


def _lines(decision: EngineDecision) -> Iterator[str]:
    if decision.engine is None:
        yield from decision.task.splitlines()  # a command or setting stands alone on its line
        return
    model = f" with {decision.model}" if decision.model else ""
    yield f"{decision.task}: {decision.engine}{model}, {decision.why}"
    if decision.doubt:
        yield f"  not sure: {decision.doubt}"
    for better in decision.better:
        yield f"  {better.engine} would be better, but {'; '.join(better.lacks)}"
        for command in better.commands:  # alone on its line, so that it can be copied
            yield from (f"    {part.strip()}" for part in command.split("   ") if part.strip())
