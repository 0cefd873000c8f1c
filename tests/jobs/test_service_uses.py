"""What a journal says of a job's services."""

from pipeline.jobs.events import AnyEvent, ServiceEnded, ServiceReady, ServiceStarted, StageStarted
from pipeline.jobs.plan import PlannedService
from pipeline.jobs.service_uses import ServiceUse, of_job, words
from pipeline.jobs.state import fold
from pipeline.values import plain
from tests.jobs.helpers import DIGEST, a_plan, a_stage

PLAN = a_plan(
    stages=[a_stage("ask", services={"api": "server"}), a_stage("lone")],
    services=[plain(PlannedService(a_stage("server", uses="api_server")))],
)
STARTED, READY = ServiceStarted("server", DIGEST), ServiceReady("server", 1.25)
CRASHED = ServiceEnded("server", "it was killed by SIGKILL", "crashed", ("last words",))


def after(*events: AnyEvent) -> ServiceUse:
    (use,) = of_job(PLAN, events)
    return use


def test_a_service_is_shown_with_its_users_before_anything_has_run() -> None:
    assert (after().state, after().users, after().uses) == ("waiting", ("ask",), "api_server")


def test_its_state_is_what_happened_last() -> None:
    assert after(STARTED).state == "starting"
    assert after(STARTED, READY).state == "ready"
    assert after(STARTED, READY, ServiceEnded("server")).state == "ended"
    assert after(STARTED, READY, CRASHED).state == "failed"
    assert after(STARTED, READY, CRASHED, READY).state == "ready"
    assert after(STARTED, CRASHED, ServiceEnded("server")).state == "failed"


def test_its_failures_stay_with_their_class_and_the_last_lines_of_its_log() -> None:
    use = after(STARTED, READY, CRASHED, READY, ServiceEnded("server"))
    assert use.failures == ("crashed: it was killed by SIGKILL",)
    assert use.last_lines == ("last words",)
    assert words(use) == (
        "service server: environment alpha, ended, ready after 1.2 s, crashed: it was killed by SIGKILL"
    )


def test_a_service_of_an_earlier_plan_is_passed_over() -> None:
    assert after(ServiceStarted("other", DIGEST)).state == "waiting"


def test_services_are_no_part_of_a_jobs_state() -> None:
    events = (StageStarted("ask", 1, DIGEST),)
    assert fold([*events, STARTED, READY, CRASHED]) == fold(events)
