"""How urgently a service in the foreground is asked to end: each SIGTERM or Ctrl-C more so than the one before."""

import asyncio


class StopRequests:
    def __init__(self) -> None:
        self.end = asyncio.Event()  # take nothing new, and answer what there is
        self.cut_off = asyncio.Event()  # and don't wait for that
        self.kill = asyncio.Event()  # nor for the program

    def add(self) -> None:
        """Another signal has come."""
        events = (self.end, self.cut_off, self.kill)
        next((each for each in events if not each.is_set()), self.kill).set()
