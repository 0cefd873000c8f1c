"""Tasks that make a project ready, carried out and shown, for every command that does so."""

import signal
from collections.abc import Sequence

from pipeline.cli.bootstrap_display import LiveDisplay, PlainDisplay
from pipeline.cli.context import on_terminal
from pipeline.setup.tasks import SetupTask, carry_out, raise_together


def perform(tasks: Sequence[SetupTask], jobs: int | None = None) -> None:
    """Do them all, ``jobs`` at a time. Raises ``NotReady`` with what failed."""
    with display() as shown:
        raise_together(carry_out(tasks, shown, jobs))


def display() -> LiveDisplay | PlainDisplay:
    return LiveDisplay() if on_terminal() else PlainDisplay()


def handle_signals() -> None:
    """Let a request to end do the same as Ctrl-C, so that no installer is left. An ignored signal stays ignored."""
    from pipeline.run.supervision.interrupts import ASKING

    for number in ASKING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
