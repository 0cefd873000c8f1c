"""``service = {ready = {http = "/health"}, …}`` in a stage's block, or ``service:`` in the file of a command."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.config.source import ConfigurationSource, Keys
from pipeline.errors import did_you_mean
from pipeline.sdk import command_words
from pipeline.sdk.command_words import TemplateError
from pipeline.services.definition import (
    HTTP,
    IDLE_SECONDS,
    RESTARTS,
    CommandProbe,
    HttpProbe,
    NotifyProbe,
    ServiceDefinition,
    ServiceProbe,
    Stop,
    TcpProbe,
)

LONGEST_TRY = 60.0  # seconds; who writes more means the whole start
ALIVE_PERIOD = 10.0  # seconds
NESTED = "a service can't use another one yet; a stage can use both, and send one what it got from the other"
# What a stage may say and a service may not, with the reason.
UNFIT = {
    "inputs": "a service has no inputs: stages that use it send it what they have",
    "outputs": "a service has no outputs: stages that use it write what they get",
    "ensure": "a service has no outputs of which anything could be promised",
    "stdin": "a service has no inputs, and reads nothing",
    "stdout": "a service has no outputs; what it prints is in its log",
    "start": "a service is always a process of its own",
    "cache": "a service has no result that could be kept",
    "services": NESTED,
    "retries": "a service is started again by 'restarts' in its table",
    "timeout_seconds": "a service runs for as long as it is used; its start is bound by 'start_timeout' in 'ready'",
    "network": "a service without network can't be reached",
    "read_only": "a service can't be confined yet",
}
TABLE = "service"


def service_of(source: ConfigurationSource) -> ServiceDefinition | None:
    """The service that a stage's table declares; ``None`` where the stage is none.

    ``source`` fits its schema. Raises ``ConfigurationError``, with file, line and key, where the rest is wrong.
    """
    table = source.value.get(TABLE)
    if table is None:
        return None
    for key, reason in UNFIT.items():
        if key in source.value:
            raise source.error((key,), reason, f"leave '{key}' out")
    ports = tuple(table.get("ports", (HTTP,)))
    alive = table.get("alive")
    return ServiceDefinition(
        ready=_probe(source, (TABLE, "ready"), table["ready"], ports, 1.0),
        alive=None if alive is None else _probe(source, (TABLE, "alive"), alive, ports, ALIVE_PERIOD),
        stop=_stop(table.get("stop", {})),
        ports=ports,
        idle_seconds=float(table.get("idle_seconds", IDLE_SECONDS)),
        restarts=table.get("restarts", RESTARTS),
    )


def placeholders(source: ConfigurationSource) -> Iterator[str]:
    """What a service's command may have beside what a stage's has: ``port.NAME``, and ``token`` in its variables."""
    if (table := source.value.get(TABLE)) is not None:
        yield from (f"port.{name}" for name in table.get("ports", (HTTP,)))
        yield "token"


def _stop(table: Mapping[str, Any]) -> Stop:
    defaults = Stop()
    return Stop(table.get("signal", defaults.signal), float(table.get("timeout", defaults.timeout)))


def _probe(
    source: ConfigurationSource, keys: Keys, table: Mapping[str, Any], ports: tuple[str, ...], period: float
) -> ServiceProbe:
    if table.get("timeout", 0) > LONGEST_TRY:
        message = f"it is for one try, and at most {LONGEST_TRY:.0f} seconds"
        raise source.error((*keys, "timeout"), message, "use 'start_timeout' in 'ready' for the whole start")
    defaults = ServiceProbe(NotifyProbe())
    return ServiceProbe(
        way=_way(source, keys, table, ports),
        period=float(table.get("period", period)),
        timeout=float(table.get("timeout", defaults.timeout)),
        start_timeout=float(table.get("start_timeout", defaults.start_timeout)),
        success_threshold=table.get("success_threshold", defaults.success_threshold),
        failure_threshold=table.get("failure_threshold", defaults.failure_threshold),
        grace=float(table.get("grace", defaults.grace)),
    )


def _way(
    source: ConfigurationSource, keys: Keys, table: Mapping[str, Any], ports: tuple[str, ...]
) -> HttpProbe | TcpProbe | CommandProbe | NotifyProbe:
    port = table.get("port", ports[0])
    if port not in ports:
        raise source.error((*keys, "port"), f"the service has no port '{port}'{did_you_mean(port, list(ports))}")
    if "port" in table and not table.keys() & {"http", "tcp"}:
        raise source.error((*keys, "port"), "a port is asked by 'http' and 'tcp' alone", "leave 'port' out")
    if "http" in table:
        return HttpProbe(table["http"], port)
    if "tcp" in table:
        return TcpProbe(port)
    if "notify" in table:
        return NotifyProbe()
    _check_command(source, (*keys, "command"), table["command"], ports)
    return CommandProbe(tuple(table["command"]))


def _check_command(source: ConfigurationSource, keys: Keys, words: list[str], ports: tuple[str, ...]) -> None:
    known = [f"port.{name}" for name in ports]
    for index, word in enumerate(words):
        try:
            parts = command_words.parse(word)
        except TemplateError as error:
            raise source.error((*keys, index), str(error)) from error
        for part in parts:
            shown = ".".join(filter(None, part))
            if part[0] and shown not in known:
                message = f"{{{shown}}} means nothing here{did_you_mean(shown, known)}"
                raise source.error((*keys, index), message, f"write {{port.NAME}}, with one of {', '.join(ports)}")
