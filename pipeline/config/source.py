"""Configuration files with their line numbers, so that an error can say where it is.

PyYAML's nodes have the line of each value, which its plain values have not; so values are made from nodes here.
"""

import contextlib
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline.config import schema_fit
from pipeline.errors import ConfigurationError, did_you_mean
from pipeline.text import is_utf8
from pipeline.values import Struct, replace

Keys = tuple[str | int, ...]
VALUES_LIMIT = 100_000  # more than any project needs; aliases of aliases could ask for billions
# What a person calls the types of JSON Schema.
KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
DEEP = 1000  # levels at most in a text with fewer brackets and less indentation
NOTHING = "tag:yaml.org,2002:null"
SHOWN = 60  # characters of a wrong value in a message


class ConfigurationSource(Struct, frozen=True):
    """The value of a file, or of a table in it, with the lines to name in an error."""

    path: Path
    shown_as: str  # relative to the project, where it lies in it
    value: Any  # of the kinds that JSON has
    lines: dict[Keys, int]  # the line of each value by its path of keys, such as ("stages", "asr", "inputs")

    def error(self, keys: Iterable[str | int], message: str, next_step: str | None = None) -> ConfigurationError:
        """A ``ConfigurationError`` to raise: ``FILE:LINE: path.of.keys: message``."""
        keys = tuple(keys)
        line = self.line(keys)
        where = f"{self.shown_as}:{line}" if line else self.shown_as
        named = f" {'.'.join(str(key) for key in keys)}:" if keys else ""
        return ConfigurationError(f"{where}:{named} {message}", next_step)

    def line(self, keys: Keys) -> int | None:
        """The line of a value, or of the innermost value around it whose line is known; else ``None``."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys)


def load_yaml(path: Path, root: Path, schema: str, as_written: Collection[str] = ()) -> ConfigurationSource:
    """Read one YAML file and check it against ``pipeline/schemas/SCHEMA.json``. What stands under the keys of
    ``as_written`` is text, also what looks like a number: 1.10 isn't 1.1 there, nor 1:30 90.

    Raises ``ConfigurationError``, with file, line and key, where it can't be read or breaks the schema.
    """
    shown_as = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    node = _parse(read_text(path, shown_as), shown_as)
    source = ConfigurationSource(path, shown_as, {}, {(): 1})
    if node is not None:
        source = replace(source, value=_Construction(source, as_written).value(node, ()))
    check(source, schema)
    return source


def read_text(path: Path, shown_as: str) -> str:
    """The text of a file that a person wrote. Raises ``ConfigurationError`` where it can't be read or isn't UTF-8."""
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{shown_as}:{line}: not UTF-8 text ({error.reason})") from error
    except OSError as error:
        raise ConfigurationError(f"{shown_as}: can't be read: {error.strerror}") from error


def _parse(text: str, shown_as: str) -> yaml.Node | None:
    if _is_shallow(text):
        with contextlib.suppress(yaml.YAMLError):  # told below, in words that say more
            fast: yaml.Node | None = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            return fast
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise ConfigurationError(f"{shown_as}{line}: not valid YAML: {problem}") from error
    except yaml.reader.ReaderError as error:
        where = f"{shown_as}:{text.count(chr(10), 0, error.position) + 1}"
        raise ConfigurationError(f"{where}: not valid YAML: the character U+{error.character:04X}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{shown_as}: not valid YAML: nested too deeply") from error
    return node


def _is_shallow(text: str) -> bool:
    """Whether libyaml, which is four times as fast, can't run out of its stack on it."""
    indentation = max((len(line) - len(line.lstrip(" -?")) for line in text.splitlines()), default=0)
    return indentation < DEEP and text.count("[") + text.count("{") < DEEP


