"""What a stage declares, for people and programs."""

import re
from typing import Any

from pipeline.config.catalog import Catalog
from pipeline.extensions import origin
from pipeline.plan.stage_arguments import kind_of
from pipeline.values import plain

DOCSTRING = re.compile(r'^(?:"""|\'\'\')(.+?)(?:\.?\s*$|\.?(?:"""|\'\'\'))', re.MULTILINE)


def facts(catalog: Catalog, name: str) -> dict[str, Any]:
    """Raises ``ConfigurationError`` where there is no such stage, or its file is wrong."""
    spec = catalog.stage(name)
    return {
        "name": name,
        "file": catalog.project.shown(spec.file),
        "from": origin(catalog.project, catalog.project.owner(spec.file)),
        "kind": "command" if spec.command else "python",
        "description": spec.description or _first_words(spec.file.read_text(encoding="utf-8", errors="replace")),
        "environment": spec.environment,
        "inputs": list(spec.inputs),
        "parameters": [
            {"name": each, "type": kind_of(default), "default": default} for each, default in spec.parameters.items()
        ],
        "models": [{"slot": slot, "required": slot in spec.models} for slot in (*spec.models, *spec.optional_models)],
        "outputs": dict(spec.outputs),
        "ensure": dict(spec.ensure),
        "services": list(spec.services),
        "service": plain(spec.service),
        "modules": list(spec.modules),
        "policy": dict(spec.policy),
        "command": list(spec.command.words) if spec.command and spec.command.words else None,
        "shell": spec.command.shell if spec.command and spec.command.shell else None,
    }


def _first_words(source: str) -> str:
    """The first line of a docstring."""
    found = DOCSTRING.search(source)
    return found[1].strip() if found else ""
