"""A build's bill of materials, in CycloneDX 1.6: https://cyclonedx.org/docs/1.6/json/

The same build gives the same document: its serial number comes from the build's key, its time is that of the build.
"""

import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.envs.build import Build
from pipeline.envs.inventory.packages import InstalledPackage, License, dependencies, installed_packages
from pipeline.envs.registry import MARKER
from pipeline.values import plain

if TYPE_CHECKING:
    from cyclonedx.model import HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.model.license import License as CycloneDxLicense

SPACE = uuid.UUID("7a0c5c0e-5d3b-5e0f-9b1e-2f6d7c1a4e52")  # for our documents' numbers; chosen at random


def document(build: Build, hashes: Mapping[str, frozenset[str]], models: "Sequence[Component]" = ()) -> str:
    """The document, as JSON. ``hashes``: SHA-256 of the files that the lock allows, by package.

    ``models`` are those that the environment's stages use.

    Raises ``OSError`` where the build can't be read.
    """
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    outputter = make_outputter(_bom(build, hashes, models), OutputFormat.JSON, SchemaVersion.V1_6)
    return f"{outputter.output_as_string(indent=2)}\n"


def _bom(build: Build, hashes: Mapping[str, frozenset[str]], models: "Sequence[Component]") -> "Bom":
    from cyclonedx.model.bom import Bom, BomMetaData

    packages = installed_packages(build)
    components = {package.name: _component(package, hashes.get(package.name, frozenset())) for package in packages}
    interpreter, environment = _interpreter(build), _environment(build)
    made = datetime.fromtimestamp(int(os.stat(build.prefix / MARKER).st_mtime), UTC)
    bom = Bom(
        serial_number=uuid.uuid5(SPACE, build.key),
        metadata=BomMetaData(component=environment, timestamp=made),
        components=[interpreter, *components.values(), *models],
    )
    needs = dependencies(packages, build.python_version)
    needed = {target for name, targets in needs.items() for target in targets if target != name}
    used = [components[name] for name in needs if name not in needed]
    bom.register_dependency(environment, [interpreter, *used, *models])
    bom.register_dependency(interpreter)
    for name, targets in needs.items():
        bom.register_dependency(components[name], [components[target] for target in targets if target != name])
    return bom


def _environment(build: Build) -> "Component":
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    key_input = plain(build.own_marker.key_input)
    return Component(
        name=build.name,
        version=build.key.removeprefix("sha256:")[:16],
        type=ComponentType.APPLICATION,
        bom_ref=f"environment/{build.name}",
        properties=[Property(name=f"pipeline:{name}", value=str(key_input[name])) for name in sorted(key_input)],
    )


def _interpreter(build: Build) -> "Component":
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    version = build.python_version
    purl = PackageURL("generic", None, "python", version)
    return Component(
        name="python", version=version, type=ComponentType.PLATFORM, bom_ref=f"interpreter/{version}", purl=purl
    )


def _component(package: InstalledPackage, hashes: frozenset[str]) -> "Component":
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

    purl = PackageURL("pypi", None, package.name, package.version)
    allowed = [sha256(each) for each in sorted(hashes)]
    # A lock allows a file for each platform: which one was installed is certain only where there is one.
    reference = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(purl)),
        comment="the lock allows a file for each platform, which has one of these hashes",
        hashes=allowed,
    )
    return Component(
        name=package.shown,
        version=package.version,
        bom_ref=str(purl),
        purl=purl,
        description=package.summary or None,
        hashes=allowed if len(allowed) == 1 else (),
        licenses=[license_of(package.license)] if package.license.text else (),
        external_references=[reference] if len(allowed) > 1 else (),
    )


def license_of(named: License) -> "CycloneDxLicense":
    """An identifier of SPDX, an expression, or just a name.

    packaging knows all of the grammar (``LicenseRef-NAME``, ``GPL-2.0+``, ``WITH``); cyclonedx's own factory takes some
    expressions for names.
    """
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
    from cyclonedx.spdx import is_supported_id
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        text = str(canonicalize_license_expression(named.text)) if named.source != "classifier" else ""
    except InvalidLicenseExpression:  # perhaps of a later list of identifiers
        text = named.text if named.source == "expression" else ""
    if not text:
        return DisjunctiveLicense(name=named.text)
    is_identifier = is_supported_id(text) and not text.endswith("+")  # which is an operator, and in old identifiers
    return DisjunctiveLicense(id=text) if is_identifier else LicenseExpression(text)


def sha256(digest: str) -> "HashType":
    """``digest``: hexadecimal."""
    from cyclonedx.model import HashAlgorithm, HashType

    return HashType(alg=HashAlgorithm.SHA_256, content=digest)
