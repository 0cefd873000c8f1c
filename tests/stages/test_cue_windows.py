import cue_windows
from subtitling.cues import Cue

BASE = [Cue(1000 * n, 1000 * n + 900, text) for n, text in enumerate("abcdef")]


def made(*changed: Cue, without: tuple[int, ...] = ()) -> list[Cue]:
    left = [cue for number, cue in enumerate(BASE) if number not in without]
    return sorted([*left, *changed], key=lambda cue: cue.start)


def test_a_change_outside_of_the_windows_counts_for_nothing() -> None:
    other = made(Cue(1000, 1900, "B"), Cue(4000, 4900, "E"), without=(1, 4))
    (change,) = cue_windows.changes(BASE, other, [(4.2, 4.5)])
    assert (change.before, change.after) == ((BASE[4],), (Cue(4000, 4900, "E"),))
    assert [cue.text for cue in cue_windows.replaced(BASE, [change])] == ["a", "b", "c", "d", "E", "f"]


def test_a_change_reaches_to_the_next_cue_that_both_have() -> None:
    other = made(Cue(2000, 2500, "c1"), Cue(2500, 3900, "c2 d"), without=(2, 3))
    (change,) = cue_windows.changes(BASE, other, [(3.0, 3.5)])
    assert change.before == (BASE[2], BASE[3])
    assert [cue.text for cue in cue_windows.replaced(BASE, [change])] == ["a", "b", "c1", "c2 d", "e", "f"]


def test_a_cue_may_go_or_come() -> None:
    (gone,) = cue_windows.changes(BASE, made(without=(2,)), [(2.0, 2.9)])
    assert (gone.before, gone.after) == ((BASE[2],), ())
    (come,) = cue_windows.changes(BASE, made(Cue(6000, 7000, "g")), [(6.0, 7.0)])
    assert (come.before, come.after) == ((), (Cue(6000, 7000, "g"),))


def test_the_cues_of_a_person_at_that_time() -> None:
    change = cue_windows.ChangedCues((BASE[2],), (Cue(2000, 2900, "C"),))
    own = [Cue(1000, 1900, "mine"), Cue(2100, 2950, "mine, too"), Cue(2950, 4000, "after")]
    assert cue_windows.at_time_of(change, own) == [own[1]]


def test_what_says_the_same_at_nearly_the_same_time_stays_as_it_was() -> None:
    other = made(Cue(1100, 1950, "b"), Cue(2000, 2900, "C"), Cue(3050, 3900, "d"), without=(1, 2, 3))
    (change,) = cue_windows.changes(BASE, other, [(1.0, 4.0)])
    assert (change.before, change.after) == ((BASE[2],), (Cue(2000, 2900, "C"),))
    assert cue_windows.changes(BASE, made(Cue(1100, 1950, "b"), without=(1,)), [(1.0, 2.0)]) == []
