"""Language pairs: those that an engine declares, and those that a program lists as installed."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.config.engines import EngineSpec, Languages, Pairs
from pipeline.media.languages import base, is_same


@dataclass(frozen=True)
class InstalledPairs:
    """The pairs that a program has, by its own names for them, such as ``eng-spa`` or ``spa-eng_US``.

    ``files`` is the path of a pair's own file, with ``{pair}`` in place of the name; empty where it isn't known.
    """

    names: tuple[str, ...] = ()
    files: str = ""

    def sources(self, target: str) -> list[str]:
        """The languages from which it translates into ``target``, by their shortest codes."""
        return [codes(each)[0] for each in self.names if codes(each)[1] == base(target)]

    def files_of(self, source: str, target: str) -> tuple[str, ...]:
        """The pairs' own files; from any language where ``source`` is empty.

        All pairs of the two languages count, also those of a region: the program decides which one it takes.
        """
        if not self.files:
            return ()
        return tuple(self.files.format(pair=each) for each in self.names if _fits(each, source, target))


def declared(engine: EngineSpec, source: str, target: str) -> Pairs | None:
    """The engine's pair for these languages; ``source`` is empty where it isn't known, and then any will do."""
    return next((each for each in engine.pairs if _covers(each, source, target)), None)


def installable(engine: EngineSpec, source: str, target: str) -> Iterator[str]:
    """The packages that have the two languages, in either direction; ``source`` may be empty."""
    for package in engine.packages:
        if base(target) in codes(package) and (not source or base(source) in codes(package)):
            yield package


def codes(pair: str) -> tuple[str, str]:
    """The shortest codes of ``eng-spa``, or of ``spa-eng_US``, which is English all the same."""
    source, _, target = pair.partition("-")
    return base(source.partition("_")[0]), base(target.partition("_")[0])


def _fits(pair: str, source: str, target: str) -> bool:
    first, second = codes(pair)
    return second == base(target) and base(source) in ("", first)


def _covers(pairs: Pairs, source: str, target: str) -> bool:
    return (not source or _has(pairs.source, source)) and _has(pairs.target, target)


def _has(languages: Languages, code: str) -> bool:
    """A script that isn't the usual one of its language counts only where it is listed: ``zh-Hant`` isn't ``zh``."""
    return languages is None or any(is_same(code, each) for each in languages)
