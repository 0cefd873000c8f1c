"""How far a run is, and how long it will still take, by what its stages took before."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.jobs.job import PlannedJob
from pipeline.run.durations import Durations

ENOUGH = 3.0  # seconds of expected work after which the run's own speed is believed
MOST_OF_A_GUESS = 0.95  # of a stage that takes longer than expected and reports nothing
Key = tuple[str, str]  # a job's id, and a planned stage


@dataclass
class RunProgress:
    """Counts expected seconds. A stage that was reused is done, and says nothing of this run's speed."""

    expected: dict[Key, float]  # of each planned stage
    is_known: bool  # whether they are from earlier runs
    is_guess: bool = False  # whether they are what the workflow says of a machine that nobody knows
    now: Callable[[], float] = time.monotonic
    left: int = 0  # inputs without a job so far: each is thought to take as long as those that have one, on average
    _shares: dict[Key, float] = field(default_factory=dict)  # how much of a stage is done, from 0 to 1
    _reused: set[Key] = field(default_factory=set)
    _running: dict[Key, float] = field(default_factory=dict)  # since when
    _began: float | None = None

    def started(self, key: Key | None = None) -> None:
        """A stage has begun to run."""
        self._began = self.now() if self._began is None else self._began
        if key:
            self._running.setdefault(key, self.now())

    def reused(self, key: Key) -> None:
        self._reused.add(key)
        self._shares[key] = 1.0

    def reached(self, key: Key, share: float) -> None:
        self._shares[key] = max(share, self._shares.get(key, 0.0))

    def job_ended(self, job_id: str) -> None:
        for key in self.expected:
            if key[0] == job_id:
                self._shares[key] = 1.0

    def add(self, job: PlannedJob, durations: Durations) -> None:
        """A job that has joined the run."""
        self.expected |= _expected(job, durations)

    def share_of(self, key: Key) -> float:
        """Of one stage, from 0 to 1: what it has reported, or else by the time that it is expected to take."""
        reported, expected = self._shares.get(key, 0.0), self.expected.get(key, 0.0)
        if reported or key not in self._running or not expected:
            return reported
        return min(MOST_OF_A_GUESS, (self.now() - self._running[key]) / expected)

    def share_of_job(self, job_id: str) -> float:
        """Of all of a job's stages, from 0 to 1."""
        keys = [key for key in self.expected if key[0] == job_id]
        total = sum(self.expected[key] for key in keys)
        return sum(self.expected[key] * self.share_of(key) for key in keys) / total if total else 0.0

    def spoken_left_of_job(self, job_id: str) -> str:
        """Such as ``5 min left``; empty where nothing is known yet."""
        if not self.is_known and not self.is_guess:
            return ""
        keys = [key for key in self.expected if key[0] == job_id]
        left = sum(self.expected[key] * (1 - self.share_of(key)) for key in keys)
        return f"{'about ' if self.is_guess else ''}{spoken(left)} left"

    @property
    def share(self) -> float:
        """Of the whole run, from 0 to 1."""
        total = self._total()
        return self._shown_done() / total if total else 0.0

    @property
    def seconds_left(self) -> float | None:
        """``None`` where nothing is known yet."""
        if not self._has_own_speed:
            left = self._total() - self._done()
            return self._expected_left(left) if self.is_known or self.is_guess else None
        left = self._total() - self._shown_done()
        return left * (self.now() - (self._began or 0.0)) / self._done(without=self._reused)

    @property
    def spoken_left(self) -> str:
        """Such as ``5 min left``; empty where nothing is known yet. A guess says that it is one."""
        left = self.seconds_left
        if left is None:
            return ""
        about = "about " if self.is_guess and not self._has_own_speed else ""
        return f"{about}{spoken(left)} left"

    @property
    def _has_own_speed(self) -> bool:
        return self._began is not None and self._done(without=self._reused) >= ENOUGH

    def _expected_left(self, left: float) -> float | None:
        """``None`` where what runs takes longer than was expected."""
        if self._began is None:
            return left
        ahead = self.now() - self._began - self._done(without=self._reused)
        return left - max(0.0, ahead) if ahead < left else None

    def _total(self) -> float:
        jobs = len({job_id for job_id, _ in self.expected})
        return sum(self.expected.values()) * (jobs + self.left) / jobs if jobs else 0.0

    def _shown_done(self) -> float:
        """With what a stage that reports nothing is thought to have done."""
        return sum(expected * self.share_of(key) for key, expected in self.expected.items())

    def _done(self, without: "set[Key] | frozenset[Key]" = frozenset()) -> float:
        shares = self._shares.items()
        return sum(self.expected.get(key, 0.0) * share for key, share in shares if key not in without)


def of_jobs(jobs: Sequence[PlannedJob], durations: Mapping[str, Durations]) -> RunProgress:
    """``durations`` by job."""
    stages = [(job, stage) for job in jobs for stage in job.stages]
    seconds = {key: each for job in jobs for key, each in _expected(job, durations[job.id]).items()}
    known = sum(seconds[job.id, stage.name] for job, stage in stages if durations[job.id].is_known(stage))
    guessed = sum(seconds[job.id, stage.name] for job, stage in stages if durations[job.id].is_guessed(stage))
    half = sum(seconds.values()) / 2
    return RunProgress(seconds, known > half, is_guess=known <= half < known + guessed)


def _expected(job: PlannedJob, durations: Durations) -> dict[Key, float]:
    return {(job.id, stage.name): durations.expected(stage) for stage in job.stages}


def spoken(seconds: float) -> str:
    """About how long, in few words."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{max(1, round(seconds))} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
