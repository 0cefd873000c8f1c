"""How many words a model gets wrong in a language: what was measured of it, else of the next larger one of its make."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.config.model_figures import ErrorRate, FigureTable

UNKNOWN = float("inf")
ALL = 95.0  # per cent from which hardly a word is right
TELLING = "fleurs"  # data that many languages were measured on


@dataclass(frozen=True)
class ErrorEstimate:
    """``of`` is the model that was measured: this one, or a larger one that gets at most as many words wrong."""

    rate: ErrorRate
    of: str
    is_lower_bound: bool = False

    @property
    def shown(self) -> str:
        """``about 18 of 100 words``, ``44 of 100 words or more``."""
        shown = shown_rate(self.rate)
        return f"{shown.removeprefix('about ')} or more" if self.is_lower_bound else shown


def shown_rate(rate: ErrorRate) -> str:
    things = "characters" if rate.is_of_characters else "words"
    return f"nearly all {things}" if rate.percent >= ALL else f"about {max(1, rounded(rate.percent))} of 100 {things}"


def rounded(percent: float) -> int:
    """Halves up, as people round."""
    return int(percent + 0.5)


def estimate(table: FigureTable, name: str, language: str, data: str = "") -> ErrorEstimate | None:
    """What a person is told; ``None`` where nothing is published.

    ``data``: only what was measured on these; empty: on those that the table has first. Of a model that nobody
    measured, at least as much is wrong as of each larger one of its make.
    """
    order = [data] if data else list(table.data)
    for model in _with_larger(table, name):
        if rates := [each for each in table.of(model).errors.get(language, ()) if each.data in order]:
            best = min(rates, key=lambda rate: order.index(rate.data))
            return ErrorEstimate(best, name) if model == name else _bound(table, name, language, best.data)
    return None


def _bound(table: FigureTable, name: str, language: str, data: str) -> ErrorEstimate:
    larger = ((model, own(table, model, language, data)) for model in _with_larger(table, name))
    rate, of = max(((rate, model) for model, rate in larger if rate), key=lambda each: each[0].percent)
    return ErrorEstimate(rate, of, is_lower_bound=True)


def shared_data(table: FigureTable, name: str, others: Sequence[str], language: str) -> str:
    """The data that a model and most of the others were measured on; of equal ones, the one that is told first. Empty
    where nobody measured the model."""
    own_data = [data for data in table.data if own(table, name, language, data)]
    counts = {data: sum(own(table, each, language, data) is not None for each in others) for data in own_data}
    return max(counts, key=lambda data: counts[data], default="")


def ranks(table: FigureTable, names: Sequence[str], language: str) -> dict[str, tuple[float, int]]:
    """By name, what to compare models by: the lower, the better.

    Figures can be compared only where they come from the same data: the data on which most of the models were measured,
    in an unknown language over the languages in which most of them were measured. A larger model of the same make is no
    worse than a smaller one: where it seems so, somebody else measured it. Of equal ones, the larger is better.
    """
    larger = {name: list(_with_larger(table, name)) for name in names}
    percents = _percents(table, names, language)
    return {name: (min(percents[each] for each in names if name in larger[each]), len(larger[name])) for name in names}


def _percents(table: FigureTable, names: Sequence[str], language: str) -> dict[str, float]:
    if language:
        data = _shared_data(table, names, language)
        return {name: _percent(table, name, language, data) for name in names}
    shared = _shared_languages(table, names)
    totals = {name: sum(_percent(table, name, code, TELLING) for code in shared) for name in names}
    return {name: total / len(shared) if shared else UNKNOWN for name, total in totals.items()}


def _shared_languages(table: FigureTable, names: Sequence[str]) -> list[str]:
    codes = dict.fromkeys(code for figures in table.models.values() for code in figures.errors)
    counts = {code: sum(own(table, name, code, TELLING) is not None for name in names) for code in codes}
    most = max(counts.values(), default=0)
    return [code for code, count in counts.items() if most and count == most]


def _shared_data(table: FigureTable, names: Sequence[str], language: str) -> str:
    """The data that most models have a figure of; of equal ones, the one that is told first."""
    counts = {data: sum(own(table, name, language, data) is not None for name in names) for data in table.data}
    return max(counts, key=lambda data: counts[data], default="")


def _percent(table: FigureTable, name: str, language: str, data: str) -> float:
    found = (own(table, model, language, data) for model in _with_larger(table, name))
    return next((rate.percent for rate in found if rate), UNKNOWN)


def own(table: FigureTable, name: str, language: str, data: str) -> ErrorRate | None:
    """What was measured of the model itself."""
    return next((rate for rate in table.of(name).errors.get(language, ()) if rate.data == data), None)


def _with_larger(table: FigureTable, name: str) -> Iterator[str]:
    """The model, and those of its make that are larger, the nearest first."""
    each: str | None = name
    while each is not None:
        yield each
        each = table.of(each).larger
