"""Notes: what a person should know about a translation, in a few lines."""

from collections.abc import Iterable, Sequence

from translating.sentence_split import Sentence
from translating.sentence_translation import TranslatedSentence

SHOWN = 5  # times


def of_sentences(sentences: Sequence[Sentence], translations: Sequence[TranslatedSentence]) -> list[str]:
    """One line for each kind of problem, with the times of the sentences that have it."""
    places: dict[str, list[float]] = {}
    for sentence, each in zip(sentences, translations, strict=True):
        for problem in each.problems:
            places.setdefault(problem, []).append(sentence.start)
    return [f"{_sentences(len(starts))} {problem}: at {_listed(starts)}" for problem, starts in places.items()]


def clock_time(seconds: float) -> str:
    """Seconds as ``1:02:03``."""
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{second:02}"


def _sentences(count: int) -> str:
    return "1 sentence" if count == 1 else f"{count} sentences"


def _listed(starts: Iterable[float]) -> str:
    shown = [clock_time(start) for start in starts]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
