"""What each model is and where its files can come from: ``config/models.yaml``, and the catalogue that comes with the
project, ``config/model-catalogue.yaml``. The digests stand in the entry, or in the model's lock (``model_locks``)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config import model_locks
from pipeline.config.model_locks import COMMIT, ModelLock
from pipeline.config.source import ConfigurationSource, load_yaml
from pipeline.digests import tagged_digest
from pipeline.errors import ConfigurationError, NotReady, did_you_mean
from pipeline.project import ProjectFolder
from pipeline.sizes import show_size

ENTRIES = "models.yaml"
CATALOGUE = "model-catalogue.yaml"


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
    revision: str  # the commit; a branch or tag only where the model isn't locked yet
    declared: str = field(default="", compare=False)  # the branch, tag or commit that the entry names


@dataclass(frozen=True)
class UrlSource:
    """A web address for each file."""

    urls: Mapping[str, str]  # by file name


ModelSource = FolderSource | PackageSource | HubSource | UrlSource


@dataclass(frozen=True)
class ModelSpec:
    """One entry of ``config/models.yaml``, or of the catalogue."""

    name: str
    files: Mapping[str, str]  # file name to SHA-256, hexadecimal; empty where the model isn't locked yet
    sources: tuple[ModelSource, ...]  # in the order in which they are tried
    languages: tuple[str, ...]  # that it recognises, aligns, or translates from or into; empty: not stated, so any
    description: str = ""
    task: str = ""  # what a stage uses it for; empty where the entry doesn't say
    license: str = ""
    patterns: tuple[str, ...] = ()  # which of a repository's files belong to it; empty: all
    sizes: Mapping[str, int] = field(default_factory=dict)  # bytes, by file name; empty where nobody knows them
    lock_problem: str = ""  # why its lock can't be used; then nothing is known of its files
    published_size: str = ""  # about how much is fetched, such as 650 MB; empty where nobody knows
    is_gated: bool = False
    allows_code: bool = False  # also of files that run code when they are loaded
    is_catalogued: bool = False  # only the catalogue has it, or what the project extends

    @property
    def size(self) -> str:
        """How much is fetched, for people: exactly where it is locked, else as published; empty where nobody knows."""
        if self.sizes:
            return show_size(sum(self.sizes.values()))
        return f"about {self.published_size}" if self.published_size else ""

    @property
    def is_locked(self) -> bool:
        return bool(self.files)

    def may_do(self, task: str) -> bool:
        """Whether its entry says so, or nothing else."""
        return self.task in ("", task)

    @property
    def digest(self) -> str:
        """Its identity, made of the names and SHA-256 of its files, wherever they came from.

        Raises ``NotReady`` where it isn't known yet which files these are, and ``ConfigurationError`` where its lock is
        broken.
        """
        self.require_sound_lock()
        if not self.files:
            raise NotReady(
                f"model '{self.name}' was never fetched, so its files aren't known", f"bootstrap --model {self.name}"
            )
        return tagged_digest("model", dict(self.files))

    def require_sound_lock(self) -> None:
        """Raises ``ConfigurationError`` where its lock can't be used: what was locked is never guessed."""
        if self.lock_problem:
            raise ConfigurationError(self.lock_problem, f"pipeline model lock {self.name}")

    @property
    def web(self) -> UrlSource | None:
        """The addresses that it is locked from, where there is no repository."""
        addresses = (source for source in self.sources if isinstance(source, UrlSource))
        return None if self.hub else next(addresses, None)

    @property
    def hub(self) -> HubSource | None:
        """The repository that it is locked from."""
        return next((source for source in self.sources if isinstance(source, HubSource)), None)


def load(project: ProjectFolder) -> dict[str, ModelSpec]:
    """By name; empty where there is no such file. Raises ``ConfigurationError`` with file, line and key."""
    found: dict[str, ModelSpec] = {}
    for file in files(project):
        is_own = file.name == ENTRIES and not project.is_extended(file)
        source = load_yaml(file, project.root, "models")
        _check_names(source, found)
        found |= _read(project, source, not is_own)
    return found


