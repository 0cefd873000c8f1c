"""Configuration files with their line numbers, so that an error can say where it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import ConfigurationError, did_you_mean

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A parsed file, and the line of each of its values by path of keys."""

    path: Path
    shown_as: str
    value: Any
    lines: dict[Keys, int]

    def error(self, keys: Iterable[str | int], message: str, next_step: str | None = None) -> ConfigurationError:
        keys = tuple(keys)
        line = self.line(keys)
        where = f"{self.shown_as}:{line}" if line else self.shown_as
        named = f" {'.'.join(str(key) for key in keys)}:" if keys else ""
        return ConfigurationError(f"{where}:{named} {message}", next_step)

    def line(self, keys: Keys) -> int | None:
        """The line of a value, or of the nearest thing around it that has one."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys)


def load_yaml(path: Path, root: Path, schema: str) -> Source:
    """Read and check one YAML file. Raises ``ConfigurationError`` with file, line and key."""
    shown_as = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{shown_as}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigurationError(f"{shown_as}{line}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{shown_as}: not valid YAML: {error}") from error
    lines: dict[Keys, int] = {}
    value = _construct(node, (), lines, shown_as) if node is not None else {}
    source = Source(path, shown_as, value, lines)
    check(source, schema)
    return source


def _construct(node: yaml.Node, keys: Keys, lines: dict[Keys, int], shown_as: str) -> Any:
    """Plain values from YAML nodes, noting lines. Aliases and merge keys resolve to what they stand for."""
    lines.setdefault(keys, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_construct(child, (*keys, index), lines, shown_as) for index, child in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node)
    mapping: dict[Any, Any] = {}
    for key_node, child in node.value:
        key, line = key_node.value, key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or key in mapping:
            raise ConfigurationError(f"{shown_as}:{line}: the key {key!r} is there twice, or isn't a word")
        lines[(*keys, key)] = line
        mapping[key] = _construct(child, (*keys, key), lines, shown_as)
    return mapping


def _scalar(node: yaml.Node) -> Any:
    # YAML 1.1 reads the language code "no" (Norwegian) as false; only true and false are taken as such here.
    if node.tag == "tag:yaml.org,2002:bool" and node.value.lower() not in ("true", "false"):
        return node.value
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    loader = yaml.SafeLoader("")
    return loader.construct_object(node)


def check(source: Source, schema: str) -> None:
    """Validate against ``pipeline/schemas/NAME.json`` and raise the most telling error."""
    errors = schema_errors(source.value, schema)
    if errors:
        keys, message = errors[0]
        raise source.error(keys, message)


def schema_errors(value: Any, schema: str) -> list[tuple[Keys, str]]:
    """What is wrong with a value, most specific first: the path of keys, and a sentence."""
    import json

    from jsonschema import Draft202012Validator

    path = Path(__file__).parents[1] / "schemas" / f"{schema}.json"
    validator = Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
    errors = sorted(validator.iter_errors(value), key=lambda error: (-len(error.absolute_path), str(error.path)))
    return [(tuple(error.absolute_path), _sentence(error)) for error in errors]


def _sentence(error: Any) -> str:
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        unknown = next(key for key in error.instance if key not in known)
        return f"unknown key '{unknown}'{did_you_mean(unknown, known)}"
    if error.validator == "required":
        return str(error.message).replace(" is a required property", " is missing")
    if error.validator == "pattern":
        return f"{error.instance!r} doesn't fit: {error.schema.get('description', error.message)}"
    if error.validator == "propertyNames":
        return f"{error.instance!r} isn't a valid name"
    return str(error.message)


def choose(kind: str, name: str, known: Sequence[str], next_step: str) -> None:
    """Refuse a name that isn't there, with the nearest one that is."""
    if name not in known:
        raise ConfigurationError(f"no {kind} '{name}'{did_you_mean(name, list(known))}", next_step)
