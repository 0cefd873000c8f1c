"""Stages that are ready: those of the first job first, of one job the one with the longest way to go, as far as
resources allow."""

from collections import Counter
from collections.abc import Callable, Hashable
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

OVERTAKINGS = 16  # how often a request that doesn't fit lets others go first

T = TypeVar("T")
Request = TypeVar("Request", bound=Hashable)
Grant = TypeVar("Grant")


class ReadyQueue(Generic[T, Request]):
    """One heap for each distinct request, so that a look at the heads is enough to know what fits."""

    def __init__(self, competes: Callable[[Request, Request], bool]) -> None:
        """``competes`` says whether granting the second may keep the first waiting."""
        self._competes = competes
        self._overtaken: Counter[Request] = Counter()
        self._heaps: dict[Request, list[tuple[int, float, int, T]]] = {}
        self._arrivals = count()

    def push(self, item: T, request: Request, place: int, remaining: float) -> None:
        """``place``: that of its job in the run. ``remaining``: seconds of the longest way through it.

        Equal ones come in the order of their arrival.
        """
        heappush(self._heaps.setdefault(request, []), (place, -remaining, next(self._arrivals), item))

    def pop(self, take: Callable[[Request], Grant | None]) -> tuple[T, Grant] | None:
        """The first whose request ``take`` grants, with the grant; ``None`` where it grants none.

        Small requests go past a large one that doesn't fit, but not for ever: then what they would take is kept for it.
        """
        waiting: list[Request] = []
        for request in self._in_order():
            delayed = [each for each in waiting if self._competes(each, request)]
            if any(self._overtaken[each] >= OVERTAKINGS for each in delayed):
                continue
            grant = take(request)
            if grant is not None:
                self._overtaken.update(delayed)
                del self._overtaken[request]
                return heappop(self._heaps[request])[-1], grant
            waiting.append(request)
        return None

    def first(self) -> T | None:
        """The one that comes before all others, whether it fits or not."""
        return next((self._heaps[request][0][-1] for request in self._in_order()), None)

    @property
    def requests(self) -> list[Request]:
        return [request for request, heap in self._heaps.items() if heap]

    def _in_order(self) -> list[Request]:
        return sorted(self.requests, key=lambda request: self._heaps[request][0][:-1])

    def drop(self, unwanted: Callable[[T], bool]) -> list[T]:
        """Take out what won't run any more."""
        dropped = []
        for request, heap in self._heaps.items():
            dropped += [entry[-1] for entry in heap if unwanted(entry[-1])]
            self._heaps[request] = sorted(entry for entry in heap if not unwanted(entry[-1]))
        return dropped

    def __len__(self) -> int:
        return sum(map(len, self._heaps.values()))

    def __bool__(self) -> bool:
        return any(self._heaps.values())
