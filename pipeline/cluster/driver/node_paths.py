"""A stage's files by their paths on a node: who reads a traceback looks for the project's."""

import os
from collections import Counter

from pipeline.cluster.driver.remote_attempt import RemoteAttempt
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome


def paths_here(attempt: RemoteAttempt, outcome: AttemptOutcome) -> dict[str, str]:
    """Those of this machine, by those of the node."""
    order, invocation = attempt.order, attempt.live.invocation
    found = {f"{outcome.source}/modules/{path.name}": os.fspath(path) for path in invocation.modules}
    found[f"{outcome.source}/{order.stage_file.name}"] = os.fspath(invocation.stage_file)
    numbers = Counter[str]()
    for watched in attempt.live.inputs:
        slot = watched.file.slot
        name = order.inputs[slot][numbers[slot]].name
        found[f"{outcome.place}/inputs/{slot}/{numbers[slot]}/{name}"] = os.fspath(watched.file.path)
        numbers[slot] += 1
    return found