class _Construction:
    """Makes plain values from YAML nodes and notes their lines. An alias becomes the value that it refers to."""

    def __init__(self, source: ConfigurationSource, as_written: Collection[str] = ()) -> None:
        self._source = source
        self._as_written = as_written
        self._open: list[yaml.Node] = []  # the nodes whose content is being read

    def value(self, node: yaml.Node, keys: Keys) -> Any:
        lines = self._source.lines
        lines.setdefault(keys, node.start_mark.line + 1)
        if len(lines) > VALUES_LIMIT:
            raise self._source.error(keys, f"there are more than {VALUES_LIMIT} values, with those that aliases repeat")
        if any(node is outer for outer in self._open):
            raise self._source.error(keys, "this alias contains itself")
        self._open.append(node)
        try:
            return self._value(node, keys)
        finally:
            self._open.pop()

    def _value(self, node: yaml.Node, keys: Keys) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*keys, index)) for index, child in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, keys)
        if keys and keys[0] in self._as_written and node.tag != NOTHING:
            return node.value
        try:
            value = _scalar(node)
        except (yaml.YAMLError, ValueError) as error:
            kind = node.tag.removeprefix("tag:yaml.org,2002:")
            raise self._source.error(keys, f"{_shown(node.value)} can't be read as {kind}") from error
        if not isinstance(value, str | int | float | None) or (isinstance(value, float) and not math.isfinite(value)):
            raise self._source.error(keys, f"{_shown(node.value)} isn't a value that JSON has")
        return value

    def _mapping(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigurationError(f"{self._source.shown_as}:{line}: a key must be a word, not a list or mapping")
            key = (*keys, str(key_node.value))
            if key_node.value in mapping:
                first, self._source.lines[key] = self._source.lines[key], line
                raise self._source.error(key, f"this key is there twice, the first time in line {first}")
            self._source.lines[key] = line
            mapping[key_node.value] = self.value(child, key)
        return mapping


def _scalar(node: yaml.Node) -> Any:
    if node.tag == "tag:yaml.org,2002:str":  # most of them; the general way makes a loader for each
        return node.value
    # YAML 1.1 reads the language code "no" (Norwegian) as false; only true and false are taken as such here.
    if node.tag == "tag:yaml.org,2002:bool" and node.value.lower() not in ("true", "false"):
        return node.value
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    loader = yaml.SafeLoader("")
    return loader.construct_object(node)


def _shown(value: Any) -> str:
    """As it stands in a file."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def check(source: ConfigurationSource, schema: str) -> None:
    """Raises ``ConfigurationError`` for the most specific way in which the value breaks the schema ``SCHEMA.json``."""
    for keys, text in _texts(source.value, ()):
        if "\0" in text or not is_utf8(text):  # written as an escape, such as \ud800
            raise source.error(keys, f"{_shown(text)} has a character that no file and no name can have")
    errors = schema_errors(source.value, schema)
    if errors:
        keys, message = errors[0]
        raise source.error(keys, message)


def _texts(value: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    """All texts of a value, with those that are keys."""
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield keys, key
            yield from _texts(each, (*keys, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts(each, (*keys, index))


def schema_errors(value: Any, schema: str) -> list[tuple[Keys, str]]:
    """How a value breaks ``pipeline/schemas/SCHEMA.json``: paths of keys with a sentence, the most specific first."""
    if schema_fit.fits(value, schema):
        return []
    from jsonschema import Draft202012Validator
    from referencing import Registry

    registry: Registry[Any] = Registry(retrieve=_schema_resource)  # type: ignore[call-arg]  # attrs' field, unseen by mypy
    validator = Draft202012Validator(schema_fit.document(f"{schema}.json"), registry=registry)
    errors = sorted(validator.iter_errors(value), key=_order)
    return [_located(error, tuple(error.absolute_path)) for error in errors]


def _order(error: Any) -> tuple[bool, int, str]:
    """A name that isn't valid comes first: what refers to it breaks a rule, too, and isn't what has to be changed."""
    return "propertyNames" not in error.absolute_schema_path, -len(error.absolute_path), str(error.path)


def _schema_resource(name: str) -> Any:
    from referencing import Resource

    return Resource.from_contents(schema_fit.document(name))


def _located(error: Any, keys: Keys) -> tuple[Keys, str]:
    """The path of keys down to the key that is wrong, and a sentence."""
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        unknown = next(key for key in error.instance if key not in known)
        return (*keys, unknown), f"unknown key '{unknown}'{did_you_mean(unknown, known)}"
    if error.parent is None and "propertyNames" in error.absolute_schema_path:
        rule = error.schema.get("description")
        return (*keys, error.instance), f"{_shown(error.instance)} isn't a valid name{f': {rule}' if rule else ''}"
    return keys, _sentence(error)


def _sentence(error: Any) -> str:
    shown, wanted = _shown(error.instance), error.validator_value
    match error.validator:
        case "required":
            text = str(error.message).replace(" is a required property", " is missing")
        case "pattern" | "anyOf":
            text = f"{shown} doesn't fit; expected: {error.schema.get('description', wanted)}"
        case "type":
            kinds = " or ".join(KINDS[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted))
            text = f"{shown} isn't {kinds}" if error.instance is not None else f"it is empty, and must be {kinds}"
            text += "; put it in quotes" if wanted == "string" and isinstance(error.instance, int | float) else ""
            instead = error.schema.get("instead")
            text += f"; write {instead}" if instead and error.instance is not None else ""
        case "enum":
            text = f"{shown} is none of these"
            # Our own keyword in schemas, where the most similar known word is probably not what a person wants.
            instead = error.schema.get("instead")
            text += f"; write {instead}" if instead else did_you_mean(str(error.instance), wanted)
        case "oneOf":
            ways = "; or ".join(" and ".join(way.get("required", ())) for way in wanted)
            text = f"exactly one way must be given: {ways}"
        case "minItems" | "minProperties" | "minLength":
            text = "it is empty"
        case _:
            text = str(error.message).replace(repr(error.instance), shown)
    return text


def names_in(folder: Path) -> list[str]:
    """Names of the YAML files in a folder, without hidden files, which are those of editors and file managers."""
    return sorted(path.stem for path in folder.glob("*.yaml") if not path.name.startswith("."))


def require_name(kind: str, name: str, known: Sequence[str], next_step: str) -> None:
    """Raises ``ConfigurationError``, with the most similar known name, where ``name`` isn't in ``known``."""
    if name not in known:
        raise ConfigurationError(f"no {kind} '{name}'{did_you_mean(name, list(known))}", next_step)
