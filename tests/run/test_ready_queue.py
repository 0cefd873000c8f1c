"""Ready stages, by what they ask for and how far there is to go."""

from pipeline.run.ready_queue import OVERTAKINGS, ReadyQueue

FREE_OF_CHARGE = 0


def queue(*items: tuple[str, int, float]) -> ReadyQueue[str, int]:
    found: ReadyQueue[str, int] = ReadyQueue(lambda waiting, other: other != FREE_OF_CHARGE)
    for item, request, remaining in items:
        found.push(item, request, 0, remaining)
    return found


def drained(found: ReadyQueue[str, int], free: int = 100) -> list[str]:
    items = []
    while popped := found.pop(lambda request: request if request <= free else None):
        items.append(popped[0])
    return items


def test_the_longest_way_comes_first() -> None:
    assert drained(queue(("a", 1, 1), ("b", 1, 3), ("c", 1, 2))) == ["b", "c", "a"]


def test_the_longest_way_comes_first_whatever_is_asked_for() -> None:
    assert drained(queue(("a", 1, 1), ("b", 2, 3), ("c", 3, 2))) == ["b", "c", "a"]


def test_the_first_job_comes_before_the_others_however_long_their_ways_are() -> None:
    found = queue(("a", 1, 1))
    found.push("second", 2, 2, 9)
    found.push("first", 2, 1, 5)
    assert drained(found) == ["a", "first", "second"]


def test_equal_ones_come_as_they_arrived() -> None:
    assert drained(queue(("a", 1, 1), ("b", 2, 1), ("c", 1, 1))) == ["a", "b", "c"]


def test_what_does_not_fit_is_passed_over_and_stays() -> None:
    found = queue(("large", 9, 10), ("small", 1, 1))
    assert drained(found, free=5) == ["small"]
    assert found.first() == "large"
    assert (len(found), bool(found)) == (1, True)


def test_the_grant_comes_with_the_item() -> None:
    assert queue(("a", 7, 1)).pop(lambda request: {"cpus": request}) == ("a", {"cpus": 7})


def test_a_request_is_asked_for_once_each_time() -> None:
    asked: list[int] = []

    def refuse(request: int) -> None:
        asked.append(request)

    assert queue(("a", 1, 1), ("b", 1, 2), ("c", 2, 3)).pop(refuse) is None
    assert asked == [2, 1]


def test_what_is_dropped_does_not_come() -> None:
    found = queue(*((name, 1 + index % 2, index) for index, name in enumerate("abcdef")))
    assert sorted(found.drop(lambda item: item in "ace")) == ["a", "c", "e"]
    assert drained(found) == ["f", "d", "b"]


def test_an_empty_queue_has_nothing() -> None:
    found = queue()
    assert (found.pop(lambda request: request), found.first(), len(found), bool(found)) == (None, None, 0, False)


def test_a_large_request_is_not_overtaken_for_ever() -> None:
    found = queue(("large", 9, 10), *((f"small{index}", 1, 1) for index in range(100)))
    assert len(drained(found, free=5)) == OVERTAKINGS
    assert drained(found)[0] == "large"


def test_what_takes_nothing_may_always_overtake() -> None:
    found = queue(("large", 9, 10), *((f"free{index}", FREE_OF_CHARGE, 1) for index in range(100)))
    assert len(drained(found, free=5)) == 100


def test_the_next_large_request_is_overtaken_again() -> None:
    found = queue(("large", 9, 10), ("larger", 9, 9), *((f"small{index}", 1, 1) for index in range(100)))
    drained(found, free=5)
    assert found.pop(lambda request: request) == ("large", 9)
    assert len(drained(found, free=5)) == OVERTAKINGS
