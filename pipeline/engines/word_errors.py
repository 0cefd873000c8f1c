"""How many words a model gets wrong in a language: what was measured of it, else of the next larger one of its make."""

from collections.abc import Iterator, Mapping, Sequence
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
        """``about 18 of 100 words``."""
        things = "characters" if self.rate.is_of_characters else "words"
        if self.rate.percent >= ALL:
            return f"nearly all {things}"
        about = f"{max(1, round(self.rate.percent))} of 100 {things}"
        return f"{about} or more" if self.is_lower_bound else f"about {about}"


def estimate(table: FigureTable, name: str, language: str) -> ErrorEstimate | None:
    """What a person is told; ``None`` where nothing is published."""
    order = list(table.data)
    for model in _with_larger(table, name):
        if rates := table.of(model).errors.get(language):
            best = min(rates, key=lambda rate: order.index(rate.data))
            return ErrorEstimate(best, model, is_lower_bound=model != name)
    return None


def ranks(table: FigureTable, names: Sequence[str], language: str) -> dict[str, tuple[float, int]]:
    """By name, what to compare models by: the lower, the better.

    Figures can be compared only where they come from the same data: the data on which most of the models were measured,
    in an unknown language over all languages in which there is a figure of each. The number of larger models decides
    between equal ones.
    """
    larger = {name: len(list(_with_larger(table, name))) for name in names}
    if language:
        data = _shared_data(table, names, language)
        return {name: (_percent(table, name, language, data), larger[name]) for name in names}
    shared = [
        code for code in _languages(table) if all(_percent(table, each, code, TELLING) < UNKNOWN for each in names)
    ]
    totals = {name: sum(_percent(table, name, code, TELLING) for code in shared) for name in names}
    return {name: (totals[name] / len(shared) if shared else UNKNOWN, larger[name]) for name in names}


def _shared_data(table: FigureTable, names: Sequence[str], language: str) -> str:
    """The data that most models have a figure of; of equal ones, the one that is told first."""
    counts = {data: sum(_own(table, name, language, data) is not None for name in names) for data in table.data}
    return max(counts, key=lambda data: counts[data], default="")


def _percent(table: FigureTable, name: str, language: str, data: str) -> float:
    found = (_own(table, model, language, data) for model in _with_larger(table, name))
    return next((rate.percent for rate in found if rate), UNKNOWN)


def _own(table: FigureTable, name: str, language: str, data: str) -> ErrorRate | None:
    return next((rate for rate in table.of(name).errors.get(language, ()) if rate.data == data), None)


def _with_larger(table: FigureTable, name: str) -> Iterator[str]:
    """The model, and those of its make that are larger, the nearest first."""
    each: str | None = name
    while each is not None:
        yield each
        each = table.of(each).larger


def _languages(table: FigureTable) -> Mapping[str, None]:
    return dict.fromkeys(code for figures in table.models.values() for code in figures.errors)
