"""Whether a value fits a schema: never yes where jsonschema says no, and yes for all that the project has itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from pipeline.config import schema_fit

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in schema_fit.SCHEMAS.glob("*.json"))
OF_FOLDERS = {"config/environments": "environment", "config/workflows": "workflow", "stages": "command-stage"}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 10**6),
    st.floats(),
    st.sampled_from(["", "a", "auto", "A b", "2 GB", "x.y"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def loaded(file: Path) -> Any:
    return yaml.load(file.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def files() -> Iterator[tuple[str, Any]]:
    for folder, schema in OF_FOLDERS.items():
        for file in sorted((ROOT / folder).glob("*.yaml")):
            yield schema, loaded(file)
    yield "settings", loaded(ROOT / "config/pipeline.yaml")
    yield "engines", loaded(ROOT / "config/engines.yaml")


FILES = list(files())


def is_valid(value: Any, schema: str) -> bool:
    def retrieve(name: str) -> Resource[Any]:
        return Resource.from_contents(json.loads((schema_fit.SCHEMAS / name).read_text()))

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    return bool(Draft202012Validator(retrieve(f"{schema}.json").contents, registry=registry).is_valid(value))


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container in a value, with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@st.composite
def altered(draw: st.DrawFn) -> tuple[str, Any]:
    """A file of the project in which one thing was changed, added or taken away."""
    schema, value = draw(st.sampled_from(FILES))
    copy = json.loads(json.dumps(value))
    container, key = draw(st.sampled_from(list(places(copy))))
    match draw(st.sampled_from(["change", "add", "remove", "rename"])):
        case "remove":
            del container[key]
        case "rename" if isinstance(container, dict):
            container[draw(st.text(max_size=4))] = container.pop(key)
        case "add" if isinstance(container, list):
            container.append(container[key])
        case _:
            container[key] = draw(VALUES)
    return schema, copy


def test_no_schema_has_a_keyword_that_is_not_known() -> None:
    def keywords(rule: Any) -> Iterator[str]:
        if isinstance(rule, list):
            for each in rule:
                yield from keywords(each)
        elif isinstance(rule, dict):
            for name, inner in rule.items():
                yield name
                named = name in {"properties", "$defs"}
                if name not in {"enum", "const", "required"}:
                    yield from keywords(list(inner.values()) if named else inner)

    for name in NAMES:
        assert set(keywords(schema_fit.document(f"{name}.json"))) <= schema_fit.KNOWN | schema_fit.REMARKS, name


@pytest.mark.parametrize(("schema", "value"), FILES)
def test_the_project_s_own_files_are_known_to_fit(schema: str, value: Any) -> None:
    assert schema_fit.fits(value, schema)


@settings(deadline=None)
@given(altered())
def test_what_was_altered_fits_only_where_jsonschema_says_so(case: tuple[str, Any]) -> None:
    schema, value = case
    assert is_valid(value, schema) or not schema_fit.fits(value, schema)


@settings(deadline=None)
@given(st.sampled_from(NAMES), VALUES)
def test_what_has_nothing_to_do_with_a_schema_fits_only_where_jsonschema_says_so(schema: str, value: Any) -> None:
    assert is_valid(value, schema) or not schema_fit.fits(value, schema)
