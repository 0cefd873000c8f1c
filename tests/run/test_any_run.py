"""Whatever the graph, the failures and the limits are: what a run promises holds."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.executors import Invocation
from pipeline.host.machine import Machine
from pipeline.host.run_limits import RunLimits
from pipeline.jobs import overview
from pipeline.jobs.events import StageFinished, StageSkipped
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.plan import PlannedStage
from pipeline.project import ProjectFolder
from pipeline.references import split
from pipeline.run import timers
from pipeline.run.run_bounds import Bounds
from tests.conftest import examples
from tests.jobs.helpers import events_of
from tests.run.helpers import (
    DONE,
    FAILS,
    LOST,
    Act,
    Bench,
    Clock,
    Pretender,
    fan_out,
    link,
    lister,
    listing,
    paired,
    statuses,
)

GIB = 1 << 30
FINAL = {"finished", "failed", "skipped"}


@dataclass(frozen=True)
class Case:
    """Jobs to be run at once, and what happens to them."""

    jobs: Sequence[Sequence[PlannedStage]]
    acts: Mapping[str, Sequence[Act]]
    machine: Machine
    limits: RunLimits
    bounds: Bounds


@st.composite
def plans(draw: st.DrawFn, prefix: str) -> list[PlannedStage]:
    """Stages, fan-outs and pairs of fan-outs, each built on some that stand before it."""
    planned: list[PlannedStage] = []
    plain: list[str] = []
    for number in range(draw(st.integers(1, 6))):
        name = f"{prefix}{number}"
        needs = draw(st.lists(st.sampled_from(plain), unique=True, max_size=3)) if plain else []
        others = draw(st.lists(st.sampled_from(plain), unique=True, max_size=2)) if plain else []
        policy = draw(policies())
        if draw(st.integers(0, 3)):
            planned.append(link(name, *needs, **policy))
        else:
            planned += [
                lister(f"{name}list", *needs),
                fan_out(f"{name}part", f"{name}list", *others, parameters={"item": "$each.key"}, **policy),
                *([paired(f"{name}then", f"{name}part", f"{name}list")] if draw(st.booleans()) else []),
            ]
            planned.append(link(name, planned[-1].name))
        plain.append(name)
    return planned


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    retries = {"attempts": draw(st.integers(1, 3)), "backoff": draw(st.sampled_from([0, 0.5, 4]))}
    cpus = draw(st.sampled_from([0.5, 1, 2, 7, "all"]))
    memory = draw(st.integers(0, 4)) * GIB
    limit = {"timeout_seconds": 3} if draw(st.integers(0, 4)) == 0 else {}
    return {"retries": retries, "resources": {"cpus": cpus, "memory": memory}, **limit}


OUTCOMES = st.sampled_from(
    [
        DONE,
        DONE,
        DONE,
        FAILS,
        LOST,
        Act(seconds=5),
        Act(seconds=5, stubborn=True),
        Act(leaves_out=("file",)),
        Act(refused=BlockingIOError(11, "Resource temporarily unavailable")),
    ]
)
BAD_LISTS = [Act(writes={"list": "{}"}), listing({"key": 1}, {"other": 2})]
LISTS = st.sampled_from([listing(), listing({"key": 1}), listing(*({"key": n} for n in range(3))), *BAD_LISTS, FAILS])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    jobs = [draw(plans(prefix)) for prefix in ("a", "b")[: draw(st.integers(1, 2))]]
    acts: dict[str, Sequence[Act]] = {}
    for stage in (stage for job in jobs for stage in job):
        outcomes = LISTS if "list" in stage.outputs else OUTCOMES
        acts[stage.name] = draw(st.lists(outcomes, min_size=1, max_size=3))
    cpus = draw(st.sampled_from([None, 1, 2]))
    bounds = Bounds(draw(st.sampled_from([None, 1, 3])), draw(st.booleans()))
    return Case(jobs, acts, Machine(4, 4 * GIB), RunLimits(cpus=cpus), bounds)


class Watch:
    """Looks at every start; what it finds wrong fails the test there."""

    def __init__(self, executor: Pretender, jobs: Mapping[str, PlannedJob], case: Case) -> None:
        self._executor = executor
        self._jobs = jobs
        self._case = case
        self._cpus = min(case.machine.cpus, case.limits.cpus or case.machine.cpus)

    def __call__(self, invocation: Invocation) -> None:
        running = [self._planned(each) for each in self._executor.running]
        assert sum(self._wanted(stage) for stage in running) <= self._cpus
        assert sum(stage.resources.memory for stage in running) <= self._case.machine.memory
        assert len(running) <= (self._case.bounds.max_parallel or 1000)
        self._require_needs(invocation)

    def _require_needs(self, invocation: Invocation) -> None:
        """What it needs is finished, as the journal says."""
        job, stage = self._jobs[invocation.id.split("/")[0]], self._planned(invocation)
        known = job.state()
        for need in stage.needs:
            names = [f"{need}_{number + 1:04d}" for number in range(known.stage(need).members or 0)]
            if known.stage(need).members is None:
                names = [need]
            assert all(known.stage(name).status.value == "finished" for name in names), (invocation.id, need)
        own = invocation.id.split("/")[1].rpartition("_")[2]
        for reference in (reference for references in stage.inputs.values() for reference in references):
            if "[$each]" in reference:
                assert known.stage(f"{split(reference)[0]}_{own}").status.value == "finished"

    def _planned(self, invocation: Invocation) -> PlannedStage:
        id, name, _ = invocation.id.split("/")
        stages = {stage.name: stage for stage in self._jobs[id].stages}
        return stages.get(name) or stages[name.rpartition("_")[0]]

    def _wanted(self, stage: PlannedStage) -> float:
        cpus = stage.resources.cpus
        return float(self._cpus if cpus == "all" else min(cpus, self._cpus))


@contextmanager
def benched(machine: Machine) -> Iterator[Bench]:
    """A bench in a new folder, so that no example knows what another one has made, or how long that took."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(timers, "time", clock)
        patch.setattr(os, "fsync", lambda _: None)  # half of the time, and no part of what is tried here
        project = ProjectFolder(Path(folder))
        project.stages.mkdir()
        project.stage_file("copy").touch()
        yield Bench(project, clock, machine)


