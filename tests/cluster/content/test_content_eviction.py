from hypothesis import given
from hypothesis import strategies as some

from pipeline.cluster.content.content_eviction import StoredContent, choose


def contents(sizes: list[int]) -> list[StoredContent]:
    return [StoredContent(f"blake3:{number}", size, float(number)) for number, size in enumerate(sizes)]


def test_the_least_recently_used_goes_first() -> None:
    first, second, _ = contents([5, 5, 5])
    assert choose(contents([5, 5, 5]), 6, ()) == [first, second]


def test_what_is_in_use_stays() -> None:
    _, second, _ = contents([5, 5, 5])
    assert choose(contents([5, 5, 5]), 5, {"blake3:0"}) == [second]


def test_where_that_is_not_enough_nothing_goes() -> None:
    assert choose(contents([5, 5]), 6, {"blake3:0"}) is None


def test_where_nothing_is_needed_nothing_goes() -> None:
    assert choose(contents([5]), 0, ()) == []


@given(some.lists(some.integers(0, 9)), some.integers(-3, 40), some.sets(some.integers(0, 9)))
def test_enough_goes_and_not_one_more(sizes: list[int], needed: int, held: set[int]) -> None:
    names = {f"blake3:{number}" for number in held}
    chosen = choose(contents(sizes), needed, names)
    if chosen is None:
        assert sum(each.size for each in contents(sizes) if each.digest not in names) < needed
    else:
        freed = [each.size for each in chosen]
        assert sum(freed) >= needed
        assert not freed or sum(freed[:-1]) < needed
        assert not names & {each.digest for each in chosen}
