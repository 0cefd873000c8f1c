"""Models in a bill of materials: each with its files, in CycloneDX 1.6."""

from typing import TYPE_CHECKING

from pipeline.config.models import ModelSpec
from pipeline.envs.inventory.packages import License
from pipeline.envs.inventory.sbom import license_of, sha256

if TYPE_CHECKING:
    from cyclonedx.model.component import Component
    from packageurl import PackageURL


def component(spec: ModelSpec) -> "Component":
    """A model by its name, commit, licence and files; without files where these aren't known yet."""
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType

    identity = [Property(name="pipeline:digest", value=spec.digest)] if spec.is_locked else []
    return Component(
        name=spec.name,
        version=spec.hub.revision if spec.hub and spec.is_locked else None,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model/{spec.name}",
        purl=_address(spec),
        description=spec.description or None,
        licenses=[license_of(License(spec.license, "field", ()))] if spec.license else (),
        properties=identity,
        components=[_file(spec, name, digest) for name, digest in spec.files.items()],
    )


def _file(spec: ModelSpec, name: str, digest: str) -> "Component":
    from cyclonedx.model.component import Component, ComponentType

    return Component(name=name, type=ComponentType.FILE, bom_ref=f"model/{spec.name}/{name}", hashes=[sha256(digest)])


def _address(spec: ModelSpec) -> "PackageURL | None":
    """https://github.com/package-url/purl-spec/blob/main/types-doc/huggingface-definition.md"""
    from packageurl import PackageURL

    if spec.hub is None:
        return None
    owner, _, repository = spec.hub.repository.partition("/")
    return PackageURL("huggingface", owner, repository, spec.hub.revision if spec.is_locked else None)
