"""What a person is told when a run is interrupted."""

from collections.abc import Sequence

from pipeline.errors import Interrupted


def interruption(ids: Sequence[str], by: str) -> Interrupted:
    """The error where ``by``, a signal's name, ends a run whose jobs ``ids`` aren't finished. None may be left."""
    if not ids:
        return Interrupted(f"the run was interrupted by {by}", "pipeline job list   shows how each job stands")
    were = "was" if len(ids) == 1 else "were"
    again = " ".join(f"-j {id}" for id in ids)
    return Interrupted(f"{', '.join(ids)} {were} interrupted by {by}", f"run-pipeline {again}   goes on from here")
