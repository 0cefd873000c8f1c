"""The one place where errors become messages and exit codes."""

import errno
import os
import sys
from pathlib import Path

import click

from pipeline.errors import ExitCode, PipelineError

# What the disk, and not we, did: the machine isn't ready for the work.
STORAGE = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE}


def run(command: click.Command) -> None:
    """Run a command as the whole process and leave with its exit code."""
    sys.exit(_exit_code(command))


def _exit_code(command: click.Command) -> int:
    try:
        command.main(standalone_mode=False, prog_name=Path(sys.argv[0]).name)
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except (Exception, KeyboardInterrupt) as error:
        known = _understood(error)
        return _tell(known) if known else _own_bug(error)
    return ExitCode.OK


def _understood(error: BaseException) -> PipelineError | None:
    """What happened, as an error of ours; ``None`` where it can only be a bug."""
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
            return PipelineError(f"{error.filename or 'the disk'}: {error.strerror}", None, ExitCode.NOT_READY)
    return None


def _tell(error: PipelineError) -> int:
    if "--json" in sys.argv:
        from pipeline.cli.output import print_error

        print_error(error)
    _say(error.message, error.next_step)
    return error.exit_code


def _of_usage(error: click.UsageError) -> PipelineError:
    command = error.ctx.command_path if error.ctx else Path(sys.argv[0]).name
    return PipelineError(error.format_message(), f"{command} --help", ExitCode.USAGE)


def _say(message: str, next_step: str | None) -> None:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)
    if next_step:
        click.echo(f"{click.style('next:', bold=True)}  {next_step}", err=True)


def _own_bug(error: BaseException) -> int:
    """A traceback never reaches the terminal, and is never lost."""
    log = _keep_traceback(error)
    where = f"the traceback is in {log}" if log else "its traceback could not be written anywhere"
    _say(f"a bug in pipeline: {type(error).__name__}: {error}", f"report it; {where}")
    return ExitCode.BUG


def _keep_traceback(error: BaseException) -> Path | None:
    import tempfile

    from loguru import logger

    from pipeline.cli.context import project_or_none

    project = project_or_none()
    for folder in (project.logs if project else None, Path(tempfile.gettempdir())):
        if folder is None:
            continue
        try:
            folder.mkdir(exist_ok=True)
            log = folder / "errors.log"
            logger.remove()
            logger.add(log, rotation="10 MB", diagnose=False)
            logger.opt(exception=error).error("{} ended with an unexpected error", " ".join(sys.argv))
            return log
        except OSError:
            continue
    return None
