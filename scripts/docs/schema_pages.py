"""The files that people write, described from their JSON Schemas."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[2] / "pipeline" / "schemas"
# In the order in which somebody meets them. Others are forms of what programs write.
WRITTEN = (
    "settings",
    "workflow",
    "stage",
    "command-stage",
    "environment",
    "models",
    "engines",
    "model-figures",
    "ensure",
)
MADE = ("job", "sidecar", "bundle", "package")
DEEPEST = 4  # levels of keys inside keys

Schema = dict[str, Any]


def files_page() -> str:
    """All forms, each with a table of its keys."""
    parts: list[str] = []
    for title, names in (("Files that people write", WRITTEN), ("Files that are made", MADE)):
        parts += [f"## {title}", ""]
        for name in names:
            path = SCHEMAS / f"{name}.json"
            if path.exists():
                parts += _described(name, json.loads(path.read_text(encoding="utf-8")))
    return "\n".join(parts)


def _described(name: str, schema: Schema) -> Iterator[str]:
    yield f"### {schema.get('title', name)}\n"
    if about := schema.get("description"):
        yield f"{about}\n"
    yield "| key | what it is | what it is for |\n|---|---|---|"
    yield from _rows(schema, schema, "", 0)
    yield ""


def _rows(schema: Schema, whole: Schema, above: str, depth: int) -> Iterator[str]:
    """A row for each key of a mapping, and for the keys of what stands under it."""
    schema, whole = _resolved(schema, whole)
    required = schema.get("required", ())
    for key, each in schema.get("properties", {}).items():
        yield from _row(each, whole, f"{above}{key}", key in required, depth)
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        yield from _row(more, whole, f"{above}NAME", False, depth)


def _row(schema: Schema, whole: Schema, key: str, is_required: bool, depth: int) -> Iterator[str]:
    found, inside = _resolved(schema, whole)
    about = schema.get("description") or found.get("description") or ""
    words = f"{about}{' (required)' if is_required else ''}".strip()
    yield f"| `{key}` | {_cell(_kind(found, inside))} | {_cell(words)} |"
    if depth < DEEPEST:
        for each in (found, *_choices(found)):
            yield from _rows(each, inside, f"{key}.", depth + 1)
        if isinstance(found.get("items"), dict):
            yield from _rows(found["items"], inside, f"{key}[].", depth + 1)


def _choices(schema: Schema) -> list[Schema]:
    return [each for name in ("anyOf", "oneOf") for each in schema.get(name, ()) if isinstance(each, dict)]


def _kind(schema: Schema, whole: Schema) -> str:
    """The type in words."""
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    kinds = filter(None, (_kind(*_resolved(each, whole)) for each in _choices(schema)))
    if found := " or ".join(dict.fromkeys(kinds)):
        return found
    kind = schema.get("type", "")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if words == "array" and isinstance(schema.get("items"), dict):
        inside = _kind(*_resolved(schema["items"], whole))
        words = f"list of {inside}" if inside else "list"
    return words.replace("object", "mapping")


def _resolved(schema: Schema, whole: Schema) -> tuple[Schema, Schema]:
    """What a reference leads to, and the document that its own references are of."""
    while "$ref" in schema:
        file, _, place = schema["$ref"].partition("#")
        whole = json.loads((SCHEMAS / file).read_text(encoding="utf-8")) if file else whole
        found: Any = whole
        for part in filter(None, place.split("/")):
            found = found[part]
        schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema, whole


def _cell(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
