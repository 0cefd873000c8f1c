"""Python as a stage sees the world: ``stage`` with its inputs and parameters, and the stage's own functions.

``python -I stage_shell.py INVOCATION.json [CODE]`` runs CODE, or reads what a person types.

Standard library only, Python 3.8 and later.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(invocation: str, code: "str | None" = None) -> int:
    runner = load_runner()
    runner.import_beside("stageprotocol", "protocol.py")
    stage = runner.import_beside("stagekit").Stage(invocation)
    namespace = {"stage": stage}
    loaded = _load(runner, invocation, namespace)
    if code is None:
        _converse(namespace)
        return 0
    return _carry_out(code, namespace) if loaded else 1


def load_runner() -> "Any":
    """``run_stage.py``, which lies beside this file."""
    from importlib.util import module_from_spec, spec_from_file_location

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run_stage.py")
    spec = spec_from_file_location("run_stage", path)  # type: Any
    module = sys.modules["run_stage"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _load(runner: "Any", invocation: str, namespace: "dict[str, Any]") -> bool:
    """Whether the stage's file could be loaded; what it defines is then in the namespace."""
    import json

    with open(invocation, encoding="utf-8") as file:
        content = json.load(file)
    stage_file, modules = content["stage_file"], content["modules"]
    runner.show_sources(stage_file, modules)
    try:
        module = runner.load_stage(stage_file, modules)
    except Exception as error:
        _show(error, stage_file)
        return False
    for name, value in vars(module).items():
        if not name.startswith("__"):
            namespace.setdefault(name, value)
    return True


def _carry_out(code: str, namespace: "dict[str, Any]") -> int:
    try:
        exec(compile(code, "<code>", "exec"), namespace)  # noqa: S102  # what this is for
    except Exception as error:
        _show(error, "<code>")
        return 1
    return 0


def _show(error: Exception, first: str) -> None:
    """The traceback from the first frame of this file on: those before it are ours."""
    import traceback

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != first:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace or error.__traceback__)


def _converse(namespace: "dict[str, Any]") -> None:
    import code
    import contextlib

    with contextlib.suppress(ImportError):  # some builds of Python have none
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(namespace).complete)
        readline.parse_and_bind("tab: complete")
    what = "stage" + (" and run(stage)" if "run" in namespace else "")
    code.interact(
        "Python %s in %s; there is %s" % (sys.version.split()[0], sys.prefix, what), local=namespace, exitmsg=""
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
elif __name__ == "__mp_main__":  # what multiprocessing calls it, in a process that the stage spawned
    load_runner().join_stage()
