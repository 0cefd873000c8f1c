from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.host.gpus import HIDDEN, Gpu
from pipeline.host.machine import Machine
from pipeline.host.resources import Grant, Ledger, NoGpus, impossible, together
from pipeline.host.run_limits import RunLimits
from pipeline.policy import ResourceRequest

GIB = 1 << 30
CARDS = (Gpu("GPU-0", "Test Card", 24 * GIB), Gpu("GPU-1", "Test Card", 24 * GIB))
MACHINE = Machine(cpus=4, memory=16 * GIB, gpus=CARDS)


class FakeLease:
    descriptor = 0

    def __init__(self, pool: "FakeAllocator", names: list[str]) -> None:
        self.variables = {"CUDA_VISIBLE_DEVICES": ",".join(names)}
        self._pool, self._names = pool, names

    def release(self) -> None:
        self._pool.used -= set(self._names)

    def hand_over(self) -> None:
        """Whoever has it keeps it."""


class FakeAllocator:
    """Whole cards of one process."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def lease(self, gpus: Sequence[Gpu], count: int, memory: int | None) -> FakeLease | None:
        free = [card.uuid for card in gpus if card.uuid not in self.used][:count]
        if len(free) < count:
            return None
        self.used |= set(free)
        return FakeLease(self, free)


def ledger(machine: Machine = MACHINE, limits: RunLimits = RunLimits()) -> Ledger:  # noqa: B008  # frozen
    return Ledger(machine, limits, FakeAllocator())


def taken(book: Ledger, request: ResourceRequest) -> Grant:
    grant = book.take(request)
    assert grant is not None
    return grant


def test_there_is_as_much_as_the_machine_has_and_no_more() -> None:
    book = ledger()
    grants = [taken(book, ResourceRequest(cpus=1)) for _ in range(4)]
    assert book.take(ResourceRequest(cpus=1)) is None
    book.give_back(grants[0])
    assert book.take(ResourceRequest(cpus=1)) is not None


def test_cards_may_be_added_where_the_first_jobs_wanted_none() -> None:
    book = Ledger(Machine(cpus=4, memory=16 * GIB), RunLimits(), NoGpus())
    taken(book, ResourceRequest(cpus=3))
    assert not book.has_cards
    assert book.impossible(ResourceRequest(gpus=1)) is not None
    book.add_cards(CARDS, FakeAllocator())
    assert book.has_cards
    assert taken(book, ResourceRequest(gpus=1)).variables == {"CUDA_VISIBLE_DEVICES": "GPU-0"}
    assert book.take(ResourceRequest(cpus=1)) is None


def test_a_limit_is_less_than_the_machine() -> None:
    book = ledger(limits=RunLimits(cpus=1, memory=GIB))
    taken(book, ResourceRequest(cpus=1))
    assert book.take(ResourceRequest(cpus=0.5)) is None


def test_a_limit_beyond_the_machine_gives_no_more() -> None:
    assert taken(ledger(limits=RunLimits(cpus=99)), ResourceRequest(cpus="all")).cpus == 4


def test_all_cpus_are_those_that_the_run_may_use() -> None:
    book = ledger(limits=RunLimits(cpus=3))
    small = taken(book, ResourceRequest(cpus=0.1))
    assert book.take(ResourceRequest(cpus="all")) is None
    book.give_back(small)
    assert taken(book, ResourceRequest(cpus="all")).cpus == 3
    assert book.take(ResourceRequest(cpus=0.1)) is None


def test_more_cpus_than_there_are_become_all_of_them() -> None:
    assert ledger().impossible(ResourceRequest(cpus=64)) is None
    assert taken(ledger(), ResourceRequest(cpus=64)).cpus == 4


def test_memory_is_counted() -> None:
    book = ledger()
    taken(book, ResourceRequest(cpus=0, memory=10 * GIB))
    assert book.take(ResourceRequest(cpus=0, memory=7 * GIB)) is None
    taken(book, ResourceRequest(cpus=0, memory=6 * GIB))


def test_parts_of_a_cpu_leave_no_dust() -> None:
    book = ledger(Machine(cpus=1, memory=0))
    for _ in range(100):
        grants = [taken(book, ResourceRequest(cpus=0.1)) for _ in range(10)]
        assert book.take(ResourceRequest(cpus=0.001)) is None
        for grant in (grants[::3], grants[1::3], grants[2::3]):
            for each in grant:
                book.give_back(each)
    taken(book, ResourceRequest(cpus="all"))


def test_what_was_given_back_can_not_be_given_back_again() -> None:
    book = ledger()
    grant = taken(book, ResourceRequest())
    book.give_back(grant)
    with pytest.raises(KeyError):
        book.give_back(grant)


def test_a_card_is_given_by_identity_and_comes_back() -> None:
    book = ledger()
    first, second = (taken(book, ResourceRequest(gpus=1)) for _ in range(2))
    assert [grant.variables["CUDA_VISIBLE_DEVICES"] for grant in (first, second)] == ["GPU-0", "GPU-1"]
    assert book.take(ResourceRequest(gpus=1)) is None
    book.give_back(first)
    assert taken(book, ResourceRequest(gpus=1)).variables == {"CUDA_VISIBLE_DEVICES": "GPU-0"}


def test_a_run_may_use_fewer_cards_than_there_are() -> None:
    book = ledger(limits=RunLimits(gpus=1))
    taken(book, ResourceRequest(gpus=1))
    assert book.take(ResourceRequest(gpus=1)) is None


def test_cards_that_another_run_has_are_waited_for() -> None:
    cards = FakeAllocator()
    ours, other = Ledger(MACHINE, RunLimits(), cards), Ledger(MACHINE, RunLimits(), cards)
    theirs = taken(other, ResourceRequest(gpus=2))
    assert ours.take(ResourceRequest(gpus=1, cpu_will_do=True)) is None
    other.give_back(theirs)
    assert taken(ours, ResourceRequest(gpus=1)).gpus == 1


def test_a_lease_that_is_refused_takes_nothing_else() -> None:
    cards = FakeAllocator()
    taken(Ledger(MACHINE, RunLimits(), cards), ResourceRequest(gpus=2))
    book = Ledger(MACHINE, RunLimits(), cards)
    assert book.take(ResourceRequest(cpus="all", gpus=1)) is None
    assert taken(book, ResourceRequest(cpus="all")).cpus == 4


@pytest.mark.parametrize(
    ("request_", "machine", "limits"),
    [
        (ResourceRequest(gpus=3, cpu_will_do=True), MACHINE, RunLimits()),
        (ResourceRequest(gpus=1, gpu_memory=40 * GIB, cpu_will_do=True), MACHINE, RunLimits()),
        (ResourceRequest(gpus=1, cpu_will_do=True), MACHINE, RunLimits(gpus=0)),
    ],
)
def test_a_stage_that_makes_do_with_the_cpu_sees_no_card(
    request_: ResourceRequest, machine: Machine, limits: RunLimits
) -> None:
    grant = taken(ledger(machine, limits), request_)
    assert (grant.gpus, grant.variables) == (0, HIDDEN)


def test_where_there_is_no_card_nothing_has_to_be_hidden() -> None:
    assert taken(ledger(Machine(4, GIB)), ResourceRequest(gpus=1, cpu_will_do=True)).variables == {}


@pytest.mark.parametrize(
    ("request_", "machine", "limits", "reason"),
    [
        (ResourceRequest(memory=64 * GIB), MACHINE, RunLimits(), "needs 64 GiB of memory; this machine has 16 GiB"),
        (
            ResourceRequest(memory=9 * GIB),
            MACHINE,
            RunLimits(memory=8 * GIB),
            "needs 9 GiB of memory; this run may use (--limit) 8 GiB",
        ),
        (ResourceRequest(gpus=1), Machine(4, GIB), RunLimits(), "needs 1 GPU; this machine has no GPU"),
        (ResourceRequest(gpus=3), MACHINE, RunLimits(), "needs 3 GPUs; this machine has 2 GPUs"),
        (ResourceRequest(gpus=2), MACHINE, RunLimits(gpus=1), "needs 2 GPUs; this run may use (--limit) 1 GPU"),
        (
            ResourceRequest(gpus=1, gpu_memory=40 * GIB),
            MACHINE,
            RunLimits(),
            "needs 1 GPU with 40 GiB of memory; this machine has Test Card (24 GiB), Test Card (24 GiB)",
        ),
    ],
)
def test_what_can_never_be_met_is_told_with_the_reason(
    request_: ResourceRequest, machine: Machine, limits: RunLimits, reason: str
) -> None:
    assert impossible(request_, machine, limits) == reason
    with pytest.raises(AssertionError, match="needs"):
        ledger(machine, limits).take(request_)


def test_a_card_without_a_size_serves_any_request() -> None:
    machine = Machine(1, GIB, (Gpu("MIG-1", "MIG slice", None),))
    assert impossible(ResourceRequest(gpus=1, gpu_memory=40 * GIB), machine, RunLimits()) is None


requests = st.builds(
    ResourceRequest,
    cpus=st.one_of(st.just("all"), st.floats(0, 9)),
    memory=st.integers(0, 16 * GIB),
    gpus=st.integers(0, 2),
    cpu_will_do=st.booleans(),
)
limits = st.builds(
    RunLimits,
    cpus=st.none() | st.integers(1, 9),
    memory=st.none() | st.integers(0, 32 * GIB),
    gpus=st.none() | st.integers(0, 3),
)


@given(limits, st.lists(requests | st.integers(0, 9), max_size=40))
def test_no_order_of_taking_and_giving_back_exceeds_a_limit(
    given: RunLimits, acts: list[ResourceRequest | int]
) -> None:
    book, held = ledger(limits=given), list[Grant]()
    for act in acts:
        if isinstance(act, int):
            for grant in held[act : act + 1]:
                book.give_back(grant)
            del held[act : act + 1]
        elif impossible(act, MACHINE, given) is None:
            held += filter(None, [book.take(act)])
        assert sum(grant.cpus for grant in held) <= min(4, given.cpus or 4) + 0.001 * len(held)
        assert sum(grant.memory for grant in held) <= min(16 * GIB, 16 * GIB if given.memory is None else given.memory)
        assert sum(grant.gpus for grant in held) <= min(2, 2 if given.gpus is None else given.gpus)
    for grant in held:
        book.give_back(grant)
    assert book.take(ResourceRequest(cpus="all")) is not None


def test_a_service_is_counted_once_and_leaves_a_cpu_to_the_stages() -> None:
    book = ledger(Machine(cpus=2, memory=8 * GIB))
    first = taken(book, ResourceRequest(cpus="all", memory=GIB))
    held = book.hold([ResourceRequest(cpus=4, memory=3 * GIB)], first)
    assert held is not None
    assert [(grant.cpus, grant.memory) for grant in held] == [(1, 3 * GIB)]
    book.give_back(first)
    stage = taken(book, ResourceRequest(cpus="all", memory=5 * GIB))
    assert stage.cpus == 1
    assert book.take(ResourceRequest(cpus=0, memory=GIB)) is None
    book.give_back(held[0])
    assert taken(book, ResourceRequest(cpus=1, memory=GIB)).cpus == 1


def test_services_get_all_that_they_need_or_nothing() -> None:
    book = ledger(Machine(cpus=2, memory=8 * GIB))
    stage = taken(book, ResourceRequest(memory=GIB))
    assert book.hold([ResourceRequest(memory=4 * GIB), ResourceRequest(memory=4 * GIB)], stage) is None
    assert book.hold([ResourceRequest(memory=7 * GIB)], stage) is not None


def test_a_machine_with_one_cpu_has_room_for_a_service() -> None:
    book = ledger(Machine(cpus=1, memory=8 * GIB))
    stage = taken(book, ResourceRequest())
    held = book.hold([ResourceRequest()], stage)
    assert held is not None
    assert held[0].cpus == 0


def test_what_a_stage_and_its_services_need_together_may_be_too_much() -> None:
    request = together(ResourceRequest(memory=10 * GIB), [ResourceRequest(memory=10 * GIB)])
    assert "needs 20 GiB of memory" in str(impossible(request, MACHINE, RunLimits()))
    assert impossible(together(ResourceRequest(cpus=4), [ResourceRequest(cpus=4)]), MACHINE, RunLimits()) is None
    assert impossible(together(ResourceRequest(gpus=2), [ResourceRequest(gpus=1)]), MACHINE, RunLimits()) is not None


def test_the_cards_of_a_service_are_handed_over_and_count_until_it_is_let_go_of() -> None:
    book = ledger()
    stage = taken(book, ResourceRequest())
    (held,) = book.hold([ResourceRequest(gpus=1)], stage) or ()
    without = book.hand_over(held)
    assert (without.lease, without.variables) == (None, held.variables)
    assert book.take(ResourceRequest(gpus=2)) is None
    book.give_back(without)
    assert book.take(ResourceRequest(gpus=2)) is None  # its supervisor still has the card
    assert book.take(ResourceRequest(gpus=1)) is not None
