"""The try that is under way: begun, looked at, and given up in time."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.services import probes
from pipeline.services.definition import CommandProbe, NotifyProbe, ServiceProbe
from pipeline.services.events import TryResult

LOOK = 0.05  # seconds between two looks, where nothing can be waited for
LONGEST_WORDS = 200  # characters of what a command printed that are told


class ProbeRun:
    """One try at a time. ``output``: a file that gets what a command prints."""

    def __init__(self, host: str, output: Path) -> None:
        self._host = host
        self._output = output
        self._try: probes.Try | None = None
        self._deadline = 0.0

    @property
    def pid(self) -> int | None:
        """Of the command that runs."""
        return self._try.pid if isinstance(self._try, probes.CommandTry) else None

    def interests(self) -> dict[int, int]:
        """A descriptor, with what of it is waited for."""
        one = self._try.waits_for() if self._try is not None else None
        return {} if one is None else {one[0]: one[1]}

    def due(self) -> float | None:
        """By when it must be looked at (``time.monotonic``)."""
        if self._try is None:
            return None
        return self._deadline if self.interests() else min(self._deadline, time.monotonic() + LOOK)

    def begin(
        self, probe: ServiceProbe, ports: Mapping[str, int], variables: Mapping[str, str], is_ready: bool
    ) -> TryResult | None:
        """``is_ready``: it is asked whether the service is still alive. Returns why there could be no try."""
        self.drop()
        self._deadline = time.monotonic() + probe.timeout
        assert not isinstance(probe.way, NotifyProbe)  # what is notified isn't asked
        try:
            if isinstance(probe.way, CommandProbe):
                with self._opened_output() as output:
                    self._try = probes.of_command(probe.way, ports, variables, output)
            else:
                self._try = probes.of_connection(probe.way, self._host, ports, is_ready)
        except OSError as error:
            named = f" ({error.filename})" if error.filename else ""
            return TryResult(False, f"the probe can't be started: {error.strerror or error}{named}")
        return None

    def result(self) -> TryResult | None:
        """``None`` while there is none."""
        if self._try is None:
            return None
        result = self._try.result()
        if result is None and time.monotonic() < self._deadline:
            return None
        if result is None:
            result = TryResult(False, "there was no answer in time")
        elif not result.is_well and self.pid is not None:
            result = TryResult(False, f"{result.text}{self._said()}")
        self.drop()
        return result

    def drop(self) -> None:
        """Its result isn't needed any more."""
        dropped, self._try = self._try, None
        if dropped is not None:
            dropped.close()

    def _said(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._output.read_bytes()[-4 * LONGEST_WORDS :].decode("utf-8", "replace").split("\n")
            words = next((line.strip() for line in reversed(lines) if line.strip()), "")
            return f": {words[:LONGEST_WORDS]}" if words else ""
        return ""

    @contextlib.contextmanager
    def _opened_output(self) -> Iterator[int]:
        """Of the last command alone, so that it doesn't grow."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(self._output, flags, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