def run(
    bench: Bench, jobs: Mapping[str, PlannedJob], case: Case, acts: Mapping[str, Sequence[Act]]
) -> Mapping[str, Any]:
    return bench.run(
        *jobs.values(),
        bounds=case.bounds,
        limits=case.limits,
        during=lambda executor: setattr(executor, "on_start", Watch(executor, jobs, case)),
        **acts,  # type: ignore[arg-type]  # by stage
    )


def require_final_states(job: PlannedJob, keep_going: bool) -> None:
    """Each stage, and each member that is known, has one end."""
    known = job.state()
    for stage in job.stages:
        state = known.stage(stage.name)
        names = [f"{stage.name}_{number + 1:04d}" for number in range(state.members or 0)]
        if state.members is None or state.status.value == "skipped":
            names.append(stage.name)
        for name in names:
            status = known.stage(name).status.value
            assert status in FINAL or (not keep_going and status == "waiting"), (name, status)


def require_causes(job: PlannedJob) -> None:
    """A stage was skipped because of one that failed."""
    found = statuses(job)
    for event in events_of(job, StageSkipped):
        assert found[event.because] == "failed"


def require_one_success(job: PlannedJob) -> None:
    ends = Counter(event.stage for event in events_of(job, StageFinished))
    assert all(count == 1 for count in ends.values()), ends


def require_bounded_attempts(job: PlannedJob, started: Sequence[str]) -> None:
    attempts = Counter(id.split("/")[1] for id in started if id.startswith(job.id))
    stages = {stage.name: stage for stage in job.stages}
    for name, count in attempts.items():
        planned = stages.get(name) or stages[name.rpartition("_")[0]]
        assert count <= planned.retries.attempts + 2  # and two for which it isn't to blame


@given(case=cases())
@settings(
    max_examples=examples(40),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_a_run_keeps_its_promises(case: Case) -> None:
    with benched(case.machine) as bench:
        jobs = {job.id: job for job in (bench.job(*stages) for stages in case.jobs)}
        outcomes = run(bench, jobs, case, case.acts)
        assert outcomes.keys() == jobs.keys() == bench.listener.ended.keys()
        for id, job in jobs.items():
            require_final_states(job, case.bounds.keep_going)
            require_causes(job)
            require_one_success(job)
            require_bounded_attempts(job, bench.executor.started)
            all_done = all(each.status.value == "finished" for _, each in overview.stages(job, job.state()))
            assert (outcomes[id].error is None) == all_done
            assert (job.state().status.value == "finished") == (outcomes[id].error is None)
        require_wound_down(bench, case)
        require_second_run(bench, jobs, case)


def require_wound_down(bench: Bench, case: Case) -> None:
    """Where that was asked for, nothing is started after the first stage that won't have a result."""
    told = bench.listener.heard
    first = next((place for place, each in enumerate(told) if each[0] == "failed" and each[2] is None), len(told))
    assert case.bounds.keep_going or not [each for each in told[first:] if each[0] == "started"]


def require_second_run(bench: Bench, jobs: Mapping[str, PlannedJob], case: Case) -> None:
    """It runs what has no result, and nothing else; then there is nothing left."""
    done = {
        f"{id}/{name}" for id, job in jobs.items() for name, status in statuses(job).items() if status == "finished"
    }
    lists = {
        stage.name: [listing({"key": "a"}, {"key": "b"})]
        for stages in case.jobs
        for stage in stages
        if "list" in stage.outputs
    }
    bad = {name for name, acts in case.acts.items() if any(act in BAD_LISTS for act in acts)}
    case = replace(case, bounds=Bounds(case.bounds.max_parallel, True, case.bounds.timeout_seconds))
    outcomes = run(bench, jobs, case, lists)
    assert not done.intersection(id.rpartition("/")[0] for id in bench.executor.started)
    for id, outcome in outcomes.items():
        names = {stage.name for stage in jobs[id].stages}
        assert outcome.error is None or names & bad  # what is no list stays none: its stage has its result
    before = {id: (job.folder / "journal.jsonl").read_bytes() for id, job in jobs.items() if outcomes[id].error is None}
    again = run(bench, {id: jobs[id] for id in before}, case, {}) if before else {}
    assert bench.executor.started == [] or not before
    assert all(outcome.unchanged for outcome in again.values())
    assert before == {id: (jobs[id].folder / "journal.jsonl").read_bytes() for id in before}