def alike(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs only in its cases: both have the same folder on disks that don't tell them apart."""
    return next((each for each in known if each != name and each.casefold() == name.casefold()), None)


def files(project: ProjectFolder) -> list[Path]:
    """Those that there are. Of two entries with one name, the later file's counts: the project's own come last."""
    places = [layer.config / name for layer in reversed(project.layers) for name in (CATALOGUE, ENTRIES)]
    return [path for path in places if path.is_file()]


def _read(project: ProjectFolder, source: ConfigurationSource, is_catalogue: bool) -> dict[str, ModelSpec]:
    _check_packages(source)
    _check_revisions(source)
    return {name: _spec(project, source, name, value, is_catalogue) for name, value in source.value.items()}


def _spec(
    project: ProjectFolder, source: ConfigurationSource, name: str, value: Mapping[str, Any], is_catalogue: bool
) -> ModelSpec:
    files = value.get("files", [])
    lock, problem = (None, "") if isinstance(files, dict) else _lock(project, source, name, value)
    return ModelSpec(
        name=name,
        files=files if isinstance(files, dict) else _digests(lock),
        sources=tuple(_source(project, entry, lock) for entry in value["sources"]),
        languages=tuple(value.get("languages", ())),
        description=value.get("description", ""),
        task=value.get("task", ""),
        license=value.get("license") or (lock.license if lock else ""),
        patterns=() if isinstance(files, dict) else tuple(files),
        sizes={file: each.size for file, each in lock.files.items()} if lock else {},
        lock_problem=problem,
        published_size=value.get("size", ""),
        is_gated=value.get("gated", False) or bool(lock and lock.gated),
        allows_code=value.get("allow_code", False),
        is_catalogued=is_catalogue,
    )


def _digests(lock: ModelLock | None) -> dict[str, str]:
    return {file: each.sha256 for file, each in lock.files.items()} if lock else {}


def _lock(
    project: ProjectFolder, source: ConfigurationSource, name: str, value: Mapping[str, Any]
) -> tuple[ModelLock | None, str]:
    """The model's lock, or why it can't be used; both are empty where there is none."""
    repositories = [entry["huggingface"] for entry in value["sources"] if "huggingface" in entry]
    urls = [entry["urls"] for entry in value["sources"] if "urls" in entry]
    if not repositories and not urls:
        message = "without a huggingface source or addresses, it must say the SHA-256 of each file"
        raise source.error((name, "files"), message)
    try:
        lock = model_locks.read(project, name)
    except ConfigurationError as error:
        return None, error.message
    is_of_these = lock is not None and (lock.urls in urls if lock.urls else lock.repository in repositories)
    return (lock if is_of_these else None), ""  # it may have been locked from another repository


def _check_names(source: ConfigurationSource, known: Iterable[str]) -> None:
    names = dict.fromkeys(known)
    for name in source.value:
        if other := alike(name, names):
            raise source.error((name,), f"{same_as(other)}. Give it another name")
        names[name] = None


def same_as(other: str) -> str:
    return f"there is a model '{other}', which is the same name on disks that don't tell cases apart"


def _check_packages(source: ConfigurationSource) -> None:
    """Without this check, a source that lacks a file would only be noticed after its download."""
    for name, value in source.value.items():
        wanted = value.get("files", [])
        packages = [(index, entry["files"]) for index, entry in enumerate(value["sources"]) if "packages" in entry]
        for index, files in packages:
            keys = (name, "sources", index, "files")
            for file in wanted:
                if not files.get(file):
                    raise source.error(keys, f"it doesn't say where '{file}' is")
            for file in files:
                if file not in wanted:
                    raise source.error((*keys, file), f"the model has no such file{did_you_mean(file, list(wanted))}")


def _check_revisions(source: ConfigurationSource) -> None:
    """Digests are those of one commit: a branch has other files tomorrow."""
    for name, value in source.value.items():
        for index, entry in enumerate(value["sources"] if isinstance(value.get("files"), dict) else ()):
            if "huggingface" in entry and not COMMIT.fullmatch(entry.get("revision", "")):
                keys = (name, "sources", index, *(("revision",) if "revision" in entry else ()))
                raise source.error(keys, "it must be a full commit, never a branch, where files has digests")


def _source(project: ProjectFolder, entry: Mapping[str, Any], lock: ModelLock | None) -> ModelSource:
    if "folder" in entry:
        return FolderSource(project.root / entry["folder"])
    if "packages" in entry:
        files = {name: (parts,) if isinstance(parts, str) else tuple(parts) for name, parts in entry["files"].items()}
        return PackageSource(tuple(entry["packages"]), files)
    if "urls" in entry:
        return UrlSource(dict(entry["urls"]))
    declared = entry.get("revision", "main")
    return HubSource(entry["huggingface"], lock.revision if lock else declared, declared)
