"""What a service's program gets: its variables, and the file that the runner reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.executors.runner import command
from pipeline.sdk.protocol import RUN_VARIABLE, SERVICE
from pipeline.services.definition import NotifyProbe
from pipeline.services.folder import MARK
from pipeline.services.order import ServiceOrder
from pipeline.services.proxy_exceptions import proxy_exceptions
from pipeline.values import Struct, encode

# They belong to the shell or the run that has started it, which it outlives.
OF_THE_STARTER = {RUN_VARIABLE, "_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES"}
INVOCATION, WORK = "invocation.json", "work"
TOKEN_VARIABLE = "PIPELINE_SERVICE_TOKEN"  # noqa: S105  # its name
MICROSECONDS = 1e6


class ServiceInvocation(Struct, frozen=True):
    """What is added to a stage's invocation, as ``service``. ``sdk/serviceside.py`` reads it."""

    prefix: str  # that the interpreter must have
    folder: str  # to work in
    host: str
    ports: Mapping[str, int]
    has_secrets: bool  # on standard input, as JSON


def variables(order: ServiceOrder, ports: Mapping[str, int], token: str, folder: Path, notify: str) -> dict[str, str]:
    """The program's variables. The token is nowhere else that it could be seen by others."""
    kept = {name: value for name, value in order.variables.items() if name not in OF_THE_STARTER}
    numbers = {f"PIPELINE_PORT_{name.upper()}": str(number) for name, number in ports.items()}
    alive = order.definition.alive
    watchdog = (
        {"WATCHDOG_USEC": str(int(alive.period * MICROSECONDS))} if alive and isinstance(alive.way, NotifyProbe) else {}
    )
    first = next(iter(ports.values()), None)
    return {
        **kept,
        **proxy_exceptions(kept),
        **numbers,
        **watchdog,
        **({} if first is None else {"PORT": str(first)}),
        "PIPELINE_SERVICE_HOST": order.host,
        TOKEN_VARIABLE: token,
        "NOTIFY_SOCKET": notify,
        MARK: str(folder),
    }


def write(order: ServiceOrder, ports: Mapping[str, int], folder: Path) -> list[str | Path]:
    """Write ``invocation.json``, and return the command that runs it. Raises ``OSError``."""
    work = folder / WORK
    work.mkdir(mode=0o700, exist_ok=True)
    service = ServiceInvocation(order.prefix, order.folder or str(work), order.host, ports, bool(order.secrets))
    content: dict[str, Any] = {
        "work": str(work),
        **order.invocation,
        "stage_file": order.stage_file,
        "modules": list(order.modules),
        "service": service,
    }
    file = folder / INVOCATION
    file.write_bytes(encode(content))
    return command(Path(order.python), SERVICE, file)
