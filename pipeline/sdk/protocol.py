"""What the orchestrator and the runner say to each other, and the names that both must know.

The orchestrator imports it as ``pipeline.sdk.protocol``. The runner loads it by its path, as ``stageprotocol``: an
environment may have a library that is called ``protocol``.

Standard library only, Python 3.8 and later. A fresh process loads it before it runs a stage, so each function imports
what it alone needs. What is said to a process that stays, and by it, is in ``server_protocol``.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence, Tuple, Union

    Path = Union[str, "os.PathLike[str]"]

RUN_VARIABLE = "PIPELINE_RUN"  # every process of a run has it in its environment, with the run's token
SOURCES_VARIABLE = "PIPELINE_STAGE_SOURCES"  # for processes that a stage spawns: ``encode_sources``

EXIT_STAGE_FAILED = 1
EXIT_INPUT_UNUSABLE = 5
EXIT_WRONG_ENVIRONMENT = 96  # the interpreter that was started isn't the one of the stage's environment

CALLS = "calls"  # in the place of an order's invocation: serve calls, over the socket that the order came on

SERVE = "--serve"  # the runner's first argument where it stays; ``server_protocol.ServerArguments`` follow
SERVICE = "--service"  # the runner's first argument for a service; the path of its invocation follows


def encode_sources(stage_file: "Path", modules: "Sequence[Path]") -> str:
    """For ``SOURCES_VARIABLE``: where the stage and its shared modules are."""
    return ascii([str(each) for each in (stage_file, *modules)])


def decode_sources(text: str) -> "Tuple[str, List[str]]":
    """The stage's file and its modules."""
    import ast

    stage_file, *modules = ast.literal_eval(text)
    return stage_file, modules


def encode_beginning(moment: float) -> bytes:
    """The line of a report pipe that says when the stage's function was called, by ``time.monotonic``."""
    return b'{"began": %.6f}\n' % moment


class Order:
    """One task. Text between NULs, ended by NUL and newline, since a path may have a newline."""

    END = b"\0\n"
    CUT_OFF = "-"  # in the place of the network

    def __init__(  # noqa: PLR0913, PLR0917  # these are the fields, in their order
        self,
        id: str,
        token: str,  # of the run, for ``RUN_VARIABLE``
        prefix: "Path",  # that the interpreter must have
        stage_file: "Path",
        source_digest: str,  # of the stage file and its modules: what is loaded is loaded again where it differs
        invocation: "Path",  # the file with all that the stage may ask for
        log: "Path",
        folder: "Path",  # to work in
        modules: "Sequence[Path]" = (),  # that the stage imports by their names: files, and folders of packages
        secrets: "Sequence[Tuple[str, str]]" = (),  # parameters that stand in no file, each with its value
        network: bool = True,  # without it, the stage has its own loopback alone
        writable: "Optional[Path]" = None,  # the one folder that it can write into, where that is confined
        protected: "Optional[Path]" = None,  # a person's file, which it must not write to
    ) -> None:
        self.id = id
        self.token = token
        self.prefix = str(prefix)
        self.stage_file = str(stage_file)
        self.source_digest = source_digest
        self.invocation = str(invocation)
        self.log = str(log)
        self.folder = str(folder)
        self.modules = [str(module) for module in modules]
        self.secrets = list(secrets)
        self.network = network
        self.writable = None if writable is None else str(writable)
        self.protected = None if protected is None else str(protected)

    @property
    def is_isolated(self) -> bool:
        """Whether there is more to do than to run the stage."""
        return bool(self.secrets or not self.network or self.writable or self.protected)

    def encode(self) -> bytes:
        head = (self.id, self.token, self.prefix, self.stage_file, self.source_digest, self.invocation)
        secrets = ",".join(
            "%s=%s" % (name, value.encode("utf-8", "surrogateescape").hex()) for name, value in self.secrets
        )
        bounds = ("" if self.network else self.CUT_OFF, self.writable or "", self.protected or "")
        text = "\0".join((*head, self.log, self.folder, secrets, *bounds, *self.modules))
        return text.encode("utf-8", "surrogateescape") + self.END

    @classmethod
    def decode(cls, data: bytes) -> "Order":
        fields = data[: -len(cls.END)].decode("utf-8", "surrogateescape").split("\0")
        id, token, prefix, stage_file, source_digest, invocation, log, folder, *rest = fields
        hidden, network, writable, protected, *modules = rest
        pairs = [each.partition("=") for each in hidden.split(",") if each]
        secrets = [(name, bytes.fromhex(value).decode("utf-8", "surrogateescape")) for name, _, value in pairs]
        return cls(
            id,
            token,
            prefix,
            stage_file,
            source_digest,
            invocation,
            log,
            folder,
            modules,
            secrets,
            not network,
            writable or None,
            protected or None,
        )

    @classmethod
    def read(cls, pipe: int) -> "Optional[Order]":
        """The next order from a pipe; ``None`` where it ends before there is a whole one."""
        data = b""
        while not data.endswith(cls.END):
            chunk = os.read(pipe, 65536)
            if not chunk:
                return None
            data += chunk
        return cls.decode(data)
