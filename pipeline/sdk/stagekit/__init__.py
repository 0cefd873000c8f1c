"""What a stage sees of the orchestrator: its inputs, its parameters, and where its outputs go.

A stage is a file with a function ``run(stage)``::

    # /// script
    # [tool.pipeline.stage]
    # environment = "common"
    # inputs = ["media"]
    # [tool.pipeline.stage.outputs]
    # audio = "audio.wav"
    # ///
    def run(stage):
        convert(stage.input("media"), stage.output("audio"), rate=stage.parameters["rate"])

With ``modules = ["NAME"]`` in its block it imports ``NAME``, which is ``stages/modules/NAME.py`` or a package there.
Processes of ``multiprocessing`` find the functions of the stage and of its modules, however they are started.
A file that the stage writes has to be closed when ``run`` returns: in a worker, the process goes on.

Standard library only, Python 3.8 and later.
"""

import os
import sys

SERVICE = "service."  # before a service's name: its token among the secrets; a parameter's name has no dot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, Callable, Hashable, Mapping, TypeVar

    Made = TypeVar("Made")


class StageFailed(Exception):
    """The stage can't do its work; the message is for the person who runs the job. No traceback."""


class InputUnusable(StageFailed):
    """The job's input itself can't be used (no audio, truncated), as opposed to a fault of the stage.

    ``instead``: other values of the stage's parameters, by name, with which it can be used. The command that prepares
    the job with them is shown.
    """

    def __init__(self, message: str, instead: "Mapping[str, str] | None" = None) -> None:
        super().__init__(message)
        self.instead = dict(instead or {})


class ServiceAddress:
    """Where a service is: ``url`` of its first port, ``urls`` by the ports' names, and the ``token`` that it expects.

    None of them is the same the next time: write them into no output.
    """

    def __init__(self, urls: "dict[str, str]", token: str) -> None:
        self.urls = dict(urls)
        self.token = token

    @property
    def url(self) -> str:
        return next(iter(self.urls.values()))

    def address(self, port: "str | None" = None) -> str:
        """``HOST:PORT`` of a port, the first one unless it is named; for what isn't spoken to by URL."""
        return (self.url if port is None else self.urls[port]).partition("://")[2]


