"""The limits that a system has for this process: what it may use of files, memory and time, and which CPUs."""

import os
import resource

from stageserver.suppress import suppress


class SystemLimits:
    """The limits as they are now."""

    def __init__(self) -> None:
        numbers = {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
        self._limits = {number: resource.getrlimit(number) for number in numbers}
        self._cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None

    def restore(self) -> None:
        """As far as this process may: a hard limit that was lowered stays."""
        for number, limit in self._limits.items():
            if resource.getrlimit(number) != limit:
                soft, hard = limit[0], resource.getrlimit(number)[1]
                with suppress(OSError, ValueError):
                    resource.setrlimit(number, (soft, hard))
        if self._cpus is not None and os.sched_getaffinity(0) != self._cpus:
            with suppress(OSError):
                os.sched_setaffinity(0, self._cpus)
