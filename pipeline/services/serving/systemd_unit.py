"""A unit of systemd that runs a service for its user, or for the machine. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

START_BEYOND = 60.0  # seconds for what comes before the program and after it
END_BEYOND = 30.0


@dataclass(frozen=True)
class UnitFacts:
    """What a unit is made of."""

    service: str
    project: str
    command: Sequence[str]  # absolute, word for word
    variables: Mapping[str, str]
    start_seconds: float  # that the service may take to be ready
    end_seconds: float  # that it may take to end


def unit(facts: UnitFacts) -> str:
    """The text of a file NAME.service."""
    variables = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in facts.variables.items())
    command = " ".join(_quoted(word, is_command=True) for word in facts.command)
    return f"""\
[Unit]
Description=pipeline: {_plain(facts.service)} of {_plain(facts.project)}
After=network.target

[Service]
Type=notify
{variables}ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
Restart=on-failure
RestartSec=5
# 2: what was asked for is wrong, and would be each time.
RestartPreventExitStatus=2
TimeoutStartSec={facts.start_seconds + START_BEYOND:.0f}
TimeoutStopSec={facts.end_seconds + END_BEYOND:.0f}

[Install]
WantedBy=default.target
"""


def _plain(text: str) -> str:
    """For a description: on one line, and without specifiers."""
    return " ".join(text.split()).replace("%", "%%")


def _quoted(word: str, is_command: bool = False) -> str:
    """As systemd.syntax(7) and systemd.service(5) want it: ``%`` begins a specifier, in a command ``$`` a variable."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    if is_command:
        escaped = escaped.replace("$", "$$")
    is_bare = escaped and not set(escaped) & set(" \t;'\"\\#")
    return escaped if is_bare else f'"{escaped}"'
