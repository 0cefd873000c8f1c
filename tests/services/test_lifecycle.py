"""Every course of events, without a process and without a clock."""

import pytest

from pipeline.services.definition import CommandProbe, HttpProbe, NotifyProbe, ServiceDefinition, ServiceProbe, Stop
from pipeline.services.events import (
    Action,
    BeginTry,
    Finish,
    Happening,
    KillRequest,
    KillTree,
    Notification,
    ProgramEnd,
    RestartRequest,
    SendSignal,
    StartFailure,
    StartProgram,
    StopRequest,
    Timer,
    TreeEnd,
    TryResult,
    UserCount,
)
from pipeline.services.lifecycle import Lifecycle
from pipeline.services.status import FailureKind, ServiceState

PROBED = ServiceDefinition(ready=ServiceProbe(HttpProbe("/"), start_timeout=10.0), stop=Stop("INT", 5.0))
NOTIFIED = ServiceDefinition(ready=ServiceProbe(NotifyProbe(), start_timeout=10.0))
WATCHED = ServiceDefinition(ready=ServiceProbe(NotifyProbe()), alive=ServiceProbe(NotifyProbe(), period=3.0))
ALIVE = ServiceDefinition(
    ready=ServiceProbe(NotifyProbe()),
    alive=ServiceProbe(HttpProbe("/"), period=2.0, failure_threshold=2, grace=5.0),
)


