"""The right to use a worker, and the pipes over which it is used."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pipeline.executors.base import Invocation, WorkerLimits
from pipeline.executors.channel import Channel
from pipeline.process import Interpreter

RUN_VARIABLE = "PIPELINE_RUN"


@dataclass(frozen=True)
class Pool:
    """What exchangeable workers have in common."""

    name: str
    interpreter: Interpreter
    variables: Mapping[str, str]
    limits: WorkerLimits


class Lease:
    """The right to give one worker one order at a time."""

    def __init__(self, pool: Pool, orders: int, channel: Channel, fresh: bool) -> None:
        self.pool = pool
        self.channel = channel
        self.fresh = fresh  # its server was started for it
        self.owner: int | None = None  # the process that answers for it, once it has said hello
        self.ended: int | None = None  # a descriptor that tells of the owner's end
        self.idle_since = 0.0
        self._orders: int | None = orders

    @property
    def descriptors(self) -> list[int]:
        return [self.channel.descriptor, *([] if self.ended is None else [self.ended])]

    def order(self, invocation: Invocation) -> None:
        """Raises ``BrokenPipeError`` where the server is gone."""
        assert self._orders is not None
        fields: tuple[str | Path, ...] = (
            invocation.id,
            invocation.interpreter.variables.get(RUN_VARIABLE, ""),
            invocation.interpreter.prefix,
            invocation.stage_file,
            invocation.source_digest,
            invocation.file,
            invocation.log,
            _here(),
            *invocation.modules,
        )
        order = b"\0".join(os.fsencode(field) for field in fields) + b"\0\n"
        os.write(self._orders, order)

    def owned_by(self, pid: int) -> None:
        self.owner = pid
        with contextlib.suppress(AttributeError, OSError):
            self.ended = os.pidfd_open(pid)

    @property
    def is_dead(self) -> bool:
        """Whether its server has gone away meanwhile."""
        self.channel.lines()
        return self.channel.at_end or _has_ended(self.ended)

    def give_up(self) -> None:
        """The owner sees that the order pipe has ended, and ends what still runs. Its last words can still be read."""
        if self._orders is not None:
            os.close(self._orders)
            self._orders = None

    def close(self) -> None:
        self.give_up()
        self.channel.close()
        if self.ended is not None:
            os.close(self.ended)


class Pipes:
    """An order pipe and a report pipe; the ends that aren't kept are closed."""

    def __enter__(self) -> Self:
        orders, self._orders = os.pipe()
        self._reports, reports = os.pipe()
        self.theirs = [orders, reports]
        self._ours = [self._orders, self._reports]
        return self

    def kept(self) -> tuple[int, Channel]:
        self._ours = []
        return self._orders, Channel(self._reports)

    def __exit__(self, *_: object) -> None:
        for descriptor in [*self.theirs, *self._ours]:
            os.close(descriptor)


def _has_ended(descriptor: int | None) -> bool:
    import select

    if descriptor is None:
        return False
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(0))


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # somebody removed it
        return os.path.abspath(os.sep)
