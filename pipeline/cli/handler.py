"""The one place where errors become messages and exit codes."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ExitCode, PipelineError
from pipeline.text import printable

if TYPE_CHECKING:
    import click

# What the disk, and not we, did: the machine isn't ready for the work.
STORAGE = {
    errno.ENOSPC: "make room on that disk, then give the command again",
    errno.EDQUOT: "make room within your quota, then give the command again",
    errno.EROFS: "make that disk writable, or let paths in config/pipeline.yaml put that folder on another",
    errno.EACCES: "get the right to it (see ls -l), then give the command again",
    errno.EPERM: "get the right to it (see ls -l), then give the command again",
    errno.EIO: "look at the disk (dmesg), then give the command again",
    errno.EMFILE: "raise the limit of open files (ulimit -n), then give the command again",
    errno.EAGAIN: "let other programs end, or raise the limit of processes (ulimit -u), then give the command again",
    errno.ENOMEM: "let other programs end, then give the command again",
    errno.ENFILE: "let other programs close files, then give the command again",
}


def run(command: "click.Command") -> None:
    """Run a command as the whole process and leave with its exit code."""
    sys.exit(code_of(lambda: command.main(standalone_mode=False, prog_name=Path(sys.argv[0]).name)))


def code_of(act: Callable[[], object]) -> int:
    """Do something, tell what went wrong with it, and return the exit code. What was printed has been written."""
    code = _exit_code(act)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _stop_talking()
    return code


def _exit_code(act: Callable[[], object]) -> int:
    stdout = sys.stdout
    try:
        act()
        sys.stdout.flush()
    except SystemExit as leaving:
        # Where the reader of our output has gone, as `head` does, rich leaves with 1, and so does click, which
        # replaces the stream. That is no failure of ours.
        if sys.stdout is stdout and not isinstance(leaving.__context__, BrokenPipeError):
            raise
        _stop_talking()
    except BrokenPipeError:
        _stop_talking()
    except (Exception, KeyboardInterrupt) as error:
        import click

        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            click.echo(error.format_message(), err=True)
            return ExitCode.USAGE
        known = _understood(error)
        return _tell(known) if known else _own_bug(error)
    return ExitCode.OK


def _understood(error: BaseException) -> PipelineError | None:
    """What happened, as an error of ours; ``None`` where it can only be a bug."""
    import click

    match error:
        case PipelineError():
            return error
        case click.UsageError():
            return _of_usage(error)
        case click.ClickException():
            return PipelineError(error.format_message(), None, ExitCode.USAGE)
        case KeyboardInterrupt() | click.Abort():
            return PipelineError("interrupted", None, ExitCode.INTERRUPTED)
        case OSError() if error.errno in STORAGE:
            where = printable(os.fsdecode(error.filename)) if error.filename else "a file could not be written"
            return PipelineError(f"{where}: {error.strerror}", STORAGE[error.errno], ExitCode.NOT_READY)
    return None


def _tell(error: PipelineError) -> int:
    with contextlib.suppress(OSError):  # nobody may be left to tell
        if "--json" in sys.argv:
            from pipeline.cli.output import print_error

            print_error(error)
        _say(error.message, error.next_step)
    return error.exit_code


def _of_usage(error: "click.UsageError") -> PipelineError:
    command = error.ctx.command_path if error.ctx else Path(sys.argv[0]).name
    return PipelineError(error.format_message(), f"{command} --help", ExitCode.USAGE)


def _say(message: str, next_step: str | None) -> None:
    import click

    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)
    if next_step:
        lines = next_step.replace("\n", "\n       ")
        click.echo(f"{click.style('next:', bold=True)}  {lines}", err=True)


def _stop_talking() -> None:
    """What is still buffered goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)


def _own_bug(error: BaseException) -> int:
    """A traceback never reaches the terminal, and is never lost."""
    log = _keep_traceback(error)
    where = f"the traceback is in {log}" if log else "its traceback could not be written anywhere"
    message = f"a bug in pipeline: {type(error).__name__}: {error}"
    return _tell(PipelineError(message, f"report it; {where}", ExitCode.BUG))


def _keep_traceback(error: BaseException) -> Path | None:
    import tempfile

    from loguru import logger

    from pipeline.cli.context import project_or_none

    project = project_or_none()
    for folder in (project.logs if project else None, Path(tempfile.gettempdir())):
        if folder is None:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            log = folder / "errors.log"
            logger.remove()
            logger.add(log, rotation="10 MB", diagnose=False)
            logger.opt(exception=error).error("{} ended with an unexpected error", " ".join(sys.argv))
            return log
        except OSError:
            continue
    return None
