"""A command as a stage: its placeholders are filled in, a program is started, and its end is passed on as it was.

The runner loads it as the module of each stage that is a command (``stages/NAME.yaml``), and calls ``run``.

Standard library only, Python 3.8 and later.
"""

import contextlib
import os
import sys

import command_words
from stagekit import StageFailed
from stageprotocol import SOURCES_VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, NoReturn


def run(stage: "Any") -> None:
    """Run the command of a stage. Ends the process as the command ended, unless that went well."""
    command, argv, variables = _filled_in(stage)
    os.chdir(str(stage.work))
    sys.stdout.flush()
    code = _carry_out(stage, command, argv, variables)
    if code < 0:
        _die_by(-code)
    if code:
        sys.exit(code)


def serve(stage: "Any") -> None:
    """Become the command of a service: it gets the signals of who stops it, and ends as it ends."""
    _, argv, variables = _filled_in(stage)
    path = variables.get("PATH", os.defpath)
    program = command_words.find_program(argv[0], path)
    if program is None:
        raise StageFailed(command_words.FOUND_NOTHING % (argv[0], path))
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(program, argv, variables)  # noqa: S606  # no shell, as is meant
    except (OSError, ValueError) as error:
        raise StageFailed(command_words.start_problem(program, error)) from error


def _filled_in(stage: "Any") -> "Any":
    """The command as it was written down, its arguments with all values in them, and its variables."""
    command = stage._invocation["command"]  # noqa: SLF001  # written for this module
    look = _looking_in(stage, command)
    try:
        return command, _command_line(command, look), _variables(stage, command, look)
    except command_words.ValueUnusable as error:
        raise StageFailed(str(error)) from error


def _looking_in(stage: "Any", command: "Any") -> "command_words.Look":
    values: "dict[str, Callable[[str], Any]]" = {
        "input": lambda name: [str(path) for path in stage.inputs(name)],
        "output": lambda name: str(stage.output(name)),
        "parameter": lambda name: stage.parameters[name],
        "model": lambda name: str(stage.model(name)) if name in stage._invocation["models"] else None,  # noqa: SLF001
        "file": lambda name: command["files"][name],
        "service": lambda name: stage.service(name).url,
        "cpus": lambda _: stage.cpus,
        "work": lambda _: str(stage.work),
        "output_folder": lambda _: stage._invocation["output_folder"],  # noqa: SLF001
        "port": lambda name: stage.port(name),  # noqa: PLW0108  # a stage that is no service has none
        "token": lambda _: stage.token,
    }

    def look(kind: str, name: str) -> "Any":
        try:
            return values[kind](name)
        except LookupError:
            raise command_words.ValueUnusable("the stage has no %s '%s'" % (kind, name)) from None

    return look


def _command_line(command: "Any", look: "command_words.Look") -> "List[str]":
    if command["shell"]:
        return [*command_words.SHELL, command_words.shell_text(command["shell"], look)]
    return [*command_words.words(command["words"], look)]


def _variables(stage: "Any", command: "Any", look: "command_words.Look") -> "dict[str, str]":
    variables = dict(os.environ)
    variables.pop(SOURCES_VARIABLE, None)
    for name in stage._invocation.get("services", {}):  # noqa: SLF001
        variables.update(_of_service(name, stage.service(name)))
    for name, template in command["variables"].items():
        value = command_words.variable_text(template, look)
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value
    return variables


def _of_service(name: str, service: "Any") -> "dict[str, str]":
    """``SERVICE_NAME_URL`` of its first port, ``SERVICE_NAME_PORT_URL`` of each, and ``SERVICE_NAME_TOKEN``."""
    prefix = "SERVICE_%s" % name.upper()
    ports = {"%s_%s_URL" % (prefix, port.upper()): url for port, url in service.urls.items()}
    return {**ports, prefix + "_URL": service.url, prefix + "_TOKEN": service.token}


def _carry_out(stage: "Any", command: "Any", argv: "List[str]", variables: "dict[str, str]") -> int:
    """The exit code; negative where a signal ended it."""
    path = variables.get("PATH", os.defpath)
    program = command_words.find_program(argv[0], path)
    if program is None:
        raise StageFailed(command_words.FOUND_NOTHING % (argv[0], path))
    with contextlib.ExitStack() as opened:
        reading = opened.enter_context(open(stage.input(command["stdin"]), "rb")) if command["stdin"] else None
        writing = opened.enter_context(open(stage.output(command["stdout"]), "wb")) if command["stdout"] else None
        return _wait(program, argv, variables, reading, writing)


def _wait(program: str, argv: "List[str]", variables: "dict[str, str]", reading: "Any", writing: "Any") -> int:
    import signal
    import subprocess

    try:
        child = subprocess.Popen(argv, executable=program, env=variables, stdin=reading, stdout=writing)
    except (OSError, ValueError) as error:
        raise StageFailed(command_words.start_problem(program, error)) from error

    def pass_on(number: int, _frame: "Any") -> None:
        child.send_signal(number)

    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), pass_on)
    return child.wait()


def _die_by(number: int) -> "NoReturn":
    """End by the signal that ended the command, without another core dump."""
    import atexit
    import signal

    atexit._run_exitfuncs()  # noqa: SLF001  # what masks secrets writes its last lines
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):  # of SIGKILL, which can't be set
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    sys.exit(128 + number)
