"""Run one stage inside its own environment. Started by path, with nothing of ours installed there.

Four ways in, one way through:

* ``python -I run_stage.py INVOCATION.json`` runs an invocation by hand, output on the terminal.
* ``--serve …`` stays and runs many (``stageserver``).
* ``--service INVOCATION.json`` runs a service for as long as that serves (``serviceside``).
* With no argument it waits for one order (``protocol.Order``) on standard input, so that it can be started before the
  stage's turn comes. No order, but end of file, means that it isn't needed. Standard output carries reports (JSON
  lines) to the orchestrator. On Linux it inherits the reading end of a third pipe, too, by which the kernel kills it
  when the orchestrator dies.

A process that a stage spawns (multiprocessing's spawn and forkserver) loads this file as its main module, and finds
the stage and its shared modules by it.

The orchestrator runs it from its bytecode (``executors/runner.py``): to compile it takes longer than all that it does.

Standard library only, Python 3.8 and later. Imports are kept to what a stage that does nothing
needs: ``json`` alone would double its running time, so it is left to the stage's first question.
"""

import os
import sys
import time  # the interpreter has loaded it by itself
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader, cache_from_source  # importlib's own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> int:
    protocol = import_beside("stageprotocol", "protocol.py")
    import_beside("stagekit")
    if len(sys.argv) > 1:
        return with_words(protocol, sys.argv[1:])
    import gc

    gc.freeze()  # so that letting the stage's objects go looks at them alone
    order = protocol.Order.read(0)
    if order is None:
        return 0
    reports = _claim_channels(order.log)
    if not is_right_environment(order.prefix, reports):
        return int(protocol.EXIT_WRONG_ENVIRONMENT)
    if order.is_isolated and not import_beside("stageisolation", "isolation.py").isolate(order, reports, import_beside):
        return int(protocol.EXIT_STAGE_FAILED)
    return run(order.stage_file, order.modules, order.invocation, reports, order.secrets)


def with_words(protocol: "Any", words: "list[str]") -> int:
    if words[0] == protocol.SERVE:
        import_beside("stageserver.protocol", "server_protocol.py")
        import_beside("stageserver").main(words[1:], sys.modules[__name__])
        return 0
    if words[0] == protocol.SERVICE:
        return int(import_beside("serviceside", "serviceside.py").main(words[1], sys.modules[__name__]))
    stage_file, modules = _named_in(words[0])
    return run(stage_file, modules, words[0], None)


def leave(code: int) -> int:
    """End without taking the interpreter apart, which takes as long as a small stage, where nothing would notice."""
    import atexit

    callbacks = getattr(atexit, "_ncallbacks", lambda: 1)()
    if code or callbacks or "threading" in sys.modules:
        return code
    let_go()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()  # also the line that has no end yet
    os._exit(code)


def let_go() -> None:
    """Drop what the stage's module holds, so that a file which it left open is written."""
    stage = sys.modules.pop("stage", None)
    if stage is not None:
        import gc

        stage.__dict__.clear()
        gc.collect()
    if "stagekit.shared_modules" in sys.modules:
        sys.modules["stagekit.shared_modules"].let_go()


def is_right_environment(prefix: str, reports: int) -> bool:
    if sys.prefix == prefix:
        return True
    os.write(reports, b'{"wrong_environment": true}\n')
    print("this interpreter's prefix is", sys.prefix, "instead of", prefix, file=sys.stderr)
    return False


def run(
    stage_file: str,
    modules: "list[str]",
    invocation: str,
    reports: "int | None",
    secrets: "list[tuple[str, str]] | tuple[()]" = (),
) -> int:
    """Load the stage by its path, call its ``run``, and turn the outcome into an exit code."""
    stage = sys.modules["stagekit"].Stage(invocation, reports, secrets=dict(secrets))
    show_sources(stage_file, modules)
    return attempt(stage, lambda: load_stage(stage_file, modules), lambda: _tell_beginning(reports))


def _tell_beginning(reports: "int | None") -> None:
    """The stage's function is called now."""
    if reports is not None:
        os.write(reports, sys.modules["stageprotocol"].encode_beginning(time.monotonic()))


def show_sources(stage_file: str, modules: "list[str]") -> None:
    """Let processes that the stage spawns find it."""
    protocol = sys.modules["stageprotocol"]
    os.environ[protocol.SOURCES_VARIABLE] = protocol.encode_sources(stage_file, modules)
    if LokyFinder not in sys.meta_path:
        sys.meta_path.insert(0, LokyFinder)


class LokyFinder:
    """Finds the one module of loky, which joblib uses, that has to be changed for its processes to find the stage."""

    @staticmethod
    def find_spec(name: str, path: "Any" = None, _target: "Any" = None) -> "Any":
        if not name.endswith("loky.backend.context"):
            return None
        return import_beside("stageloky", "loky.py").spec_of_context(name, path)


def join_stage() -> None:
    """In a process that a stage has spawned: ``stage`` and the shared modules can be imported, as in the stage's own.

    Nothing is loaded before it is needed: an error here would end the process, and a pool would start others forever.
    """
    protocol = import_beside("stageprotocol", "protocol.py")
    import_beside("stagekit")
    sources = os.environ.get(protocol.SOURCES_VARIABLE)
    if sources:
        stage_file, modules = protocol.decode_sources(sources)
        _sharing().restore(modules, SourceHashLoader, {}, stage_file)


def load_stage(stage_file: str, modules: "list[str]") -> "Any":
    """The stage's module, which finds exactly these shared modules."""
    if modules:
        _sharing().share(modules, SourceHashLoader)
    return load("stage", stage_file)


