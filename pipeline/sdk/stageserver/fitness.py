"""Whether a process that has loaded a stage can be forked: a fork has no threads and can't use the GPU context."""

import os
import sys
import warnings


def why_not_forked(proc: str = "/proc/self") -> "str | None":
    """A reason, or ``None``. ``proc`` is this process's folder there."""
    if not sys.platform.startswith("linux"):
        return "only Linux tells which threads a process has"
    _trial_fork()
    return _gpu(proc) or _threads(proc)


def _trial_fork() -> None:
    """OpenBLAS and other libraries end their threads before a fork, and start them again when they are needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads, which are looked at next
        pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)


def _threads(proc: str) -> "str | None":
    tasks = os.path.join(proc, "task")
    names = [_name(os.path.join(tasks, task)) for task in os.listdir(tasks)]
    if len(names) == 1:
        return None
    return "loading the stage left %d threads (%s)" % (len(names) - 1, ", ".join(sorted(set(names))))


def _name(task: str) -> str:
    try:
        with open(os.path.join(task, "comm"), encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "?"


def _gpu(proc: str) -> "str | None":
    folder = os.path.join(proc, "fd")
    for descriptor in os.listdir(folder):
        try:
            target = os.readlink(os.path.join(folder, descriptor))
        except OSError:
            continue
        if target.startswith("/dev/nvidia"):
            return "loading the stage opened %s, and a GPU can't be used after a fork" % target
    try:
        with open(os.path.join(proc, "maps"), encoding="utf-8", errors="replace") as file:
            if any("/libcuda.so" in line for line in file):
                return "loading the stage loaded libcuda, which can't be used after a fork"
    except OSError:
        pass
    return None
