"""``requirements/models/NAME.lock``: which files a model is made of, found out once and the same ever after."""

import re
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.files import dump_json, sync_folder, write_whole
from pipeline.permissions import share, share_folder
from pipeline.project import ProjectFolder
from pipeline.values import Struct, ValidationError, decode, field, plain

SCHEMA = 1


# A name inside the model's folder, whatever a hub or a lock says: of parts that are neither hidden nor ".." and that
# every system can have; and no name of ours, for a file of which only a part has come.
NAME_PART = r"[^./\\:*?\"<>|\x00-\x1f\x7f\s][^/\\:*?\"<>|\x00-\x1f\x7f]{0,199}"
SAFE_NAME = re.compile(rf"{NAME_PART}(/{NAME_PART})*(?<!\.partial)")
COMMIT = re.compile(r"[0-9a-f]{40}")
SHA256 = re.compile(r"[0-9a-f]{64}")


class LockedFile(Struct, frozen=True, forbid_unknown_fields=True):
    sha256: str  # hexadecimal
    size: int  # bytes


class ModelLock(Struct, frozen=True, forbid_unknown_fields=True):
    """What a hub said of a repository when it was locked, or what came from addresses when it was first fetched."""

    repository: str  # OWNER/NAME; empty where the files came from addresses
    revision: str  # the commit; empty as well
    files: dict[str, LockedFile]  # by path in the repository
    license: str = ""
    gated: bool = False  # given out to those who have agreed to its terms
    urls: dict[str, str] = field(default_factory=dict)  # the addresses, by file, where there is no repository
    schema: int = SCHEMA

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(file.size for file in self.files.values())


def path(project: ProjectFolder, name: str) -> Path:
    """Where it is written: in the project, also where the model is one of what the project extends."""
    return project.requirements / "models" / f"{name}.lock"


def read(project: ProjectFolder, name: str) -> ModelLock | None:
    """``None`` where the model isn't locked yet. Raises ``ConfigurationError`` for a file that is no lock."""
    file = project.locate("requirements", "models", f"{name}.lock")
    try:
        lock = decode(file.read_bytes(), ModelLock)
    except FileNotFoundError:
        return None
    except (ValidationError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"{project.shown(file)} isn't a model's lock: {error}", f"pipeline model lock {name}"
        ) from error
    if reason := unsound(lock):
        raise ConfigurationError(f"{project.shown(file)} isn't a model's lock: {reason}", f"pipeline model lock {name}")
    if lock.schema != SCHEMA or not lock.files:
        raise ConfigurationError(
            f"{project.shown(file)} is empty, or of another version of pipeline",
            f"pipeline model lock {name}",
        )
    return lock


def unsound(lock: ModelLock) -> str | None:
    """Why nothing can be locked in this way, whoever says so; ``None`` where it can."""
    if lock.urls.keys() - lock.files.keys() or (not lock.urls and not COMMIT.fullmatch(lock.revision)):
        return f"{lock.revision!r} is no commit"
    for name, file in lock.files.items():
        if not SAFE_NAME.fullmatch(name):
            return f"it has a file with the name {name!r}, which can't be used"
        if not SHA256.fullmatch(file.sha256) or file.size < 0:
            return f"what it says of {name} is no SHA-256 and no size"
    return None


def write(project: ProjectFolder, name: str, lock: ModelLock) -> None:
    file = path(project, name)
    if not file.parent.exists():
        file.parent.mkdir(parents=True)
        share_folder(file.parent)
        sync_folder(file.parent.parent)
    write_whole(file, dump_json(plain(lock)))
    share(file)
