"""``config/models.yaml``: the files of each model, with their digests, and where they can come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.source import ConfigurationSource, load_yaml
from pipeline.digests import tagged_digest
from pipeline.errors import did_you_mean
from pipeline.project import Project


@dataclass(frozen=True)
class FolderSource:
    """A folder of this machine where a person has put a copy."""

    folder: Path


@dataclass(frozen=True)
class PackageSource:
    """Python packages that contain the files.

    ``files`` has for each file the parts that it is made of, in order: paths inside the folder that the packages are
    installed in.
    """

    packages: tuple[str, ...]
    files: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class HubSource:
    """A Hugging Face repository at one commit."""

    repository: str
    revision: str


ModelSource = FolderSource | PackageSource | HubSource


@dataclass(frozen=True)
class ModelSpec:
    """One entry of ``config/models.yaml``."""

    name: str
    files: Mapping[str, str]  # file name to SHA-256, hexadecimal
    sources: tuple[ModelSource, ...]  # in the order in which they are tried
    languages: tuple[str, ...]  # that it recognises; empty: not stated, so any
    description: str = ""

    @property
    def digest(self) -> str:
        """Its identity, made of the names and SHA-256 of its files, wherever they came from."""
        return tagged_digest("model", dict(self.files))


def load(project: Project) -> dict[str, ModelSpec]:
    """By name; empty where the project has no such file. Raises ``ConfigurationError`` with file, line and key."""
    path = project.config / "models.yaml"
    if not path.is_file():
        return {}
    source = load_yaml(path, project.root, "models")
    _check_packages(source)
    return {
        name: ModelSpec(
            name=name,
            files=value["files"],
            sources=tuple(_source(project, entry) for entry in value["sources"]),
            languages=tuple(value.get("languages", ())),
            description=value.get("description", ""),
        )
        for name, value in source.value.items()
    }


def _check_packages(source: ConfigurationSource) -> None:
    """Without this check, a source that lacks a file would only be noticed after its download."""
    for name, value in source.value.items():
        wanted = value["files"]
        packages = [(index, entry["files"]) for index, entry in enumerate(value["sources"]) if "packages" in entry]
        for index, files in packages:
            keys = (name, "sources", index, "files")
            for file in wanted:
                if not files.get(file):
                    raise source.error(keys, f"it doesn't say where '{file}' is")
            for file in files:
                if file not in wanted:
                    raise source.error((*keys, file), f"the model has no such file{did_you_mean(file, list(wanted))}")


def _source(project: Project, entry: Mapping[str, Any]) -> ModelSource:
    if "folder" in entry:
        return FolderSource(project.root / entry["folder"])
    if "packages" in entry:
        files = {name: (parts,) if isinstance(parts, str) else tuple(parts) for name, parts in entry["files"].items()}
        return PackageSource(tuple(entry["packages"]), files)
    return HubSource(entry["huggingface"], entry["revision"])
