"""The run of another process that makes a result which this one waits for: who it is, and what a person can do."""

import time


def described(pid: int | None) -> str:
    """``pid``: the other run's process, or ``None`` where the system doesn't say. Goes on after "since"."""
    import psutil  # few runs meet another one

    same = "makes the same result"
    if pid is None:
        return f"another run {same}"
    try:
        process = psutil.Process(pid)
        began, state = process.create_time(), process.status()
    except psutil.Error:
        return f"process {pid} {same}"
    who = f"process {pid}, which began at {time.strftime('%H:%M:%S', time.localtime(began))},"
    if state != psutil.STATUS_STOPPED:
        return f"{who} {same}"
    return (
        f"{who} {same} and has been stopped (Ctrl-Z, SIGSTOP); kill -CONT {pid} lets it go on; "
        f"kill -KILL {pid} ends it, and this run makes the result itself"
    )
