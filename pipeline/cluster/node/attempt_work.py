"""Carrying out an order on a node: environment, inputs, the stage's process, outputs."""

import time
from collections.abc import Mapping
from pathlib import Path

from pipeline.cluster.content.errors import ContentDamaged, ContentUnknown, NoRoom, is_full
from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node.attempt_sweeps import AttemptSweeps
from pipeline.cluster.node.content_sources import ContentsMissing, ContentSources
from pipeline.cluster.node.environment_suspicion import EnvironmentSuspicion
from pipeline.cluster.node.layout import signatures
from pipeline.cluster.node.local_runs import LocalRuns
from pipeline.cluster.node.node_attempt import AttemptStopped, NodeAttempt
from pipeline.cluster.node.node_cards import NodeCards
from pipeline.cluster.node.node_environments import EnvironmentUnavailable, NodeEnvironments
from pipeline.cluster.node.node_folder import NodeFolder
from pipeline.cluster.node.oom_count import OomCount
from pipeline.cluster.node.order_invocation import RUN, laid_out_inputs, written
from pipeline.cluster.node.output_intake import take
from pipeline.cluster.node.stage_sources import StageSource, StageSources
from pipeline.cluster.node.stage_variables import StageVariables
from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome, Problem
from pipeline.cluster.wire.node_events import ContentSource
from pipeline.directories.tree_reader import DirectoryUnusable
from pipeline.errors import PipelineError
from pipeline.executors.base import Event, Invocation, Message, ProcessExit
from pipeline.executors.reports import without_secrets
from pipeline.jobs.output_files import OutputsMissing
from pipeline.process import Interpreter
from pipeline.run.failures import oom
from pipeline.run.failures.classify import EXIT_SIGKILL
from pipeline.run.failures.oom import OomKills
from pipeline.sdk.protocol import RUN_VARIABLE
from pipeline.values import Struct, replace

GRACE_SECONDS = 5.0
TURN_SECONDS = 1.0  # that a stage waits for one before it: then it shares the processors with that one
KILLED = (-9, EXIT_SIGKILL)
Sources = Mapping[str, tuple[ContentSource, ...]]  # by digest