def _sharing() -> "Any":
    return import_beside("stagekit.shared_modules", os.path.join("stagekit", "shared_modules.py"))


def attempt(stage: "Any", loaded: "Any", begins: "Any") -> int:
    """The exit code of one call of ``run`` in the module that ``loaded()`` gives; lets other exceptions through.

    ``begins()`` is called between the two.
    """
    stagekit, protocol = sys.modules["stagekit"], sys.modules["stageprotocol"]
    try:
        function = _function_of(loaded())
        begins()
        function(stage)
        sys.stdout.flush()
    except stagekit.InputUnusable as error:
        return int(_refusal().refuse(stage, error, protocol.EXIT_INPUT_UNUSABLE))
    except stagekit.StageFailed as error:
        return int(_refusal().refuse(stage, error, protocol.EXIT_STAGE_FAILED))
    except Exception as error:
        _refusal().report_raised(stage, error)
        if not _refusal().is_full_disk(error):
            raise
        return int(_refusal().refuse(stage, error, protocol.EXIT_STAGE_FAILED))
    return 0


def _function_of(module: "Any") -> "Any":
    if hasattr(module, "run"):
        return module.run
    raise sys.modules["stagekit"].StageFailed(
        "a stage needs a function 'run(stage)', which isn't in " + module.__file__
    )


def _refusal() -> "Any":
    return import_beside("stagerefusal", "refusal.py")


def _claim_channels(log: str) -> int:
    """Keep the pipes for ourselves; give the stage a log file and an empty standard input.

    Descriptors 1 and 2 are replaced before any of the stage's imports, so that neither a print nor a
    write from C reaches the report channel.
    """
    reports = os.dup(1)
    if sys.platform != "linux":  # where the orchestrator has tied this process to itself
        die_at_end_of(os.dup(0))
    redirect(log)
    # A stage that is killed must not take its last lines along, nor may they overtake those of its children.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    return reports


def redirect(log: str) -> None:
    """Descriptor 0 reads nothing; 1 and 2 append to the log."""
    for target, path, flags in ((0, os.devnull, os.O_RDONLY), (1, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)):
        opened = os.open(path, flags, 0o666)
        os.dup2(opened, target)
        os.close(opened)
    os.dup2(1, 2)


def die_at_end_of(pipe: int) -> None:
    """Kill this whole process group when the other end of the pipe closes, where the kernel doesn't do it."""
    import_beside("stagetie", "tie.py").die_at_end_of(pipe)


def import_beside(name: str, file: str = "") -> "Any":
    """A module or package that lies beside this file, without its folder on the path, where a library would look.

    Its bytecode is kept beside it. The interpreter is told to keep none, since that would change environments.
    """
    if name in sys.modules:
        return sys.modules[name]
    from _frozen_importlib import module_from_spec  # importlib.util's, without importing that
    from _frozen_importlib_external import spec_from_file_location

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), file or name)
    folders = None if file else [path]
    path = path if file else os.path.join(path, "__init__.py")
    spec = spec_from_file_location(name, path, submodule_search_locations=folders)  # type: Any
    module = sys.modules[name] = module_from_spec(spec)
    sys.dont_write_bytecode, before = False, sys.dont_write_bytecode
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def load(name: str, path: str) -> "Any":
    """A module from a file path, so that no sibling file can shadow a library."""
    module = type(sys)(name)
    module.__file__ = path
    sys.modules[name] = module
    exec(SourceHashLoader(name, path).get_code(name) or "", module.__dict__)  # noqa: S102  # what this file is for
    return module


class SourceHashLoader(SourceFileLoader):
    """Loads a module from bytecode that has the hash of its source, and keeps such bytecode where there is none.

    The first call of ``compile`` in a process takes 0.7 ms, a tenth of what a small stage takes altogether. Bytecode
    that has its source's time (the usual kind) can be that of an earlier version within the same second, which a stage
    must not be; so it isn't used.
    """

    def get_code(self, fullname: str) -> "Any":
        try:
            return super().get_code(fullname)
        except (EOFError, TypeError, ValueError):  # the bytecode was cut off, as by a power cut
            return self.source_to_code(self.get_data(self.path), self.path)

    def path_stats(self, _path: "Any") -> "dict[str, Any]":
        return {"mtime": -1, "size": 0}  # which no bytecode has

    def source_to_code(self, data: "Any", *others: "Any", **options: "Any") -> "Any":  # type: ignore[override]
        code = super().source_to_code(data, *others, **options)
        try:
            kept = cache_from_source(self.path)
        except NotImplementedError:  # an interpreter without bytecode files
            return code
        import _imp
        import marshal

        checked = b"\3\0\0\0"  # by its source's hash (PEP 552)
        digest = _imp.source_hash(int.from_bytes(MAGIC_NUMBER, "little"), data)
        super().set_data(kept, MAGIC_NUMBER + checked + digest + marshal.dumps(code))  # passes over a read-only folder
        return code

    def set_data(self, *_: "Any", **__: "Any") -> None:
        """The interpreter's own bytecode, which has a time."""


def _named_in(invocation: str) -> "tuple[str, list[str]]":
    """The stage's file and its modules."""
    import json

    with open(invocation, encoding="utf-8") as file:
        content = json.load(file)
    return content["stage_file"], content.get("modules", [])


if __name__ == "__main__":
    sys.exit(leave(main()))
elif __name__ == "__mp_main__":  # what multiprocessing calls it
    join_stage()
