"""Which package's change broke a command: what is between a good and a bad lock, tried in throwaway environments."""

from dataclasses import dataclass

from pipeline.conflicts.delta_debugging import Verdict, culprits
from pipeline.conflicts.lock_changes import Between, Change
from pipeline.conflicts.trial import Command, Trial, Workshop
from pipeline.errors import NotReady, UsageError
from pipeline.progress import Progress


@dataclass(frozen=True)
class Tried:
    changes: tuple[Change, ...]  # beyond the good lock
    trial: Trial


@dataclass(frozen=True)
class Finding:
    culprits: tuple[Change, ...]  # with them alone the command fails
    is_minimal: bool  # whether it succeeds without any one of them; else some set of them couldn't be judged
    changes: tuple[Change, ...]  # all that differ
    steps: tuple[Tried, ...]  # in their order, the good and the bad lock first
    last_lines: tuple[str, ...]  # of the command, with the culprits


def bisect(locks: Between, command: Command, workshop: Workshop, progress: Progress) -> Finding:
    """Raises ``UsageError`` where good isn't good or bad isn't bad, ``NotReady`` where one can't be installed."""
    if not locks.changes:
        raise UsageError("the two locks install the same packages here", "name two locks that differ")
    steps: list[Tried] = []

    def attempt(changes: tuple[Change, ...], tolerated: frozenset[str] | None) -> Trial:
        trial = workshop.attempt(locks.lock(changes), command, tolerated)
        steps.append(Tried(changes, trial))
        progress(f"{_which(changes, locks)}: {trial.verdict}, {trial.reason} ({trial.seconds:.1f} s)")
        return trial

    good = _expected(attempt((), None), Verdict.GOOD)
    bad = _expected(attempt(locks.changes, None), Verdict.BAD)
    tolerated = good.complaints | bad.complaints
    found, is_minimal = culprits(locks.changes, lambda chosen: attempt(chosen, tolerated).verdict)
    shown = next(each.trial for each in reversed(steps) if set(each.changes) == set(found))
    return Finding(found, is_minimal, locks.changes, tuple(steps), shown.last_lines)


def _expected(trial: Trial, verdict: Verdict) -> Trial:
    """The two locks' own trials; what is between them can only be judged where they are what they are said to be."""
    if trial.verdict is verdict:
        return trial
    words = "".join(f"\n  {line}" for line in trial.last_lines)
    which = "good" if verdict is Verdict.GOOD else "bad"
    if trial.verdict is Verdict.UNKNOWN:
        raise NotReady(f"the {which} lock can't be judged: {trial.reason}{words}", "make it one that can be tried")
    other = "the command fails with it" if verdict is Verdict.GOOD else "the command succeeds with it"
    raise UsageError(
        f"the {which} lock isn't {which}: {other} ({trial.reason}){words}",
        "look at the command, or name other locks; --repeat N where it fails only sometimes",
    )


def _which(changes: tuple[Change, ...], locks: Between) -> str:
    if not changes:
        return "the good lock"
    if len(changes) == len(locks.changes):
        return "the bad lock"
    return f"{len(changes)} of {len(locks.changes)} changes" if len(changes) > 3 else ", ".join(map(str, changes))
