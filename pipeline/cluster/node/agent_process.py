"""A node's agent as a process of its own: ``python -m pipeline.cluster.node.agent_process``.

Its settings come on the standard input as a line of JSON, so that the token is on no command line. It answers with a
line, ``{"address": "127.0.0.1:PORT"}``, and ends when the standard input is closed or it is sent SIGTERM.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from pipeline.cluster.content.server import ContentServer
from pipeline.cluster.node.agent import AgentSettings, running
from pipeline.cluster.node.agent_answers import answers_of
from pipeline.errors import PipelineError
from pipeline.permissions import keep_private
from pipeline.values import Struct, decode, encode


class AgentStart(Struct, frozen=True):
    """What an agent's process is told on its standard input."""

    folder: str
    name: str
    token: str
    limit: int = 50 << 30  # bytes of contents


def main() -> int:
    signal.signal(signal.SIGTERM, _end)
    start = decode(sys.stdin.buffer.readline(), AgentStart)
    keep_private([])
    try:
        settings = AgentSettings(Path(start.folder), start.name, start.limit, token=start.token)
        with running(settings, dict(os.environ)) as agent:
            server = ContentServer(agent.store, start.token, answers=answers_of(agent))
            with server.running():
                sys.stdout.buffer.write(encode({"address": server.address}) + b"\n")
                sys.stdout.buffer.flush()
                sys.stdin.buffer.read()
    except PipelineError as error:
        print(error.message, file=sys.stderr)
        return int(error.exit_code)
    return 0


def _end(_: int, __: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
