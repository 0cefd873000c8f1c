"""What became of a stage that its author ran, as an error with what comes next."""

from typing import TYPE_CHECKING

from pipeline.cli.tracebacks import place_in
from pipeline.errors import InputError, Interrupted, PipelineError, StageError
from pipeline.sdk.protocol import EXIT_INPUT_UNUSABLE
from pipeline.text import printable, shortened

if TYPE_CHECKING:
    from pipeline.config.stages import StageSpec
    from pipeline.executors import StageException
    from pipeline.project import ProjectFolder
    from pipeline.run.direct_run import DirectEnd


def error_of(project: "ProjectFolder", spec: "StageSpec", ended: "DirectEnd", said: bytes) -> PipelineError | None:
    """``None`` where it ended well. ``said``: the last of what it printed."""
    from pipeline.run.failures.message import describe_exit

    if ended.interrupted:
        return Interrupted(f"stage '{spec.name}' was interrupted by {ended.interrupted}")
    if ended.timed_out:
        limit = f"it took longer than {ended.seconds:.0f} s, and was ended"
        return StageError(f"stage '{spec.name}' failed: {limit}", "give it more with --timeout SECONDS")
    if ended.returncode == 0:
        return None
    file = project.shown(spec.file)
    if ended.error is not None:
        kind = InputError if ended.returncode == EXIT_INPUT_UNUSABLE else StageError
        return kind(f"stage '{spec.name}' failed: {ended.error}", f"mend {file}, or what it gets")
    line = place_in(said, spec.file)
    place = f"{file}:{line}" if line else file
    how = f"it raised {_one_line(ended.raised)}" if ended.raised else describe_exit(ended.returncode)
    return StageError(f"{place}: stage '{spec.name}' failed: {how}", f"mend {place}")


def _one_line(raised: "StageException") -> str:
    said = printable(raised.message.strip().partition("\n")[0])
    return shortened(f"{raised.type}: {said}" if said else raised.type)
