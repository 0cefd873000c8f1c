"""The beginning of a session: the caller's file in a worker, ready for calls."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.calls import confined_worker
from pipeline.calls.errors import CallTimedOut, RemoteError, WorkerLost
from pipeline.calls.logs import SessionLog
from pipeline.calls.source import CallSource
from pipeline.calls.worker import CallPipes, CallWorker, Message
from pipeline.calls.worker_loss import worker_lost
from pipeline.digests import sha256_of_bytes
from pipeline.errors import InputError, NotReady
from pipeline.executors import Invocation
from pipeline.executors.runtime_folder import Unavailable
from pipeline.executors.worker_pool import WorkerPool
from pipeline.sdk.callpacking import Packer
from pipeline.sdk.callprotocol import Disconnected, TimeIsOver
from pipeline.sdk.protocol import CALLS, RUN_VARIABLE
from pipeline.values import replace

LOOK_SECONDS = 0.1  # between two looks at what a worker prints while it loads the file

if TYPE_CHECKING:
    from pipeline.host.gpu_leases import FileLease

Progress = Callable[[float | None, str], None]


def begun(
    source: CallSource,
    log: SessionLog,
    progress: Progress | None,
    seconds: float,
    starts: Callable[[CallWorker], None],
) -> tuple[CallWorker, dict[str, Any]]:
    """A worker in which the file is loaded, and what it has told of it. ``starts`` gets the worker before that.

    Raises ``NotReady``, ``InputError``, ``RemoteError``, ``CallTimedOut`` and ``WorkerLost``.
    """
    deadline = time.monotonic() + seconds
    worker = worker_for(source, log, deadline)
    starts(worker)
    try:
        packer = Packer(worker.place, worker.own.fill)
        message: Message = {"object": source.object, "seconds": seconds}
        message["args"], message["kwargs"] = packer.pack(list(source.positional)), packer.pack(dict(source.named))
        worker.open(message, packer.parts, deadline)
        return worker, _ready(source, worker, log, progress, deadline)
    except TimeIsOver:
        worker.kill()
        raise CallTimedOut(f"{source.shown} wasn't ready in {seconds:g} s{_said(log)}", is_state_lost=True) from None
    except Disconnected:
        raise worker_lost(source, source.shown, worker.lost(), worker, log.last_lines()) from None
    except RemoteError:
        worker.close()
        raise
    except BaseException:
        worker.kill()
        raise


def _ready(
    source: CallSource, worker: CallWorker, log: SessionLog, progress: Progress | None, deadline: float
) -> dict[str, Any]:
    """Raises ``RemoteError``, ``TimeIsOver``, ``Disconnected``."""
    while True:
        try:
            look = deadline if progress is None else min(deadline, time.monotonic() + LOOK_SECONDS)
            message, _ = worker.receive(look)
        except TimeIsOver:
            _show(log, progress)
            if time.monotonic() >= deadline:
                raise
            continue
        if progress is not None and "progress" in message:
            progress(message["progress"]["fraction"], message["progress"]["note"])
        if "ready" in message:
            _show(log, progress)
            return message["ready"]  # type: ignore[no-any-return]
        if "failed" in message:
            raise RemoteError(source.shown, message["failed"], log.last_lines())


def _show(log: SessionLog, progress: Progress | None) -> None:
    if progress is not None:
        for line in log.new_lines():
            progress(None, line)


def _said(log: SessionLog) -> str:
    lines = log.last_lines()
    return f"; it has printed last:\n{lines}" if lines else ""


def _cards(source: CallSource, deadline: float) -> "FileLease | None":
    if not source.resources.gpus:
        return None
    from pipeline.calls.gpu_cards import leased

    return leased(source.resources, deadline)


def _token() -> str:
    """By which a worker is known to be at work: that of the run, within a stage."""
    return os.environ.get(RUN_VARIABLE) or f"calls-of-{os.getpid()}"


def worker_for(source: CallSource, log: SessionLog, deadline: float) -> CallWorker:
    """One that has said hello. Raises ``NotReady``, ``InputError``, ``CallTimedOut`` and ``WorkerLost``."""
    try:
        content = source.file.read_bytes()
    except OSError as error:
        raise InputError(f"{source.file}: {error.strerror}") from error
    interpreter = source.interpreter.get()
    variables = {**interpreter.variables, RUN_VARIABLE: _token()}
    cards = _cards(source, deadline)
    invocation = Invocation(
        id=f"call/{source.shown}",
        interpreter=replace(interpreter, variables=variables),
        stage_file=source.file,
        source_digest=sha256_of_bytes(content),
        file=Path(CALLS),
        log=log.path,
        variables={**source.variables, **(cards.variables if cards else {})},
    )
    pool = WorkerPool(*confined_worker.runtime(source.interpreter.limits), CallPipes)
    try:
        return CallWorker(pool, invocation, deadline, cards)
    except (Unavailable, OSError) as error:
        raise NotReady(f"no worker can be had: {error}", "pipeline doctor") from error
    except TimeIsOver:
        raise CallTimedOut("no worker answered in time", is_state_lost=False) from None
    except Disconnected as error:
        message = f"the worker of environment '{source.environment}' didn't begin: {error}"
        raise WorkerLost(message, "not_started", log.last_lines(), f"bootstrap --env {source.environment}") from None