class AttemptWork(Struct, frozen=True):
    """What a node has to carry out orders with."""

    name: str  # of the node
    folder: NodeFolder
    store: ContentStore
    stage_sources: StageSources
    environments: NodeEnvironments
    suspicion: EnvironmentSuspicion
    runs: LocalRuns
    contents: ContentSources
    cards: NodeCards
    variables: StageVariables
    sweeps: AttemptSweeps
    kills: OomCount
    token: str  # what the tokens of all attempts begin with

    def outcome(self, attempt: NodeAttempt, order: AttemptOrder, sources: Sources) -> AttemptOutcome:
        """Raises nothing that has a class of its own; any other error is a fault of the node."""
        ended = AttemptOutcome(id=order.id, node=self.name, place=str(attempt.place))
        try:
            return self._carried_out(attempt, order, sources, ended)
        except AttemptStopped:
            return replace(ended, problem=attempt.stopped, words="it was stopped before its process began")
        except ContentsMissing as error:
            return replace(ended, problem="content", words=error.message, missing=(error.digest,))
        except ContentDamaged as error:
            self.stage_sources.forget()
            self._drop_damaged(order)  # all at once, so that one further attempt is enough
            return replace(ended, problem="content", words=error.message)
        except Exception as error:  # whatever it is, the run must hear of it
            return replace(ended, problem=_problem_of(error), words=_words_of(error))

    def _carried_out(
        self, attempt: NodeAttempt, order: AttemptOrder, sources: Sources, ended: AttemptOutcome
    ) -> AttemptOutcome:
        self._fetch(attempt, order, sources)
        with self.stage_sources.laid_out(order) as source:
            return self._run(attempt, order, source, replace(ended, source=str(source.folder)))

    def _run(
        self, attempt: NodeAttempt, order: AttemptOrder, source: StageSource, ended: AttemptOutcome
    ) -> AttemptOutcome:
        interpreter = self._interpreter(attempt, order)
        inputs = laid_out_inputs(order, attempt.place, self.store)
        paths = [path for each in inputs.values() for path in each]
        before = signatures(paths)
        invocation = written(order, attempt.place, interpreter, source, inputs, self.store)
        attempt.wait_for_turn(TURN_SECONDS)
        with self.cards.leased(order, attempt) as variables:
            attempt.require_wanted()
            start, kills = time.monotonic(), self.kills.latest()
            attempt.begin()
            own = replace(invocation, variables={**invocation.variables, **variables})
            exited = self._until_exit(attempt, own, order)
        ended = replace(
            ended,
            returncode=exited.returncode,
            lost=exited.lost,
            used=exited.used,
            seconds=round(time.monotonic() - (exited.began or start), 3),
            problem=attempt.stopped,
        )
        if not ended.problem and exited.returncode in KILLED and _has_risen(kills, self.kills.now()):
            return replace(ended, problem="memory", words="the kernel killed a process there for memory while it ran")
        if ended.problem or exited.returncode:
            return self._judged(attempt, order, interpreter.prefix, ended)
        return self._with_outputs(order, attempt.place, ended, paths, before)

    def _judged(self, attempt: NodeAttempt, order: AttemptOrder, prefix: Path, ended: AttemptOutcome) -> AttemptOutcome:
        """A stage may fail since this disk has damaged what it read, or its environment: then that isn't its own
        failure."""
        if ended.problem:
            return ended
        if damaged := self._drop_damaged(order):
            words = f"{damaged[0]}, which it read, was damaged on this node's disk"
        else:
            words = self.suspicion.damage(order.environment, prefix, attempt, ended.returncode)
        return replace(ended, problem="content", words=words) if words else ended

    def _drop_damaged(self, order: AttemptOrder) -> list[str]:
        damaged = [digest for digest in order.contents() if self.store.drop_damaged(digest)]
        if damaged:
            self.stage_sources.forget()
        return damaged

    def _with_outputs(
        self,
        order: AttemptOrder,
        place: Path,
        ended: AttemptOutcome,
        inputs: list[Path],
        before: dict[str, tuple[int, int]],
    ) -> AttemptOutcome:
        if _signatures(inputs) != before:
            return replace(ended, problem="inputs", words="the stage has changed files that it reads")
        try:
            return replace(ended, outputs=take(place / RUN / "outputs", order.arguments["outputs"], inputs, self.store))
        except OutputsMissing as error:
            return replace(ended, problem="outputs", words=str(error))
        except DirectoryUnusable as error:
            return replace(ended, problem="outputs", words=f"it ended well, but a directory that it left {error}")

    def _fetch(self, attempt: NodeAttempt, order: AttemptOrder, sources: Sources) -> None:
        """Raises ``ContentsMissing``, ``NoRoom`` and ``OSError``."""
        sizes = order.contents()
        for number, (digest, places) in enumerate(sources.items(), 1):
            attempt.show(f"fetching {number} of {len(sources)} files")
            self.contents.bring(digest, sizes[digest], places, attempt.require_wanted)

    def _until_exit(self, attempt: NodeAttempt, invocation: Invocation, order: AttemptOrder) -> ProcessExit:
        """Nothing that the stage has started outlives it for long."""
        exited = None
        try:
            self.runs.start(invocation, lambda event: attempt.take(_masked(event, order)))
            if attempt.stopped:  # it was, before there was anything to end
                self.runs.cancel(invocation.id, GRACE_SECONDS)
            exited = attempt.wait_for_exit(order.seconds)
            if exited is None:
                attempt.stopped = attempt.stopped or "time"
                self.runs.cancel(invocation.id, GRACE_SECONDS)
                exited = attempt.wait_for_exit(None)
        finally:
            self._sweep(invocation, exited, is_urgent=bool(attempt.stopped or order.cards))
        assert exited is not None
        return exited

    def _sweep(self, invocation: Invocation, exited: ProcessExit | None, is_urgent: bool) -> None:
        """A worker has ended its stage's processes itself when it answers; it tells no use of its own."""
        is_swept = invocation.start == "worker" and exited is not None and exited.used is None and not exited.lost
        token = self._token(invocation.id)
        if is_urgent or exited is None or (exited.returncode and not is_swept):
            self.sweeps.now(token)
        elif not is_swept:
            self.sweeps.soon(token)

    def _interpreter(self, attempt: NodeAttempt, order: AttemptOrder) -> Interpreter:
        build, *tools = [self.environments.ready(each, attempt) for each in order.recipes]
        variables = self.variables.of(order.environment, build, tools, order.locale)
        token = self._token(attempt.place.name)
        return Interpreter(build.python, build.prefix, {**variables, RUN_VARIABLE: token}, build.key)

    def _token(self, name: str) -> str:
        """Carried by all processes of an attempt, and by those of no other one."""
        return f"{self.token}{name}"


def _masked(event: Event, order: AttemptOrder) -> Event:
    """What a stage says is kept on the disk, where no secret is to be."""
    if not (order.secrets and isinstance(event, Message)):
        return event
    return replace(event, report=without_secrets(event.report, order.secrets))


def _problem_of(error: Exception) -> Problem:
    """Why there is no result; what has no class of its own is a fault of the node."""
    match error:
        case EnvironmentUnavailable():
            return "environment"
        case ContentUnknown() | ContentDamaged() | ValueError():
            return "content"
        case NoRoom():
            return "room"
        case OSError() if is_full(error):
            return "room"
    return "node"


def _words_of(error: Exception) -> str:
    if isinstance(error, PipelineError):
        return error.message
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


def _signatures(paths: list[Path]) -> dict[str, tuple[int, int]] | None:
    try:
        return signatures(paths)
    except OSError:
        return None


def _has_risen(before: OomKills, after: OomKills) -> bool:
    return oom.rose(before.group, after.group) or oom.rose(before.machine, after.machine)
