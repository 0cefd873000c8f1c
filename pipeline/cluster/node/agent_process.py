"""A node as a process of its own: ``python -m pipeline.cluster.node.agent_process``.

Its settings come on the standard input as a line of JSON, so that the token is on no command line. It answers with a
line, how it introduces itself to a run, and ends when the standard input is closed or it is sent SIGTERM.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from pipeline.cluster.node.agent_setup import AgentSettings
from pipeline.cluster.node.node_host import NodeHost
from pipeline.errors import PipelineError
from pipeline.permissions import keep_private
from pipeline.values import Struct, decode, encode


class AgentStart(Struct, frozen=True):
    """What an agent's process is told on its standard input."""

    folder: str
    name: str
    token: str
    limit: int = 50 << 30  # bytes of contents
    owner: str = ""


def main() -> int:
    signal.signal(signal.SIGTERM, _end)
    start = decode(sys.stdin.buffer.readline(), AgentStart)
    keep_private([])
    settings = AgentSettings(Path(start.folder), start.name, start.limit, token=start.token, owner=start.owner)
    try:
        host = NodeHost(settings, dict(os.environ))
        try:
            sys.stdout.buffer.write(encode(host.announcement()) + b"\n")
            sys.stdout.buffer.flush()
            sys.stdin.buffer.read()
        finally:
            host.stop()
    except PipelineError as error:
        print(error.message, file=sys.stderr)
        return int(error.exit_code)
    return 0


def _end(_: int, __: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
