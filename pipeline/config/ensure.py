"""``[tool.pipeline.stage.ensure.OUTPUT]``: what a stage promises of an output, besides that it exists."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config.source import ConfigurationSource, Keys, schema_errors
from pipeline.errors import did_you_mean
from pipeline.project import ProjectFolder

WITHIN = 1.0  # seconds; containers round, and codecs pad


@dataclass(frozen=True)
class Count:
    """As many entries as the input ``like`` has: of a JSON list, or lines of .jsonl and text, or cues of subtitles."""

    like: str
    output_key: str | None = None  # of the list in the output's JSON
    input_key: str | None = None


@dataclass(frozen=True)
class Duration:
    """As long as the input ``like``, to within some seconds."""

    like: str
    within: float = WITHIN  # seconds


@dataclass(frozen=True)
class Ensure:
    """The promises for one output. What isn't set is not promised."""

    non_empty: bool = False
    schema: str | None = None  # relative to the project
    count: Count | None = None
    duration: Duration | None = None
    at_least: Mapping[str, float] = field(default_factory=dict)  # by key in the output's JSON


def parse_promises(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Ensure]:
    """Promises by output. ``table`` is one that ``check`` has accepted, or its copy in a job's plan."""
    return {output: _ensure(entry) for output, entry in table.items()}


def check(source: ConfigurationSource, project: ProjectFolder) -> None:
    """Raises ``ConfigurationError``, with file, line and key, where a promise is wrong.

    ``source`` is the stage's whole table, since a promise names inputs and outputs; schemas are files of the project.
    """
    table = source.value.get("ensure", {})
    for keys, message in schema_errors(table, "ensure"):
        raise source.error(("ensure", *keys), message)
    for output, ensure in parse_promises(table).items():
        at = ("ensure", output)
        _known(source, at, "output", output, list(source.value.get("outputs", {})))
        _check_directory(source, at, str(source.value["outputs"][output]), ensure)
        for kind, like in (("count", ensure.count), ("duration", ensure.duration)):
            if like is not None:
                _known(source, (*at, kind, "like"), "input", like.like, source.value.get("inputs", []))
        if ensure.schema is not None:
            _check_schema(source, (*at, "schema"), project.locate(ensure.schema))


def _ensure(entry: Mapping[str, Any]) -> Ensure:
    count, duration = entry.get("count"), entry.get("duration")
    return Ensure(
        non_empty=entry.get("non_empty", False),
        schema=entry.get("schema"),
        at_least=entry.get("at_least", {}),
        count=Count(count["like"], count.get("of"), count.get("in")) if count else None,
        duration=Duration(duration["like"], duration.get("within", WITHIN)) if duration else None,
    )


def _known(source: ConfigurationSource, keys: Keys, kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise source.error(keys, f"the stage has no {kind} '{name}'{did_you_mean(name, known)}")


def _check_directory(source: ConfigurationSource, at: Keys, declared: str, ensure: Ensure) -> None:
    """What can't be promised of a directory."""
    if not declared.endswith("/"):
        return
    promises = {
        "at_least": ensure.at_least,
        "duration": ensure.duration,
        "of": ensure.count and ensure.count.output_key,
    }
    for name, promise in promises.items():
        if promise:
            keys = (*at, "count", name) if name == "of" else (*at, name)
            raise source.error(keys, f"the output ({declared}) is a folder; '{name}' is for files")


def _check_schema(source: ConfigurationSource, keys: Keys, file: Path) -> None:
    try:
        load_schema(file)
    except SchemaUnusable as error:
        raise source.error(keys, str(error)) from error


class SchemaUnusable(Exception):
    """A JSON Schema that can't be used; the text is the reason, as a sentence."""


def load_schema(file: Path) -> dict[str, Any]:
    """The JSON Schema in a file. Raises ``SchemaUnusable`` where there is none."""
    from jsonschema import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for

    try:
        schema = json.loads(file.read_bytes())
        if not isinstance(schema, dict):
            raise SchemaUnusable("it isn't a JSON Schema: it must be an object")
        validator_for(schema, Draft202012Validator).check_schema(schema)
        return schema
    except OSError as error:
        raise SchemaUnusable(f"the schema can't be read: {error.strerror}") from error
    except SchemaError as error:
        where = "".join(f"{key}: " for key in error.absolute_path)
        raise SchemaUnusable(f"it isn't a JSON Schema: {where}{error.message[:200]}") from error
    except (ValueError, RecursionError) as error:
        raise SchemaUnusable(f"the schema isn't JSON: {error}") from error
