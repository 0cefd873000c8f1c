"""The folder of a node as a cluster's definition writes it: with variables whose values only the node knows. Pure.

``$NAME``, ``${NAME}`` and ``${NAME:-instead}`` mean what they mean in a shell; ``$NODE`` is the node's own name.
"""

import re
from collections.abc import Mapping
from pathlib import Path

NODE = "NODE"
_VARIABLE = re.compile(
    r"\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?::-(?P<instead>[^{}$]*))?\}|(?P<wrong>))"
)


def expanded(template: str, variables: Mapping[str, str], node: str) -> Path:
    """The folder on the node whose variables these are.

    Raises ``ValueError`` for a variable that isn't set there, and where no whole path comes of it.
    """
    values = {**variables, NODE: node}

    def value(match: re.Match[str]) -> str:
        name = match["name"] or match["braced"]
        if found := values.get(name):
            return found
        if match["instead"] is None:
            raise ValueError(f"${name} isn't set on the node, and stands in its folder {template}")
        return match["instead"]

    path = Path(_VARIABLE.sub(value, template))
    if not path.is_absolute():
        raise ValueError(f"{path}, which comes of {template}, isn't a whole path")
    return path


def problem(template: str) -> str | None:
    """What no node could make a folder of."""
    if any(match["wrong"] is not None for match in _VARIABLE.finditer(template)):
        return "after $ a variable's name must stand, such as $TMPDIR or ${TMPDIR:-/tmp}"
    if not template.startswith(("/", "$")):
        return "it must be a whole path, or begin with a variable"
    return None
