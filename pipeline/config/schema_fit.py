"""Whether a value fits one of our own JSON Schemas: yes or no, without the reason.

Most files have no mistake, and to import jsonschema takes longer than all else that is done with them. Only the
keywords are known here that our schemas use; with any other one, nobody can tell. What doesn't fit is looked at by
jsonschema, which says why.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parents[1] / "schemas"
REMARKS = {"$schema", "$defs", "title", "description", "instead"}  # they refuse nothing
KNOWN = {
    *(
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "enum",
        "exclusiveMinimum",
        "items",
        "maximum",
        "maxLength",
        "maxProperties",
    ),
    *("minItems", "minLength", "minProperties", "minimum", "oneOf", "pattern", "properties", "propertyNames"),
    *("required", "type", "uniqueItems"),
}
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


class Unsure(Exception):
    """Not to be decided here."""


def fits(value: Any, schema: str) -> bool:
    """``schema``: its name, without the ending. False also where it can't be decided here."""
    try:
        return _fits(value, document(f"{schema}.json"), f"{schema}.json")
    except (Unsure, RecursionError):
        return False


@cache
def document(name: str) -> Any:
    """A schema's file."""
    return json.loads((SCHEMAS / name).read_text(encoding="utf-8"))


def _fits(value: Any, rule: Any, file: str) -> bool:
    if isinstance(rule, bool):
        return rule
    if not rule.keys() <= KNOWN | REMARKS:
        raise Unsure
    if "$ref" in rule and not _fits(value, *_referred(rule["$ref"], file)):
        return False
    return _is_of_type(value, rule) and _is_chosen(value, rule, file) and _content_fits(value, rule, file)


def _content_fits(value: Any, rule: Mapping[str, Any], file: str) -> bool:
    match value:
        case dict():
            return _object_fits(value, rule, file)
        case list():
            return _array_fits(value, rule, file)
        case str():
            return _text_fits(value, rule)
        case bool():
            return True
        case int() | float():
            return _number_fits(value, rule)
    return True


def _text_fits(value: str, rule: Mapping[str, Any]) -> bool:
    if not rule.get("minLength", 0) <= len(value) <= rule.get("maxLength", len(value)):
        return False
    return "pattern" not in rule or re.search(rule["pattern"], value) is not None


def _referred(reference: str, file: str) -> tuple[Any, str]:
    name, _, pointer = reference.partition("#")
    rule = document(name or file)
    for part in pointer.strip("/").split("/"):
        rule = rule[part]
    return rule, name or file


def _is_of_type(value: Any, rule: Mapping[str, Any]) -> bool:
    wanted = rule.get("type", ())
    names = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(value, float) and "integer" in names:  # 1.0 is one
        raise Unsure
    return not names or any(_has_type(value, name) for name in names)


def _has_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def _number_fits(value: float, rule: Mapping[str, Any]) -> bool:
    is_low = value < rule.get("minimum", value) or ("exclusiveMinimum" in rule and value <= rule["exclusiveMinimum"])
    return not is_low and value <= rule.get("maximum", value)


def _is_chosen(value: Any, rule: Mapping[str, Any], file: str) -> bool:
    if "const" in rule and not _is_same(value, rule["const"]):
        return False
    if "enum" in rule and not any(_is_same(value, each) for each in rule["enum"]):
        return False
    if "anyOf" in rule and not any(_fits(value, each, file) for each in rule["anyOf"]):
        return False
    return "oneOf" not in rule or sum(_fits(value, each, file) for each in rule["oneOf"]) == 1


def _is_same(value: Any, other: Any) -> bool:
    if isinstance(other, list | dict | float) or isinstance(value, float):
        raise Unsure
    return type(value) is type(other) and bool(value == other)


def _object_fits(value: Mapping[str, Any], rule: Mapping[str, Any], file: str) -> bool:
    properties, others = rule.get("properties", {}), rule.get("additionalProperties", True)
    return (
        rule.get("minProperties", 0) <= len(value) <= rule.get("maxProperties", len(value))
        and all(name in value for name in rule.get("required", ()))
        and all(_fits(name, rule.get("propertyNames", True), file) for name in value)
        and all(_fits(each, properties.get(name, others), file) for name, each in value.items())
    )


def _array_fits(value: list[Any], rule: Mapping[str, Any], file: str) -> bool:
    if rule.get("uniqueItems") and not all(isinstance(each, str) for each in value):
        raise Unsure
    return (
        len(value) >= rule.get("minItems", 0)
        and (not rule.get("uniqueItems") or len(set(value)) == len(value))
        and all(_fits(each, rule.get("items", True), file) for each in value)
    )
