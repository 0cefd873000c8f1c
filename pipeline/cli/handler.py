"""The one place where errors become messages and exit codes."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli import standard_streams, words
from pipeline.errors import REMARK, ExitCode, PipelineError
from pipeline.text import printable, shortened

if TYPE_CHECKING:
    import click

# Errors of the machine, which are no bugs of ours, and what a person can do about them.
MACHINE = {
    errno.ENOSPC: "free space on that disk, then run it again",
    errno.EDQUOT: "free space within your quota, then run it again",
    errno.EROFS: "make that disk writable, or set paths in config/pipeline.yaml to a folder on another disk",
    errno.EACCES: "get the permission for it (ls -l shows who has it), then run it again",
    errno.EPERM: "get the permission for it (ls -l shows who has it), then run it again",
    errno.EIO: "check the disk (dmesg), then run it again",
    errno.EMFILE: "raise the limit of open files (ulimit -n), then run it again",
    errno.EAGAIN: "end other programs, or raise the limit of processes (ulimit -u), then run it again",
    errno.ENOMEM: "end other programs, then run it again",
    errno.ENFILE: "end programs that have many files open, then run it again",
}

# What a system says of a path that a person has written, and how to find out more.
PATHS = {
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EEXIST: "move away what is in its place",
    errno.ENOTDIR: "a part of this path is a file where a folder should be: correct the path",
    errno.EISDIR: "it is a folder: name a file",
    errno.ELOOP: "this link leads back to itself: correct it, or name another path",
}


def run(command: "click.Command") -> None:
    """Run a command as the whole process: ends it with the command's exit code."""
    name = Path(sys.argv[0]).name

    def act() -> None:
        words.require_no_blank(name, sys.argv[1:])
        command.main(standalone_mode=False, prog_name=name)

    sys.exit(code_of(act))


def code_of(act: Callable[[], object]) -> int:
    """Call ``act``, print its error if it has one, and return the exit code. All output is flushed."""
    standard_streams.make_usable()
    _keep_exit_codes()
    code = _exit_code(act)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _discard_output()
    return code


def _keep_exit_codes() -> None:
    """Where SIGCHLD is ignored, which is inherited, the system keeps no exit codes, and Python's own subprocess then
    takes each child for one that ended well."""
    import signal

    if hasattr(signal, "SIGCHLD") and signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _exit_code(act: Callable[[], object]) -> int:
    stdout = sys.stdout
    try:
        act()
        sys.stdout.flush()
    except SystemExit as leaving:
        # When the reader of our output ends early, as `head` does, rich exits with 1, and so does click, which
        # replaces the stream. That is not an error.
        if sys.stdout is stdout and not isinstance(leaving.__context__, BrokenPipeError):
            raise
        _discard_output()
    except BrokenPipeError:
        _discard_output()
    except (Exception, KeyboardInterrupt) as error:
        import click

        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            click.echo(error.format_message(), err=True)
            return ExitCode.USAGE
        found = known(error)
        return _report(found or bug(error))
    return ExitCode.OK


def known(error: BaseException) -> PipelineError | None:
    """The error as one of ours; ``None`` where it can only be a bug."""
    import click

    match error:
        case PipelineError():
            return error
        case click.UsageError():
            return _usage_error(error)
        case click.ClickException():
            return PipelineError(error.format_message(), None, ExitCode.USAGE)
        case KeyboardInterrupt() | click.Abort():
            return PipelineError("interrupted", None, ExitCode.INTERRUPTED)
        case OSError():
            return _machine_error(error)
    return None


def _machine_error(error: OSError) -> PipelineError | None:
    if error.errno in MACHINE:
        return PipelineError(_shown(error), MACHINE[error.errno], ExitCode.NOT_READY)
    if error.errno in PATHS:
        return PipelineError(_shown(error), PATHS[error.errno], ExitCode.USAGE)
    return None


def _shown(error: OSError) -> str:
    where = (
        shortened(printable(os.fsdecode(error.filename)))
        if error.filename
        else "the output, or a file, can't be written"
    )
    return f"{where}: {error.strerror}"


def _report(error: PipelineError) -> int:
    with contextlib.suppress(OSError):  # the reader may have gone
        if "--json" in sys.argv:
            from pipeline.cli.output import print_error

            print_error(error)
        _print(error.message, error.next_step)
    return error.exit_code


def _usage_error(error: "click.UsageError") -> PipelineError:
    command = error.ctx.command_path if error.ctx else Path(sys.argv[0]).name
    return PipelineError(error.format_message(), f"{command} --help", ExitCode.USAGE)


def _print(message: str, next_step: str | None) -> None:
    import click

    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)
    if next_step:
        first, *others = _advice(next_step)
        click.echo(f"{click.style('next:', bold=True)}  {first}", err=True)
        for line in others:
            click.echo(f"       {line}", err=True)


def _advice(next_step: str) -> list[str]:
    """A command stands alone on its line, so that it can be copied; what is said about it comes below."""
    lines = []
    for line in next_step.splitlines():
        command, _, remark = line.strip().partition(REMARK)
        lines += [command, f"  {remark.strip()}"] if remark else [line]
    return lines


def _discard_output() -> None:
    """Nobody reads our output any more, so what is still buffered is thrown away."""
    null = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(null, descriptor)


def bug(error: BaseException) -> PipelineError:
    """What to tell of an error that is ours. The traceback goes into a log, and never to the terminal."""
    log = _log_traceback(error)
    where = f"the traceback is in {log}" if log else "its traceback could not be written to any file"
    message = f"a bug in pipeline: {type(error).__name__}: {error}"
    return PipelineError(message, f"report it, with the log: {where}" if log else f"report it; {where}", ExitCode.BUG)


def _log_traceback(error: BaseException) -> Path | None:
    """The log's path: in the project, or where that fails in the folder for temporary files; ``None`` if both fail."""
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
            logger.add(log, rotation="10 MB", diagnose=False, errors="backslashreplace")
            logger.opt(exception=error).error("{} ended with an unexpected error", " ".join(sys.argv))
            return log
        except OSError:
            continue
    return None