class Stage:
    """One invocation of a stage. The invocation file is read when the stage first asks for something."""

    def __init__(
        self,
        invocation: str,
        reports: "int | None" = None,
        memos: "dict[Hashable, Any] | None" = None,
        secrets: "dict[str, str] | None" = None,
    ) -> None:
        self._path = invocation
        self._reports = reports
        self._memos = {} if memos is None else memos
        self._secrets = secrets or {}
        self._loaded = None  # type: dict[str, Any] | None

    @property
    def name(self) -> str:
        """The stage's name in the job, for example ``subtitle_generation_en``.

        It is a part of the stage's key, so that it is shown to a stage only whose file, or a module that it shares,
        has the words ``stage.name``. ``LookupError`` in others.
        """
        name = self._arguments.get("name")
        if name is None:
            raise LookupError("the name is shown to a stage whose source says 'stage.name', in these words")
        return str(name)

    @property
    def parameters(self) -> "dict[str, Any]":
        """Parameter name to JSON value, as declared by the stage and set by the workflow.

        Secret ones stand in no file, and are masked in what the stage prints and reports.
        """
        secrets = {name: value for name, value in self._secrets.items() if not name.startswith(SERVICE)}
        return {**self._arguments["parameters"], **secrets}

    @property
    def work(self) -> "Path":
        """An empty folder for temporary files, on the same file system as the outputs; removed afterwards."""
        folder = _path(self._invocation["work"])
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def cpus(self) -> int:
        """How many CPUs this stage may keep busy."""
        return int(self._invocation["cpus"])

    def input(self, name: str) -> "Path":
        """Path of an input that is one file or one folder. ``LookupError`` where it is none or several.

        The job's input is called ``input``, with its suffix; the output of a stage has the name that this stage gave.
        """
        paths = self.inputs(name)
        if len(paths) != 1:
            raise LookupError(f"input {name!r} has {len(paths)} files; use inputs()")
        return paths[0]

    def inputs(self, name: str) -> "list[Path]":
        """Paths of an input, in workflow order: one per member where it comes from a fan-out."""
        return [_path(path) for path in self._invocation["inputs"][name]]

    def model(self, name: str) -> "Path":
        """Folder of a model, complete and verified. A stage never downloads."""
        return _path(self._invocation["models"][name])

    def service(self, name: str) -> "ServiceAddress":
        """Where a service is that the stage uses (``services = ["NAME"]`` in its block). It is ready.

        Where it dies, the stage fails, and is repeated once when the service is ready again: let the error through.
        """
        urls = self._invocation.get("services", {})
        if name not in urls:
            raise LookupError(f"no service {name!r}; a stage's block names those that it uses: services = [{name!r}]")
        return ServiceAddress(urls[name], self._secrets.get(SERVICE + name, ""))

    def memo(self, key: "Hashable", make: "Callable[[], Made]") -> "Made":
        """``make()``, or what it gave before: a worker keeps a loaded model for its later tasks.

        Kept as long as the process and the stage's source stay the same, so ``key`` must name all that the
        thing depends on besides (which model, which device). A stage must not change what it got.
        """
        if key not in self._memos:
            self._memos[key] = make()
        return self._memos[key]  # type: ignore[no-any-return]  # the key's owner knows its type

    def output(self, name: str, filename: "str | None" = None) -> "Path":
        """Path to write an output to: of a file, or of an empty folder where the declared name ends with a slash.

        A folder (``tiles = "tiles/"``) is an output with all that is in it; it is there when this returns, empty.
        ``filename`` is needed where the declared name is a pattern (``movie = "subtitled.*"``), and must match it. A
        declared output that isn't there when ``run`` returns, or a folder without a file, fails the stage.
        """
        import fnmatch

        declared = self._arguments["outputs"][name]
        pattern = declared.rstrip("/")
        if filename is None and any(special in pattern for special in "*?["):
            raise ValueError(f"output {name!r} is declared as {declared!r}, so it needs a filename")
        filename = (filename or pattern).rstrip("/")
        if os.path.basename(filename) != filename or not fnmatch.fnmatchcase(filename, pattern):
            raise ValueError(f"output {name!r} is declared as {declared!r}, not {filename!r}")
        path = _path(self._invocation["output_folder"], filename)
        if declared.endswith("/"):
            path.mkdir(exist_ok=True)
        return path

    def progress(self, fraction: float, note: str = "") -> None:
        """Tell how far the work is, from 0 to 1. Cheap enough to call often; shown, never stored."""
        self.report(progress=min(max(float(fraction), 0.0), 1.0), note=note)

    def warn(self, message: str) -> None:
        """Tell the person something that they should know about a result that stands. Kept in the job's record."""
        print("warning:", message, file=sys.stderr, flush=True)
        self.report(warning=str(message))

    def about(self, **facts: "Any") -> None:
        """Facts about the result, as JSON values, kept in the job's record and told beside what is delivered.

        ``engine`` (what made it, with its version), ``notes`` (sentences that a reader of the result should know,
        such as that a translation is good for the gist alone), and whatever else the stage has to say. A later
        call adds to an earlier one.
        """
        import json

        json.dumps(facts, allow_nan=False)  # raises here, where it can be seen who said it
        self.report(about=facts)

    def report(self, **message: "Any") -> None:
        """Send one JSON line to the orchestrator; nowhere when the stage is run by hand."""
        if self._reports is None:
            return
        import json

        line = (json.dumps(message) + "\n").encode("ascii")
        while line:
            line = line[os.write(self._reports, line) :]

    @property
    def _arguments(self) -> "dict[str, Any]":
        """What the stage's key is made of."""
        return self._invocation["arguments"]  # type: ignore[no-any-return]

    @property
    def _invocation(self) -> "dict[str, Any]":
        if self._loaded is None:
            import json

            with open(self._path, encoding="utf-8") as file:
                self._loaded = json.load(file)
        return self._loaded


def _path(*parts: str) -> "Path":
    from pathlib import Path  # half of what a stage that does nothing would take to start

    return Path(*parts)
