"""What a person should know about a translation, in few lines."""

from collections.abc import Iterable, Sequence

from translating.sentence_split import Sentence
from translating.sentence_translation import Translated

SHOWN = 5  # places


def of_sentences(sentences: Sequence[Sentence], found: Sequence[Translated]) -> list[str]:
    """One line for each kind of problem, with where it is."""
    places: dict[str, list[float]] = {}
    for sentence, each in zip(sentences, found, strict=True):
        for problem in each.problems:
            places.setdefault(problem, []).append(sentence.start)
    return [f"{_sentences(len(starts))} {problem}: at {_listed(starts)}" for problem, starts in places.items()]


def clock(seconds: float) -> str:
    """``1:02:03``."""
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


def _sentences(count: int) -> str:
    return "1 sentence" if count == 1 else f"{count} sentences"


def _listed(starts: Iterable[float]) -> str:
    shown = [clock(start) for start in starts]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
