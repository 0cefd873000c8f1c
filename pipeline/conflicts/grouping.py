"""The fewest groups such that the members of each fit together. Pure: what fits is asked of the caller.

Fitting isn't transitive, and three may not fit where each two do, so groups are asked as a whole. Asked for as few
as can be: a group that holds one that doesn't fit isn't asked about, nor one within a group that fits.
"""

from collections.abc import Callable, Sequence

EXACT = 12  # members up to which all ways are tried

Group = frozenset[str]
Fits = Callable[[Group], bool]


class Memory:
    """What is known of groups, so that what follows from it isn't asked."""

    def __init__(self, fits: Fits) -> None:
        self._ask = fits
        self._fitting: set[Group] = set()
        self._failing: set[Group] = set()

    def fits(self, group: Group) -> bool:
        if len(group) < 2 or any(group <= known for known in self._fitting):
            return True
        if any(known <= group for known in self._failing):
            return False
        answer = self._ask(group)
        (self._fitting if answer else self._failing).add(group)
        return answer


def fewest(members: Sequence[str], fits: Fits) -> tuple[list[Group], bool]:
    """The groups, and whether there can't be fewer: beyond ``EXACT`` members, each is put where it first fits."""
    memory = Memory(fits)
    everyone = frozenset(members)
    if memory.fits(everyone):
        return ([everyone] if everyone else []), True
    if len(members) > EXACT:
        return _first_fit(members, memory), False
    for count in range(2, len(members) + 1):
        if found := _into(list(members), [], count, memory):
            return found, True
    return [frozenset([each]) for each in members], True


def _first_fit(members: Sequence[str], memory: Memory) -> list[Group]:
    groups: list[Group] = []
    for member in members:
        place = next((index for index, group in enumerate(groups) if memory.fits(group | {member})), None)
        if place is None:
            groups.append(frozenset([member]))
        else:
            groups[place] |= {member}
    return groups


def _into(waiting: list[str], groups: list[Group], count: int, memory: Memory) -> list[Group] | None:
    """A way to put the waiting members into at most ``count`` groups, those that there are among them."""
    if not waiting:
        return groups
    member, rest = waiting[0], waiting[1:]
    for index, group in enumerate(groups):
        if memory.fits(group | {member}):
            wider = [*groups[:index], group | {member}, *groups[index + 1 :]]
            if found := _into(rest, wider, count, memory):
                return found
    if len(groups) < count:
        return _into(rest, [*groups, frozenset([member])], count, memory)
    return None
