"""Orders of one stage, and an agent as a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.cluster.node_client import NodeClient
from pipeline.cluster.recipes import ordered, recipe_of
from pipeline.cluster.wire.attempt_order import AttemptId, AttemptOrder, EnvironmentRecipe
from pipeline.cluster.wire.attempt_outcome import AttemptOutcome
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedItem
from pipeline.digests import sha256_of_bytes
from pipeline.envs import interpreters, keys, uv
from pipeline.envs.definition import Definition
from tests.conftest import Sandbox

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
class AgentProcess:
    """An agent, and a client of it."""

    process: "subprocess.Popen[bytes]"
    client: NodeClient
    folder: Path

    def outcome(self, order: AttemptOrder) -> AttemptOutcome:
        """Of an order that was given."""
        until = time.monotonic() + BOUND
        while time.monotonic() < until:
            state = self.client.state(order.id, reports=1 << 20, log=1 << 30, seconds=5)
            assert state.phase != "unknown"
            if state.outcome:
                return state.outcome
        raise TimeoutError

    def carry_out(self, order: AttemptOrder, files: Mapping[str, Path]) -> AttemptOutcome:
        self.client.begin(order, files)
        return self.outcome(order)


@contextlib.contextmanager
def agent_in(folder: Path, name: str = "node1", limit: int = 1 << 28) -> Iterator[AgentProcess]:
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cluster.node.agent_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
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
