"""Services: how long after a service is ready it is seen to be so, for each way in which that is known.

Each is started several times, and is ready after a time that differs from one start to the next, so that tries of a
probe come at any moment. The service notes the moment at which it is ready, by the clock that all processes have.

    python scripts/bench/services.py [--starts N] [--json] [--check]
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from measuring import Failed

from pipeline.services.client import connect
from pipeline.services.definition import (
    CommandProbe,
    HttpProbe,
    NotifyProbe,
    ServiceDefinition,
    ServiceProbe,
    Stop,
    TcpProbe,
    Way,
)
from pipeline.services.folder import ServiceFolder
from pipeline.services.live_services import stop
from pipeline.services.order import ServiceOrder
from pipeline.services.status import ServiceState

LIMIT = 0.060  # seconds
LONGEST_START = 4.0  # seconds
PATIENCE = 60.0
SERVICE = """\
import http.server
import os
import time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if time.monotonic() >= READY_AT else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def note(moment):
    with open(NOTE + ".new", "w") as file:
        file.write(repr(moment))
    os.rename(NOTE + ".new", NOTE)


def serve(stage):
    global READY_AT, NOTE
    parameters = stage.parameters
    NOTE, READY_AT = parameters["note"], time.monotonic() + parameters["seconds"]
    way = parameters["way"]
    if way == "http":
        note(READY_AT)
    else:
        time.sleep(parameters["seconds"])
    with http.server.ThreadingHTTPServer((stage.host, stage.port()), Handler) as server:
        if way != "http":
            note(time.monotonic())
        if way == "notify":
            stage.ready()
        server.serve_forever()
"""
WAYS: dict[str, Way] = {"http": HttpProbe("/health"), "tcp": TcpProbe(), "notify": NotifyProbe()}


@dataclass(frozen=True)
class Readiness:
    """Seconds from being ready to being seen so, of all starts of one way."""

    way: str
    median: float
    greatest: float
    limit: float = LIMIT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=10, help="of each way")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--check", action="store_true", help="exit with 1 where one is seen later than it may be")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="services-") as folder:
        try:
            found = list(_measured(Path(folder), options.starts))
        except Failed as error:
            print(error, file=sys.stderr)
            return 3
    if options.json:
        print(json.dumps({"seconds": [asdict(each) for each in found]}))
    else:
        for each in found:
            shown = f"median {1000 * each.median:.1f} ms, greatest {1000 * each.greatest:.1f} ms"
            print(f"{each.way:8} {shown} (at most {1000 * each.limit:.0f} ms)")
    return int(options.check and any(each.greatest > each.limit for each in found))


def _measured(folder: Path, starts: int) -> Iterator[Readiness]:
    chance = random.Random(7)  # moments of a measurement
    (folder / "runtime").mkdir(mode=0o700)
    (folder / "service.py").write_text(SERVICE)
    ways = {**WAYS, "command": CommandProbe(("/usr/bin/test", "-e", str(folder / "note")))}
    for name, way in ways.items():
        delays = [_delay(folder, name, way, number, chance.uniform(0.05, LONGEST_START)) for number in range(starts)]
        yield Readiness(name, statistics.median(delays), max(delays))


def _delay(folder: Path, name: str, way: Way, number: int, seconds: float) -> float:
    note = folder / "note"
    note.unlink(missing_ok=True)
    parameters = {"way": name, "seconds": seconds, "note": str(note)}
    order = ServiceOrder(
        key=f"{name}{number}".ljust(16, "0"),
        name=name,
        project=str(folder),
        definition=ServiceDefinition(ready=ServiceProbe(way), stop=Stop(timeout=2.0), idle_seconds=0.0),
        python=sys.executable,
        prefix=sys.prefix,
        variables={"PATH": "/usr/bin:/bin"},
        stage_file=str(folder / "service.py"),
        invocation={"arguments": {"parameters": parameters}, "models": {}, "inputs": {}, "cpus": 1},
    )
    with closing(connect(folder / "runtime", order)) as client:
        status = client.wait_ready(PATIENCE)
        seen = time.monotonic()
    stop(ServiceFolder.of(folder / "runtime", order.key), PATIENCE)
    if status.state is not ServiceState.READY:
        raise Failed(f"the service with {name} isn't ready: {status.failure}")
    return seen - float(note.read_text())


if __name__ == "__main__":
    sys.exit(main())
