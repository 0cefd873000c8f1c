"""The right to use a worker, and the pipes over which it is used."""

import contextlib
import os
from collections.abc import Mapping
from typing import Self

from pipeline.executors.base import Invocation, WorkerLimits
from pipeline.executors.channel import Channel
from pipeline.process import Interpreter
from pipeline.sdk.server_protocol import Answer
from pipeline.values import Struct


class WorkerKind(Struct, frozen=True):
    """What exchangeable workers have in common."""

    name: str  # their servers' names begin with it
    interpreter: Interpreter
    variables: Mapping[str, str]
    limits: WorkerLimits


class WorkerLease:
    """The right to give one worker one order at a time."""

    def __init__(self, kind: WorkerKind, orders: int, channel: Channel, fresh: bool) -> None:
        self.kind = kind
        self.channel = channel
        self.fresh = fresh  # its server was started for it
        self.owner: int | None = None  # the keeper's pid, once it has answered
        self.ended: int | None = None  # a descriptor that is readable when the keeper has ended
        self.idle_since = 0.0
        self._orders: int | None = orders

    @property
    def descriptors(self) -> list[int]:
        return [self.channel.descriptor, *([] if self.ended is None else [self.ended])]

    @property
    def orders(self) -> int:
        """Where orders are written. It is the lease's to close."""
        assert self._orders is not None
        return self._orders

    def order(self, invocation: Invocation) -> None:
        """Raises ``BrokenPipeError`` where the server is gone."""
        os.write(self.orders, invocation.order.encode())

    def owned_by(self, pid: int) -> None:
        self.owner = pid
        with contextlib.suppress(AttributeError, OSError):
            self.ended = os.pidfd_open(pid)

    @property
    def is_dead(self) -> bool:
        """Whether its worker or its server has ended since the last order."""
        answers = [Answer.decode(line) for line in self.channel.lines()]
        is_lost = any(answer.word == Answer.LOST for answer in answers if answer)
        return is_lost or self.channel.at_end or _has_ended(self.ended)

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


class LeasePipes:
    """An order pipe and a report pipe for a lease; the ends that aren't taken are closed."""

    def __init__(self) -> None:
        self.theirs: list[int] = []
        self._ours: list[int] = []

    def __enter__(self) -> Self:
        orders, self._orders = self.order_channel()
        self.theirs, self._ours = [orders], [self._orders]
        try:
            self._reports, reports = os.pipe()
        except OSError:
            self.__exit__()
            raise
        self.theirs.append(reports)
        self._ours.append(self._reports)
        return self

    @staticmethod
    def order_channel() -> tuple[int, int]:
        """Where orders are read, and where they are written."""
        return os.pipe()

    def take(self) -> tuple[int, Channel]:
        """Our ends: where to write orders, and where to read reports."""
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
