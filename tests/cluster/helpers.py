"""Orders of one stage, and an agent as a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pipeline.cluster.content.errors import ContentRefused, ContentUnknown
from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.recipes import ordered, recipe_of
from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder, EnvironmentRecipe
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.cluster.wire.node_events import (
    AnyNodeEvent,
    AttemptEnded,
    AttemptLogged,
    AttemptReported,
    EventsQuestion,
    NodeEvents,
    OrderBatch,
)
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedItem
from pipeline.digests import sha256_of_bytes
from pipeline.envs import interpreters, keys, uv
from pipeline.envs.definition import Definition
from pipeline.executors.reports import StageReport
from tests.conftest import Sandbox

T = TypeVar("T")

TOKEN = "0123456789abcdef"
BOUND = 60.0  # seconds in which anything must have happened


@dataclass
class Orders:
    """What the machine of a run has."""

    sandbox: Sandbox
    wheels: Path
    files: dict[str, Path] = field(default_factory=dict)  # by digest

    def recipe(self, name: str = "alpha", **changes: Any) -> EnvironmentRecipe:
        """Of one of the sandbox's environments, with the only package that it needs."""
        root = self.sandbox.root
        definition = Definition(
            name, ">=3.11", root / f"requirements/{name}.lock", root / f"requirements/{name}.txt", imports=("quirk",)
        )
        base = interpreters.find(definition, uv.find())
        key = changes.pop("key", keys.key_of(keys.key_input(definition, base, os.environ)))
        version = {"alpha": "1.0", "beta": "2.0"}[name]
        recipe, files = recipe_of(definition, key, root, [self.wheels / f"quirk-{version}-py3-none-any.whl"])
        self.files.update(files)
        return recipe

    def file(self, name: str, data: bytes) -> OrderedFile:
        folder = self.sandbox.root / "run" / sha256_of_bytes(data)[-8:]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        item = ordered(folder / name, name)
        self.files[item.digest] = folder / name
        return item

    def order(
        self,
        body: str,
        number: int = 1,
        stage: str = "test",
        inputs: Mapping[str, tuple[OrderedItem, ...]] | None = None,
        outputs: Mapping[str, str] | None = None,
        **more: Any,
    ) -> AttemptOrder:
        """Of a stage whose ``run`` has this body."""
        lines = "\n    ".join(body.splitlines())
        source = f"import os, time\nfrom pathlib import Path\ndef run(stage):\n    {lines}\n".encode()
        stage_file = self.file(f"{stage}.py", source)
        inputs = inputs or {}
        names = {slot: [each.name for each in items] for slot, items in inputs.items()}
        arguments = {"name": stage, "inputs": names, "parameters": {"n": 3}, "models": {}, "outputs": outputs or {}}
        environment = more.pop("environment", None) or self.recipe()
        return AttemptOrder(
            id=AttemptId("run0", "job", stage, number),
            environment=environment,
            stage_file=stage_file,
            source_digest=sha256_of_bytes(source),
            arguments=arguments,
            inputs=dict(inputs),
            **more,
        )


@dataclass
class Heard:
    """What a run has heard of a node."""

    client: NodeClient
    run: str = "run0"
    session: str = ""
    after: int = 0
    events: list[AnyNodeEvent] = field(default_factory=list)

    def ask(self, seconds: float = 0.0, done: tuple[AttemptId, ...] = ()) -> NodeEvents:
        answer = self.client.events(EventsQuestion(self.run, self.session, self.after, seconds, done))
        if answer.session != self.session:
            self.events.clear()
        self.session, self.after = answer.session, answer.last
        self.events += answer.events
        return answer

    def outcome(self, id: AttemptId) -> AttemptOutcome | None:
        ended = [each.outcome for each in self.events if isinstance(each, AttemptEnded) and each.id == id]
        return ended[0] if ended else None

    def log(self, id: AttemptId) -> bytes:
        pieces = [each for each in self.events if isinstance(each, AttemptLogged) and each.id == id]
        text = b""
        for piece in pieces:
            assert piece.offset == len(text)
            text += piece.data
        return text

    def reports(self, id: AttemptId) -> list[StageReport]:
        return [each.report for each in self.events if isinstance(each, AttemptReported) and each.id == id]


@dataclass
class AgentProcess:
    """An agent, and a client of it."""

    process: "subprocess.Popen[bytes]"
    client: NodeClient
    folder: Path
    heard: Heard = field(init=False)

    def __post_init__(self) -> None:
        self.heard = Heard(self.client)

    def begin(self, order: AttemptOrder, files: Mapping[str, Path]) -> None:
        """Give an order; what the node lacks is sent from ``files``. Raises ``ContentRefused`` where it is refused."""
        begin(self.client, order, files)

    def until(self, is_there: Callable[[], T | None]) -> T:
        """Ask for news until there is something."""
        until = time.monotonic() + BOUND
        while time.monotonic() < until:
            self.heard.ask(1.0)
            if found := is_there():
                return found
        raise TimeoutError

    def outcome(self, order: AttemptOrder) -> AttemptOutcome:
        """Of an order that was given."""
        return self.until(lambda: self.heard.outcome(order.id))

    def log(self, order: AttemptOrder) -> bytes:
        """As soon as there is any."""
        return self.until(lambda: self.heard.log(order.id))

    def carry_out(self, order: AttemptOrder, files: Mapping[str, Path]) -> AttemptOutcome:
        self.begin(order, files)
        return self.outcome(order)

    def knows(self, order: AttemptOrder) -> bool:
        known = self.client.attempts(order.id.run)
        return order.id in {*known.running, *known.ended}


def begin(client: NodeClient, order: AttemptOrder, files: Mapping[str, Path]) -> None:
    for _ in range(3):  # contents may go again while others come
        (answer,) = client.begin(OrderBatch((order,))).answers
        assert answer.id == order.id
        if answer.refused:
            raise ContentRefused(answer.refused)
        if not answer.missing:
            return
        for digest in answer.missing:
            if digest not in files:
                raise ContentUnknown(f"nobody has {digest}")
            client.push(files[digest], digest)
    raise ContentUnknown(f"the node doesn't keep {answer.missing[0]}")


AGENT = (sys.executable, "-m", "pipeline.cluster.node.agent_process")


@contextlib.contextmanager
def agent_in(
    folder: Path,
    name: str = "node1",
    limit: int = 1 << 28,
    command: Sequence[str] = AGENT,
    variables: Mapping[str, str] | None = None,
) -> Iterator[AgentProcess]:
    """``variables``: instead of this process's."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables) as process:
        assert process.stdin
        assert process.stdout
        try:
            start = {"folder": str(folder), "name": name, "token": TOKEN, "limit": limit}
            process.stdin.write(json.dumps(start).encode() + b"\n")
            process.stdin.flush()
            address = json.loads(process.stdout.readline())["address"]
            yield AgentProcess(process, NodeClient(address, TOKEN, tries=3), folder)
            process.stdin.close()
            process.wait(BOUND)
        finally:
            process.kill()
