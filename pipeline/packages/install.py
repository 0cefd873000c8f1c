"""Installing a package: its files into a project of its own, whole or not at all. Nothing of it runs, and no
environment is built; ``build`` does that when it is asked to.
"""

import json
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.bundles import archive, inspection
from pipeline.bundles import install as bundles
from pipeline.config.catalog import Catalog
from pipeline.config.models import FolderSource
from pipeline.config.paths import with_settings
from pipeline.errors import ConfigurationError, NotReady
from pipeline.files import dump_json, publish, sync_disk, sync_folder, try_remove_tree
from pipeline.locks import exclusive
from pipeline.models import fetch
from pipeline.models.fetcher import fetcher_for
from pipeline.models.store import ModelStore
from pipeline.packages import store
from pipeline.packages.manifest import ENVIRONMENTS, CarriedPackage
from pipeline.packages.store import PackageFolder
from pipeline.permissions import keep_private
from pipeline.progress import Progress
from pipeline.project import MARKER, ProjectFolder, find
from pipeline.setup.tasks import SetupTask

PART = ".installing-"  # how the name of a folder begins that isn't whole yet
CARRIED = "carried"  # what isn't a project's file: models and environments, until they are in the user's store


@dataclass(frozen=True)
class Installation:
    package: PackageFolder
    is_new: bool


def install(package: CarriedPackage, progress: Progress) -> Installation:
    """The package's own folder, which is made now where it isn't there.

    Raises ``InputError`` for a file that changed meanwhile, ``NotReady`` where it can't be written, and
    ``ConfigurationError`` where somebody has changed the installed files.
    """
    root = store.root()
    folder = root / package.identity
    try:
        root.mkdir(parents=True, exist_ok=True)
        keep_private([root.parent, root])
        with exclusive(root / store.LOCK, lambda who: progress(f"waiting for {who}")):
            _remove_remains(root)
            there = PackageFolder(folder, dict(package.manifest))
            if store.at(folder) is not None:
                _require_unchanged(there)
                return Installation(there, is_new=False)
            _place(package, folder)
    except OSError as error:
        raise NotReady(
            f"{package.archive.file} can't be installed: {error.filename or folder}: {error.strerror}",
            "make room there, or name another place with XDG_DATA_HOME",
        ) from error
    return Installation(there, is_new=True)


def project_of(package: PackageFolder) -> ProjectFolder:
    return with_settings(find(package.folder, package.folder))


def build(package: PackageFolder, progress: Progress, force: bool = False) -> Sequence[SetupTask]:
    """What makes the environments and models ready, with what the package has inside where that suits this machine.

    Raises as installing a bundle does.
    """
    from pipeline.setup import bootstrap
    from pipeline.setup.tasks import SetupSelection

    project = project_of(package)
    place_models(package, progress)
    bundle = package.folder / CARRIED / ENVIRONMENTS
    if bundle.is_file() and package.manifest["platform"] == sysconfig.get_platform():
        opened = inspection.inspect(project, bundle, force)
        tasks = bundles.install(opened, progress, force)
        needed, _ = bootstrap.selected(Catalog(project), SetupSelection())
        others = [each.name for each in needed if each.name not in opened.environments]  # their packages aren't inside
        return [*tasks, *(bootstrap.tasks(Catalog(project), SetupSelection(others), force) if others else ())]
    return bootstrap.tasks(Catalog(project), SetupSelection(), force)


def place_models(package: PackageFolder, progress: Progress) -> None:
    """Put the models that the package has inside into the user's store, compared with their digests."""
    names = [name for name, each in package.manifest["models"].items() if each["inside"]]
    if not names:
        return
    project = project_of(package)
    catalog = Catalog(project)
    models, fetcher = ModelStore(project.model_store), fetcher_for(catalog, offline=True)
    for name in names:
        spec = replace(catalog.model(name), sources=(FolderSource(package.folder / CARRIED / "models" / name),))
        fetch.ensure(models, spec, fetcher, progress)


def _place(package: CarriedPackage, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=PART) as temporary:
        unpacked, part = Path(temporary, "unpacked"), Path(temporary, "package")
        unpacked.mkdir()
        archive.unpack(package.archive, unpacked)
        (unpacked / "project").rename(part) if (unpacked / "project").is_dir() else part.mkdir()
        if (unpacked / "extended").is_dir():
            (unpacked / "extended").rename(part / "extended")
        (part / CARRIED).mkdir()
        for name in ("models", ENVIRONMENTS):
            if (unpacked / name).exists():
                (unpacked / name).rename(part / CARRIED / name)
        (part / MARKER).parent.mkdir(exist_ok=True)
        (part / MARKER).write_text(_settings(package), encoding="utf-8")
        (part / store.RECORD).write_bytes(dump_json(package.manifest))
        sync_disk(part)
        if not publish(part, folder):
            raise ConfigurationError(f"{folder} is there and isn't a package", f"move {folder} away")
        sync_folder(folder.parent)


def _settings(package: CarriedPackage) -> str:
    extends = "extends: package\n" if package.manifest["extends"] else ""
    return f"{extends}store: user\ndefault_workflows: [{json.dumps(package.name)}]\n"


def _require_unchanged(package: PackageFolder) -> None:
    if changed := package.changed_file():
        identity = package.folder.name
        raise ConfigurationError(
            f"{package.folder / changed} isn't as the package brought it",
            f"pipeline package remove {identity}   and then install it again",
        )


def _remove_remains(root: Path) -> None:
    """What a process left that was killed. Nobody works on it: the lock is ours."""
    for each in (*root.glob(f"{PART}*"), *root.glob(".removed-*")):
        try_remove_tree(each)
