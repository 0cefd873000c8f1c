"""A project, and a hub on this machine that its commands are sent to."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conftest import Result, Sandbox


class Desk:
    """A project, and a hub that its commands are sent to."""

    def __init__(self, sandbox: Sandbox, address: str, cache: Path, variables: Mapping[str, str]) -> None:
        self.sandbox = sandbox
        self.variables = {
            **{name: value for name, value in variables.items() if not name.startswith("HF_")},
            "HF_ENDPOINT": address,
            "HF_HOME": str(cache),
        }

    def __call__(self, *words: str, **variables: str) -> Result:
        return self.sandbox.run("pipeline", "model", *words, variables={**self.variables, **variables}, timeout=120)

    @property
    def lock(self) -> dict[str, Any]:
        return dict(json.loads((self.sandbox.root / "requirements" / "models" / "tiny.lock").read_text()))

    def files(self, name: str = "tiny") -> dict[str, bytes]:
        (folder,) = (self.sandbox.root / "models" / ".store").glob(f"{name}-*")
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