class Course:
    """A service with one user, and a clock that is moved."""

    def __init__(self, definition: ServiceDefinition, users: int = 1) -> None:
        self.now = 100.0
        self.lifecycle = Lifecycle(definition, self.now)
        self.actions: list[Action] = []
        self.happens(Timer())
        if users:
            self.happens(UserCount(users))
        assert self.taken() == [StartProgram()]

    def happens(self, event: Happening) -> None:
        self.actions += self.lifecycle.handle(event, self.now)

    def passes(self, seconds: float) -> None:
        """Timers come when they are due."""
        end = self.now + seconds
        while (due := self.lifecycle.due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.happens(Timer())
        self.now = end

    def taken(self) -> list[Action]:
        actions, self.actions = self.actions, []
        return actions

    def is_ready(self) -> None:
        self.happens(Notification(is_ready=True))
        self.taken()
        assert self.lifecycle.state is ServiceState.READY

    def state(self) -> ServiceState:
        return self.lifecycle.state

    @property
    def kind(self) -> FailureKind | None:
        return self.lifecycle.failure[0] if self.lifecycle.failure else None


def test_it_is_asked_again_and_again_until_it_is_well() -> None:
    course = Course(PROBED)
    for _ in range(3):
        course.passes(0.05)
        assert course.taken() == [BeginTry(PROBED.ready)]
        course.happens(TryResult(False, "503"))
    course.passes(0.05)
    course.happens(TryResult(True))
    assert course.state() is ServiceState.READY


def test_tries_slow_down_to_the_period_after_a_while() -> None:
    long = ServiceDefinition(ready=ServiceProbe(HttpProbe("/"), period=1.0, start_timeout=1000.0))
    course = Course(long)
    tries = 0
    for _ in range(1000):
        course.passes(0.1)
        if course.taken():
            tries += 1
            course.happens(TryResult(False, "503"))
    assert 300 + 60 <= tries <= 620 + 80  # 30 s with one every 50 ms, seen at every 100 ms; then one a second


def test_tries_that_no_program_notices_never_slow_down() -> None:
    long = ServiceDefinition(ready=ServiceProbe(HttpProbe("/"), period=1.0, start_timeout=1000.0))
    course = Course(long)
    for _ in range(2000):
        course.passes(0.05)
        assert course.taken() == [BeginTry(long.ready)]
        course.happens(TryResult(False, "nothing listens", was_noticed=False))


@pytest.mark.parametrize(("takes", "pause"), [(0.002, 0.04), (0.02, 0.2), (0.2, 0.4)])
def test_a_command_is_asked_as_often_as_it_is_cheap(takes: float, pause: float) -> None:
    course = Course(ServiceDefinition(ready=ServiceProbe(CommandProbe(("x",)), period=0.4)))
    pauses = []
    for _ in range(4):
        due = course.lifecycle.due()
        assert due is not None
        pauses.append(round(due - course.now, 3))
        course.passes(pauses[-1])
        course.passes(takes)
        course.happens(TryResult(False))
    assert pauses == [0.04, pause, pause, pause]


def test_no_second_try_begins_while_one_is_under_way() -> None:
    course = Course(PROBED)
    course.passes(1.0)
    assert course.taken() == [BeginTry(PROBED.ready)]


def test_several_answers_in_a_row_may_be_wanted() -> None:
    course = Course(ServiceDefinition(ready=ServiceProbe(HttpProbe("/"), success_threshold=2)))
    for is_well in (True, False, True):
        course.passes(0.05)
        course.happens(TryResult(is_well))
        assert course.state() is ServiceState.STARTING
    course.passes(0.05)
    course.happens(TryResult(True))
    assert course.state() is ServiceState.READY


def test_one_that_is_never_ready_is_ended_and_has_failed_with_its_last_answer() -> None:
    course = Course(PROBED)
    course.passes(0.05)
    course.happens(TryResult(False, "/ was answered with 503"))
    course.passes(10.0)
    assert course.taken()[-1] == SendSignal("INT")
    assert course.state() is ServiceState.STOPPING
    course.happens(ProgramEnd(0))
    assert course.taken() == [Finish()]
    assert (course.state(), course.kind) == (ServiceState.FAILED, FailureKind.NOT_READY)
    assert course.lifecycle.failure is not None
    assert "503" in course.lifecycle.failure[1]


def test_who_says_what_it_is_at_gets_more_time() -> None:
    course = Course(NOTIFIED)
    for number in range(5):
        course.passes(8.0)
        course.happens(Notification(status=f"layer {number}"))
    assert course.state() is ServiceState.STARTING
    course.passes(10.0)
    assert course.state() is ServiceState.STOPPING


def test_the_same_words_again_give_no_more_time() -> None:
    course = Course(NOTIFIED)
    for _ in range(3):
        course.passes(4.0)
        course.happens(Notification(status="loading"))
    course.passes(4.0)
    assert course.state() is ServiceState.STOPPING


def test_more_time_can_be_asked_for_but_not_without_end() -> None:
    course = Course(NOTIFIED)
    for _ in range(9):
        course.happens(Notification(extension=15.0))
        course.passes(11.0)
    assert course.state() is ServiceState.STARTING
    course.happens(Notification(extension=1e6))
    course.passes(2.0)
    assert course.state() is ServiceState.STOPPING


def test_what_notifies_isn_t_asked() -> None:
    course = Course(NOTIFIED)
    course.passes(5.0)
    assert course.taken() == []
    course.is_ready()


def test_its_own_word_has_it_asked_at_once_where_it_is_probed() -> None:
    course = Course(PROBED)
    course.happens(Notification(is_ready=True))
    assert course.taken() == [BeginTry(PROBED.ready)]
    assert course.state() is ServiceState.STARTING


def test_a_program_that_ends_early_is_started_twice_more_with_pauses() -> None:
    course = Course(PROBED)
    for pause in (1.0, 2.0):
        course.happens(ProgramEnd(1))
        assert course.taken() == [KillTree()]
        course.passes(pause - 0.01)
        assert course.taken() == []
        course.passes(0.02)
        assert course.taken() == [StartProgram()]
    course.happens(ProgramEnd(1))
    assert course.taken() == [KillTree(), Finish()]
    assert (course.state(), course.kind) == (ServiceState.FAILED, FailureKind.EXITED_EARLY)
    assert course.lifecycle.restarts == 2


def test_a_port_that_was_taken_is_replaced_at_once() -> None:
    course = Course(PROBED)
    course.happens(ProgramEnd(1, is_port_taken=True))
    assert course.taken() == [KillTree(), StartProgram(new_ports=True)]
    assert course.kind is FailureKind.PORT_TAKEN


def test_one_that_dies_while_ready_is_started_again_longer_and_longer_until_its_bound() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    pauses = []
    for _ in range(NOTIFIED.restarts):
        course.happens(ProgramEnd(-9))
        assert course.state() is ServiceState.STARTING
        due = course.lifecycle.due()
        assert due is not None
        pauses.append(due - course.now)
        course.passes(pauses[-1])
        course.is_ready()
    assert pauses == [1, 2, 4, 8, 16]
    course.happens(ProgramEnd(-9))
    assert (course.state(), course.kind) == (ServiceState.FAILED, FailureKind.CRASHED)


def test_pauses_end_at_a_minute() -> None:
    course = Course(ServiceDefinition(ready=ServiceProbe(NotifyProbe()), restarts=20))
    course.is_ready()
    for _ in range(10):
        course.happens(ProgramEnd(1))
        due = course.lifecycle.due()
        assert due is not None
        assert due - course.now <= 60
        course.passes(60)
        course.is_ready()


def test_one_that_was_ready_for_long_begins_to_count_again() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    for _ in range(20):
        course.passes(61)
        course.happens(ProgramEnd(1))
        course.passes(1.0)
        assert course.taken()[-1] == StartProgram()
        course.is_ready()


def test_a_crash_that_nobody_sees_is_the_end() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    course.happens(UserCount(0))
    course.happens(ProgramEnd(1))
    assert course.taken() == [KillTree(), Finish()]
    assert (course.state(), course.kind) == (ServiceState.ENDED, FailureKind.CRASHED)


def test_what_can_t_be_started_has_failed() -> None:
    course = Course(NOTIFIED)
    course.happens(StartFailure("no such file"))
    assert course.taken() == [Finish()]
    assert (course.state(), course.kind) == (ServiceState.FAILED, FailureKind.START_FAILED)


def test_it_ends_when_nobody_used_it_for_long_enough() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    course.passes(1000)
    course.happens(UserCount(0))
    course.passes(59)
    course.happens(UserCount(1))
    course.passes(59)
    course.happens(UserCount(0))
    course.passes(59.9)
    assert course.taken() == []
    course.passes(0.2)
    assert course.taken() == [SendSignal("TERM")]
    course.happens(ProgramEnd(0))
    assert course.taken() == [Finish()]
    assert (course.state(), course.kind) == (ServiceState.ENDED, None)


def test_the_first_user_has_some_time_to_come() -> None:
    course = Course(ServiceDefinition(ready=ServiceProbe(NotifyProbe()), idle_seconds=0.0), users=0)
    course.passes(9.0)
    assert course.state() is ServiceState.STARTING
    course.passes(2.0)
    assert course.state() is ServiceState.STOPPING


def test_who_comes_while_it_ends_for_want_of_users_gets_a_new_program() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    course.happens(UserCount(0))
    course.passes(61)
    course.happens(UserCount(1))
    course.taken()
    course.happens(ProgramEnd(0))
    assert course.taken() == [StartProgram()]


def test_who_comes_when_it_has_just_ended_gets_a_new_program() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    course.happens(UserCount(0))
    course.passes(61)
    course.happens(ProgramEnd(0))
    course.taken()
    course.happens(UserCount(1))
    assert course.taken() == [StartProgram()]
    assert course.state() is ServiceState.STARTING


def test_one_that_doesn_t_end_is_killed() -> None:
    course = Course(PROBED)
    course.happens(StopRequest())
    assert course.taken() == [SendSignal("INT")]
    course.passes(4.9)
    assert course.taken() == []
    course.passes(0.2)
    assert course.taken() == [KillTree()]
    course.passes(100)
    course.happens(ProgramEnd(-9))
    assert course.taken() == [Finish()]
    assert course.state() is ServiceState.ENDED


def test_one_that_is_to_end_at_once_is_killed() -> None:
    course = Course(PROBED)
    course.happens(StopRequest())
    course.happens(KillRequest())
    assert course.taken() == [SendSignal("INT"), KillTree()]
    course.happens(KillRequest())
    assert course.taken() == []
    course.happens(ProgramEnd(-9))
    assert course.taken() == [Finish()]


def test_what_a_program_leaves_at_its_end_is_asked_to_end_too() -> None:
    course = Course(PROBED)
    course.happens(StopRequest())
    course.happens(ProgramEnd(0, has_remains=True))
    assert course.taken() == [SendSignal("INT"), SendSignal("INT")]
    course.passes(1.0)
    course.happens(TreeEnd())
    assert course.taken() == [Finish()]


def test_one_that_is_asked_to_end_may_ask_for_time() -> None:
    course = Course(PROBED)
    course.happens(StopRequest())
    course.passes(4.0)
    course.happens(Notification(extension=20.0))
    course.taken()
    course.passes(19.0)
    assert course.taken() == []
    course.passes(2.0)
    assert course.taken() == [KillTree()]


def test_a_restart_ends_the_program_and_starts_another() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    course.happens(RestartRequest())
    assert course.taken() == [SendSignal("TERM")]
    course.happens(ProgramEnd(0))
    assert course.taken() == [StartProgram()]


def test_a_stop_during_a_restart_is_a_stop() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    course.happens(RestartRequest())
    course.happens(StopRequest())
    course.happens(ProgramEnd(0))
    assert course.taken()[-1] == Finish()


def test_a_restart_request_ends_a_pause() -> None:
    course = Course(NOTIFIED)
    course.happens(ProgramEnd(1))
    course.taken()
    course.happens(RestartRequest())
    assert course.taken() == [StartProgram()]


def test_a_watchdog_that_isn_t_heard_ends_the_program() -> None:
    course = Course(WATCHED)
    course.is_ready()
    for _ in range(5):
        course.passes(2.9)
        course.happens(Notification(is_alive=True))
    assert course.taken() == []
    course.passes(3.1)
    assert course.taken() == [SendSignal("TERM")]
    assert course.kind is FailureKind.NOT_ALIVE
    course.happens(ProgramEnd(0))
    course.passes(1.0)
    assert course.taken() == [StartProgram()]


def test_a_program_may_change_the_period_of_its_watchdog_and_call_itself_ill() -> None:
    course = Course(WATCHED)
    course.is_ready()
    course.happens(Notification(watchdog=50.0))
    course.passes(49.0)
    assert course.taken() == []
    course.happens(Notification(is_ill=True))
    assert course.taken() == [SendSignal("TERM")]


def test_only_failures_in_a_row_and_after_the_grace_count() -> None:
    course = Course(ALIVE)
    course.is_ready()
    for is_well in (False, False, False, True, False, True, False):
        course.passes(2.0)
        assert course.taken() == [BeginTry(ALIVE.alive)]  # type: ignore[arg-type]  # it has one
        course.happens(TryResult(is_well, "refused"))
        assert course.state() is ServiceState.READY
    course.passes(2.0)
    course.happens(TryResult(False, "refused"))
    assert (course.state(), course.kind) == (ServiceState.STOPPING, FailureKind.NOT_ALIVE)


def test_one_that_says_that_it_stops_is_not_ready_any_more() -> None:
    course = Course(NOTIFIED)
    course.is_ready()
    course.happens(Notification(is_stopping=True))
    assert course.taken() == []
    assert course.state() is ServiceState.STOPPING
    course.happens(ProgramEnd(0))
    course.passes(1.0)
    assert course.taken() == [StartProgram()]


@pytest.mark.parametrize("event", [Timer(), TryResult(True), StopRequest(), KillRequest(), RestartRequest(), TreeEnd()])
def test_nothing_happens_to_what_is_over(event: Happening) -> None:
    course = Course(NOTIFIED)
    course.happens(StartFailure("no"))
    course.taken()
    course.happens(event)
    assert course.taken() == []
    assert course.lifecycle.due() is None
