"""Services in a run: when they are started, who waits for them, and what becomes of those that use one that dies."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import NotReady, StageError
from pipeline.executors import Invocation, StageReport
from pipeline.files import read_json
from pipeline.host.machine import Machine
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedService, PlannedStage
from pipeline.jobs.state import Status
from pipeline.run import service_connection, service_orders
from pipeline.run.run_bounds import Bounds
from pipeline.services.client import SUPERVISOR_ENDED
from pipeline.services.definition import ServiceDefinition, ServiceProbe, TcpProbe
from pipeline.services.order import ServiceOrder
from pipeline.services.status import FailureKind, ServiceFailure, ServiceState, ServiceStatus
from pipeline.values import ValidationError, plain, replace
from tests.jobs.helpers import a_stage
from tests.run.helpers import DONE, FAILS, HANGS, Act, Bench, events, fan_out, link, lister, listing, statuses

LATER = 4e9  # seconds since 1970
STARTING = ServiceStatus(state=ServiceState.STARTING, message="loading", started_at=LATER)
READY = ServiceStatus(
    state=ServiceState.READY, urls={"http": "http://127.0.0.1:1"}, token="secret-token", log="/l", started_at=LATER
)
AGAIN = replace(READY, urls={"http": "http://127.0.0.1:2"}, token="second-token", restarts=1)
ENDED = ServiceStatus(state=ServiceState.ENDED)


def failed(kind: FailureKind, text: str = "it said no") -> ServiceStatus:
    return ServiceStatus(state=ServiceState.FAILED, failure=ServiceFailure(kind, text, ("last words",)))


class FakeClient:
    """A service that is as it is told."""

    def __init__(self, order: ServiceOrder, statuses: Sequence[ServiceStatus]) -> None:
        self.order = order
        self.is_closed = False
        self.has_started = not statuses[0].started_at or statuses[0].started_at == LATER
        self._ours, self._theirs = socket.socketpair()
        self._statuses = [*statuses]
        self._last = self._statuses[0]
        if len(self._statuses) > 1:
            self._ours.send(b".")

    def say(self, *statuses: ServiceStatus) -> None:
        self._statuses += statuses
        self._ours.send(b".")

    @property
    def has_more(self) -> bool:
        return bool(self._statuses)

    def fileno(self) -> int:
        return self._theirs.fileno()

    def status(self) -> ServiceStatus:
        """The next one; the descriptor stays readable as long as there are more."""
        if self._statuses:
            self._last = self._statuses.pop(0)
        if not self._statuses:
            self._theirs.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                self._theirs.recv(100)
        return self._last

    def close(self) -> None:
        self.is_closed = True
        self._ours.close()
        self._theirs.close()


class Services:
    """All that were connected to, in their order."""

    def __init__(self) -> None:
        self.clients: list[FakeClient] = []
        self.beginnings: list[Sequence[ServiceStatus]] = []  # of each connection; the last is repeated

    def connect(self, _runtime: Path, order: ServiceOrder, keeping: Sequence[int] = ()) -> FakeClient:
        statuses = self.beginnings.pop(0) if len(self.beginnings) > 1 else self.beginnings[0]
        self.clients.append(FakeClient(order, statuses))
        return self.clients[-1]

    def say(self, *statuses: ServiceStatus) -> Callable[[], None]:
        """Lets the last one change; returns when the run was told, since time passes only as the run waits."""

        def change() -> None:
            self.clients[-1].say(*statuses)
            while self.clients[-1].has_more:
                time.sleep(0.001)
            time.sleep(0.05)

        return change


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    services = Services()
    services.beginnings = [[STARTING, READY]]
    monkeypatch.setattr(service_connection, "connect", services.connect)
    definition = ServiceDefinition(ready=ServiceProbe(TcpProbe()))
    monkeypatch.setattr(service_orders, "definition_of", lambda _project, _uses: definition)
    yield services
    assert all(client.is_closed for client in services.clients), "a run lets go of its services"


def user(name: str, *needs: str, service: str = "server", **fields: Any) -> PlannedStage:
    return link(name, *needs, services={"api": service}, **fields)


def server(name: str = "server", **fields: Any) -> dict[str, Any]:
    stage = a_stage(name, **{"inputs": {}, "outputs": {}, "parameters": {"of": name}, **fields})
    planned: dict[str, Any] = plain(PlannedService(stage))
    return planned


def job(bench: Bench, *stages: PlannedStage, services: Sequence[dict[str, Any]] = ()) -> PlannedJob:
    return bench.job(*stages, services=services or [server()])


def invocation(job: PlannedJob, stage: str, attempt: int = 1) -> Any:
    return read_json(job.attempts(stage) / f"{attempt}/invocation.json")


def test_a_stage_starts_when_its_service_is_ready_and_gets_its_address(bench: Bench, services: Services) -> None:
    made = job(bench, user("ask"))
    seen: list[Invocation] = []
    bench.run_one(made, during=lambda executor: setattr(executor, "on_start", seen.append))
    assert invocation(made, "ask")["services"] == {"api": {"http": "http://127.0.0.1:1"}}
    assert seen[0].secrets == (("service.api", "secret-token"),)
    assert [each for each in events(made) if "service" in each] == ["service_started", "service_ready", "service_ended"]
    assert bench.listener.of("waits")[0] == ("ask", "its service 'server' isn't ready yet")
    assert all("secret-token" not in path.read_text("utf-8") for path in made.folder.rglob("*.json*"))


def test_ten_stages_and_two_jobs_share_one_service(bench: Bench, services: Services) -> None:
    bench.machine = Machine(4, 8 << 30)
    jobs = [job(bench, *(user(f"{name}{n}") for n in range(5))) for name in ("a", "b")]
    outcomes = bench.run(*jobs)
    assert [outcome.error for outcome in outcomes.values()] == [None, None]
    assert len(services.clients) == 1
    assert bench.executor.most == 3  # the service has one of four CPUs, once
    assert all(events(each).count("service_started") == 1 for each in jobs)


def test_what_is_reused_starts_no_service(bench: Bench, services: Services) -> None:
    made = job(bench, user("ask"), link("after", "ask"))
    bench.run_one(made)
    services.beginnings = [[ENDED]]
    assert bench.run_one(made).error is None
    assert bench.run_one(job(bench, user("ask"), link("after", "ask"))).error is None  # from the store
    assert len(services.clients) == 1


def test_a_service_that_cannot_start_fails_its_stages_and_nothing_else(bench: Bench, services: Services) -> None:
    services.beginnings = [[STARTING, failed(FailureKind.NOT_READY, "it wasn't ready within 3 s")]]
    made = job(bench, user("ask"), user("other"), link("after", "ask"), link("lone"))
    error = bench.run_one(made).error
    assert isinstance(error, NotReady)
    assert "it wasn't ready within 3 s" in error.message
    assert "last words" in error.message
    assert statuses(made) == {"ask": "failed", "other": "failed", "after": "skipped", "lone": "finished"}
    assert {kind for _, kind in events(made, "reason", "kind")} == {"service not ready", "not-ready"}
    assert bench.executor.stages() == ["lone"]


def test_a_stage_whose_service_dies_is_repeated_once_without_a_retry_of_its_own(
    bench: Bench, services: Services
) -> None:
    dying = FAILS.then(first=services.say(STARTING, AGAIN))
    made = job(bench, user("ask"))
    assert bench.run_one(made, ask=[dying, DONE]).error is None
    assert bench.executor.stages() == ["ask", "ask"]
    assert invocation(made, "ask", 2)["services"] == {"api": {"http": "http://127.0.0.1:2"}}
    assert events(made, "reason", "kind")[0][1] == "service lost"


def test_it_is_repeated_once_and_not_for_ever(bench: Bench, services: Services) -> None:
    third = replace(READY, urls={"http": "http://127.0.0.1:3"}, restarts=2)
    acts = [FAILS.then(first=services.say(STARTING, each)) for each in (AGAIN, third)]
    made = job(bench, user("ask", retries={"attempts": 5}))
    error = bench.run_one(made, ask=acts).error
    assert bench.executor.stages() == ["ask", "ask"]
    assert isinstance(error, StageError)
    assert "its service 'server' was lost while it ran" in error.message


def test_a_stage_that_fails_by_itself_is_to_blame(bench: Bench, services: Services) -> None:
    made = job(bench, user("ask", retries={"attempts": 2, "backoff": 0}))
    error = bench.run_one(made, ask=FAILS).error
    assert isinstance(error, StageError)
    assert "not today" in error.message
    assert [kind for (kind,) in events(made, "kind")] == ["stage error"] * 2


def test_an_unusable_input_is_no_fault_of_the_service(bench: Bench, services: Services) -> None:
    act = Act(returncode=5, says=(StageReport(error="no audio"),), first=services.say(STARTING, AGAIN))
    made = job(bench, user("ask"))
    bench.run_one(made, ask=act)
    assert events(made, "reason", "kind")[0][1] == "input unusable"


def test_stages_that_use_a_service_which_wont_come_back_are_ended(bench: Bench, services: Services) -> None:
    act = HANGS.then(first=services.say(STARTING, failed(FailureKind.CRASHED)))
    made = job(bench, user("ask"), link("lone", parameters={"of": "lone"}))
    error = bench.run_one(made, ask=act).error
    assert isinstance(error, NotReady)  # of the second try
    assert statuses(made) == {"ask": "failed", "lone": "finished"}


@pytest.mark.parametrize("end", [ENDED, failed(FailureKind.CRASHED, SUPERVISOR_ENDED)])
def test_a_service_that_was_stopped_is_started_anew_for_the_next_try(
    bench: Bench, services: Services, end: ServiceStatus
) -> None:
    made = job(bench, user("ask"))
    assert bench.run_one(made, ask=[FAILS.then(first=services.say(end)), DONE]).error is None
    assert len(services.clients) == 2


def test_a_service_is_held_until_the_last_stage_that_may_need_it(bench: Bench, services: Services) -> None:
    closed: list[bool] = []
    look = Act(first=lambda: closed.append(services.clients[0].is_closed))
    made = job(bench, user("ask"), link("between", "ask"), user("last", "between"), link("after", "last"))
    bench.run_one(made, between=look, after=look)
    assert closed == [False, True]
    assert len(services.clients) == 1


def test_services_of_two_stages_that_dont_fit_together_come_one_after_the_other(
    bench: Bench, services: Services
) -> None:
    big = {"resources": {"memory": 5 << 30}}
    stages = [user("a", service="one"), user("b", service="two"), user("c", "a", "b", service="one")]
    made = job(bench, *stages, services=[server("one", **big), server("two", **big)])
    assert bench.run_one(made).error is None
    assert len(services.clients) >= 3


def test_a_stage_that_never_fits_beside_its_service_is_told(bench: Bench, services: Services) -> None:
    made = job(
        bench,
        user("ask", resources={"memory": 5 << 30}),
        services=[server(resources={"memory": 5 << 30})],
    )
    error = bench.run_one(made).error
    assert isinstance(error, NotReady)
    assert "with its services needs 10 GiB" in error.message
    assert services.clients == []


def test_an_idle_service_makes_room_for_what_fits_only_without_it(bench: Bench, services: Services) -> None:
    stages = [user("ask"), link("huge", "ask", resources={"memory": 7 << 30}), user("last", "huge")]
    made = job(bench, *stages, services=[server(resources={"memory": 2 << 30})])
    assert bench.run_one(made).error is None
    assert len(services.clients) == 2


def test_a_run_with_one_cpu_has_its_services(bench: Bench, services: Services) -> None:
    bench.machine = Machine(1, 8 << 30)
    assert bench.run_one(job(bench, user("ask"), user("more"))).error is None


def test_nothing_of_the_run_itself_is_in_what_the_service_gets(bench: Bench, services: Services) -> None:
    bench.run_one(job(bench, user("ask")))
    order = services.clients[0].order
    assert "PIPELINE_RUN" not in order.variables
    assert order.invocation["arguments"]["parameters"] == {"of": "server"}
    assert (order.name, order.project) == ("copy", os.fspath(bench.project.root))


def test_with_keep_going_off_a_service_that_fails_ends_the_run(bench: Bench, services: Services) -> None:
    services.beginnings = [[failed(FailureKind.EXITED_EARLY)]]
    made = job(bench, user("ask"), link("lone", resources={"cpus": 4}))
    bench.run_one(made, bounds=Bounds(keep_going=False, max_parallel=1))
    assert "failed" in statuses(made).values()


def test_all_members_of_a_fan_out_share_the_service(bench: Bench, services: Services) -> None:
    made = job(bench, lister(), fan_out("part", services={"api": "server"}), link("after"))
    assert bench.run_one(made, split=listing(1, 2, 3)).error is None
    assert len(services.clients) == 1
    assert invocation(made, "part_0001")["services"] == {"api": {"http": "http://127.0.0.1:1"}}


def test_a_fan_out_without_members_starts_no_service(bench: Bench, services: Services) -> None:
    made = job(bench, lister(), fan_out("part", services={"api": "server"}))
    assert bench.run_one(made, split=listing()).error is None
    assert services.clients == []


def test_a_job_that_is_cancelled_while_its_service_starts_lets_go_of_it(bench: Bench, services: Services) -> None:
    services.beginnings = [[STARTING]]
    made = job(bench, user("ask"), link("lone"))
    bench.run_one(made, lone=bench.cancelling(made))
    assert made.state().status is Status.CANCELLED


def test_a_service_of_another_run_is_counted_by_that_one(bench: Bench, services: Services) -> None:
    bench.machine = Machine(2, 8 << 30)
    there = replace(READY, started_at=1.0)
    services.beginnings = [[there]]
    made = job(bench, user("a"), user("b"))
    bench.run_one(made)
    assert bench.executor.most == 2
    assert [shared for (shared,) in events(made, "shared")] == [True]


def test_a_supervisor_of_another_version_fails_its_stages_and_not_the_run(
    bench: Bench, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: FakeClient) -> ServiceStatus:
        raise ValidationError("unknown field")

    monkeypatch.setattr(FakeClient, "status", refuse)
    made = job(bench, user("ask"), link("lone"))
    error = bench.run_one(made).error
    assert isinstance(error, NotReady)
    assert "pipeline service stop" in error.message
    assert statuses(made) == {"ask": "failed", "lone": "finished"}


def test_a_service_that_says_each_percent_is_told_of_now_and_then(bench: Bench, services: Services) -> None:
    services.beginnings = [[*(replace(STARTING, message=f"{n} %") for n in range(50)), READY]]
    bench.run_one(job(bench, user("ask")))
    assert [text for _, text in bench.listener.of("waits")][-1:] != []
    assert len(bench.listener.of("waits")) < 4
