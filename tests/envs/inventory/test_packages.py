"""What packages tell of themselves, and the bill of materials that is made of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cyclonedx
import pytest
from jsonschema import Draft7Validator
from referencing import Registry as Schemas
from referencing import Resource

from pipeline.envs.build import Build
from pipeline.envs.inventory import sbom
from pipeline.envs.inventory.packages import dependencies, installed_packages
from pipeline.envs.registry import MARKER
from pipeline.values import replace
from tests.envs.conftest import KEY_INPUT, marker_for

Add = Callable[..., None]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    (tmp_path / "lib").mkdir()
    (tmp_path / MARKER).write_text("{}")
    return Build("alpha", tmp_path, "sha256:" + "a" * 64, marker_for(tmp_path, replace(KEY_INPUT, python="3.12.4")))


@pytest.fixture
def add(build: Build) -> Add:
    def add(name: str, *lines: str, version: str = "1.0") -> None:
        folder = build.prefix / "lib" / f"{name}-{version}.dist-info"
        folder.mkdir()
        head = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
        (folder / "METADATA").write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")

    return add


def license_of(build: Build) -> tuple[str, str]:
    (package,) = installed_packages(build)
    return package.license.text, package.license.source


def brought(build: Build) -> dict[str, list[str]]:
    return dependencies(installed_packages(build), "3.12.4")


def test_packages_are_told_in_the_order_of_their_names(build: Build, add: Add) -> None:
    add("Zeta_Pack")
    add("alpha", "Summary: first")
    assert [(each.name, each.shown, each.summary) for each in installed_packages(build)] == [
        ("alpha", "alpha", "first"),
        ("zeta-pack", "Zeta_Pack", ""),
    ]


def test_an_empty_environment_has_none(build: Build) -> None:
    assert installed_packages(build) == []


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["License-Expression: MIT OR Apache-2.0"], ("MIT OR Apache-2.0", "expression")),
        (["License-Expression: MIT", "License: something else"], ("MIT", "expression")),
        (["Classifier: License :: OSI Approved :: MIT License"], ("MIT License", "classifier")),
        (["Classifier: License :: OSI Approved"], ("", "unknown")),
        (["Classifier: License :: OSI Approved", "License: Zlib"], ("Zlib", "field")),
        (["License: UNKNOWN"], ("", "unknown")),
        (["License-File: COPYING"], ("", "unknown")),
        ([f"License: {'word ' * 50}"], (("word " * 50)[:80] + "...", "field")),
        ([], ("", "unknown")),
    ],
)
def test_a_license_is_what_tells_most(build: Build, add: Add, lines: list[str], told: tuple[str, str]) -> None:
    add("quirk", *lines)
    assert license_of(build) == told


def test_license_files_are_told(build: Build, add: Add) -> None:
    add("quirk", "License-File: LICENSE", "License-File: vendored/COPYING")
    assert installed_packages(build)[0].license.files == ("LICENSE", "vendored/COPYING")


def test_what_is_not_installed_is_needed_by_no_package(build: Build, add: Add) -> None:
    add("one", "Requires-Dist: two", "Requires-Dist: absent")
    add("two")
    assert brought(build) == {"one": ["two"], "two": []}


def test_markers_are_asked_with_the_build_s_python(build: Build, add: Add) -> None:
    add("one", "Requires-Dist: two ; python_version < '3.12'", "Requires-Dist: three ; python_version >= '3.12'")
    add("two")
    add("three")
    assert brought(build)["one"] == ["three"]


def test_an_extra_brings_something_only_where_another_package_asks_for_it(build: Build, add: Add) -> None:
    add("one", "Requires-Dist: two ; extra == 'more'")
    add("two")
    assert brought(build)["one"] == []
    add("asking", "Requires-Dist: one[more]")
    assert brought(build)["one"] == ["two"]


def test_a_requirement_that_cannot_be_read_is_passed_over(build: Build, add: Add) -> None:
    add("one", "Requires-Dist: two (>=1.*garbage", "Requires-Dist: two")
    add("two")
    assert brought(build)["one"] == ["two"]


def test_packages_that_bring_each_other_end(build: Build, add: Add) -> None:
    add("one", "Requires-Dist: two[x]")
    add("two", "Requires-Dist: one ; extra == 'x'")
    assert brought(build) == {"one": ["two"], "two": ["one"]}
    assert json.loads(sbom.document(build, {}))["components"]


def bill(build: Build, **hashes: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        sbom.document(build, {name: frozenset(each.split()) for name, each in hashes.items()})
    )
    return document


def test_the_document_keeps_to_the_standard_s_schema(build: Build, add: Add) -> None:
    add("one", "License-Expression: MIT OR Apache-2.0", "Requires-Dist: two", "Summary: näme & <co>")
    add("two", "License: a license of our own", version="1!2.0+local")
    add("three", "License-Expression: MIT")
    add("four", "License-Expression: MIT AND LicenseRef-Ours OR GPL-2.0+")
    folder = Path(cyclonedx.__file__).parent / "schema" / "_res"
    names = ("bom-1.6", "spdx", "jsf-0.82", "cryptography-defs")
    schemas = [json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8")) for name in names]
    # As the first one calls the others.
    called = [f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json" for name in names]
    resources = [Resource.from_contents(schema) for schema in schemas]
    known: Schemas[Any] = Schemas().with_resources(list(zip(called, resources, strict=True)))
    validator = Draft7Validator(schemas[0], registry=known)
    assert list(validator.iter_errors(bill(build, one="a" * 64, two=f"{'b' * 64} {'c' * 64}"))) == []
    assert list(validator.iter_errors({"bomFormat": "another"})) != []


def test_the_same_build_gives_the_same_document(build: Build, add: Add) -> None:
    add("one")
    assert sbom.document(build, {}) == sbom.document(build, {})


def test_components_have_addresses_licenses_and_what_they_bring(build: Build, add: Add) -> None:
    add("One_Pack", "License-Expression: MIT", "Requires-Dist: two")
    add("two")
    document = bill(build)
    found = {each["name"]: each for each in document["components"]}
    assert found["One_Pack"]["purl"] == "pkg:pypi/one-pack@1.0"
    assert found["One_Pack"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert (found["python"]["version"], found["python"]["type"]) == ("3.12.4", "platform")
    brings = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    assert brings["pkg:pypi/one-pack@1.0"] == ["pkg:pypi/two@1.0"]
    assert brings["environment/alpha"] == ["interpreter/3.12.4", "pkg:pypi/one-pack@1.0"]


@pytest.mark.parametrize(
    "expression",
    [
        "MIT OR Apache-2.0",
        "Apache-2.0+",
        "GPL-2.0+",
        "LicenseRef-Proprietary",
        "MIT AND LicenseRef-scancode-unicode",
        "(MIT OR GPL-3.0+) AND BSD-3-Clause",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "LicenseRef-A OR LicenseRef-B WITH Classpath-exception-2.0",
        "Later-1.0 AND MIT",
    ],
)
def test_an_expression_stays_one(build: Build, add: Add, expression: str) -> None:
    add("one", f"License-Expression: {expression}")
    (one,) = [each for each in bill(build)["components"] if each["name"] == "one"]
    assert one["licenses"] == [{"expression": expression}]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("License: mit or licenseref-ours", {"expression": "MIT OR LicenseRef-ours"}),
        ("License: Apache-2.0+", {"expression": "Apache-2.0+"}),
        ("License: mit", {"license": {"id": "MIT"}}),
        ("License: BSD", {"license": {"name": "BSD"}}),
        ("License: MIT, BSD", {"license": {"name": "MIT, BSD"}}),
        ("Classifier: License :: OSI Approved :: MIT License", {"license": {"name": "MIT License"}}),
    ],
)
def test_a_field_is_read_as_an_expression_where_it_is_one(
    build: Build, add: Add, line: str, told: dict[str, Any]
) -> None:
    add("one", line)
    (one,) = [each for each in bill(build)["components"] if each["name"] == "one"]
    assert one["licenses"] == [told]


def test_the_only_file_that_a_lock_allows_is_the_one_that_is_there(build: Build, add: Add) -> None:
    add("one")
    (one,) = [each for each in bill(build, one="a" * 64)["components"] if each["name"] == "one"]
    assert one["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]


def test_of_several_files_none_is_claimed_to_be_the_one(build: Build, add: Add) -> None:
    add("one")
    (one,) = [each for each in bill(build, one=f"{'a' * 64} {'b' * 64}")["components"] if each["name"] == "one"]
    assert "hashes" not in one
    assert [each["content"] for each in one["externalReferences"][0]["hashes"]] == ["a" * 64, "b" * 64]


def test_fields_that_a_package_does_not_have_are_empty_whichever_library_reads_them(build: Build, add: Add) -> None:
    """Once ``importlib_metadata`` is imported, it answers for ``importlib.metadata``, and raises ``KeyError``."""
    pytest.importorskip("importlib_metadata")
    add("bare")
    (package,) = installed_packages(build)
    assert (package.summary, package.license.text) == ("", "")
