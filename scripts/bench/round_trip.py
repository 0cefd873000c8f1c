"""From handing an invocation to the executor to the event of its end, with a live worker, in this process."""

import os
import statistics
import time
from hashlib import sha256
from pathlib import Path

from measuring import output
from ours import Ours

from pipeline.values import replace

# An older build measures itself with its own modules: what they call is no contract.
MEASURE = """import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import round_trip
from ours import Ours
print(round_trip.milliseconds(Ours(Path(sys.argv[2])), int(sys.argv[3])))
"""


def of_build(ours: Ours, trips: int) -> float:
    """Milliseconds, by the build's own interpreter. Raises ``Failed``."""
    bench = ours.checkout.folder / "scripts" / "bench"
    argv: list[str | Path] = [ours.checkout.program("python"), "-I", "-c", MEASURE, bench, ours.root, str(trips)]
    return float(output(argv, ours.variables))


def milliseconds(ours: Ours, trips: int) -> float:
    from pipeline.executors.base import Executor, Invocation, ProcessExit
    from pipeline.executors.local import LocalExecutor
    from pipeline.jobs.store import JobStore
    from pipeline.project import ProjectFolder
    from pipeline.run import runtime

    id = ours.prepare("one")
    ours.run(id, "worker")
    project = ProjectFolder(ours.root)
    job = JobStore(project.jobs).find(id)
    interpreter = runtime.resolve(project, job, "").interpreters["bare"]
    stage_file = project.stage_file("noop")
    digest = sha256(stage_file.read_bytes()).hexdigest()
    file = next(Path(job.folder, "stages", "s0").glob("*/invocation.json"))
    first = Invocation(f"{id}/s0/1", interpreter, stage_file, digest, file, job.log("s0"), start="worker")
    executor: Executor = LocalExecutor(job.folder / "logs")
    wake, other = os.pipe()  # nothing is ever written to it

    def trip(number: int) -> float:
        invocation = replace(first, id=f"{id}/s0/{number}")
        start = time.perf_counter()
        executor.submit(invocation)
        while True:
            for event in executor.wait(wake, 60):
                if isinstance(event, ProcessExit) and event.id == invocation.id:
                    assert not event.returncode
                    return time.perf_counter() - start

    try:
        times = [trip(number) for number in range(trips)]
    finally:
        executor.stop(0)
        executor.close()
        os.close(wake)
        os.close(other)
        ours.forget(id)
    return round(statistics.median(times) * 1000, 3)
