"""Making a package: the same workflow, with the same files, gives the same bytes."""

import errno
import shutil
import sysconfig
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.bundles import archive
from pipeline.bundles import make as bundles
from pipeline.bundles.archive import Content
from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady, UsageError, did_you_mean
from pipeline.models import fetch
from pipeline.models.fetcher import fetcher_for
from pipeline.models.store import ModelStore
from pipeline.packages import contents as package_contents
from pipeline.packages.contents import PackageContents
from pipeline.packages.manifest import ENVIRONMENTS, KIND, SCHEMA, is_refused
from pipeline.progress import Progress
from pipeline.sizes import show_size


@dataclass(frozen=True)
class CarriedFiles:
    """What goes into a package as a whole, and not by its digest alone: by name, or all that the workflow may use."""

    environments: Collection[str] = ()
    models: Collection[str] = ()
    all_environments: bool = False
    all_models: bool = False


NO_FILES = CarriedFiles()


def make(
    catalog: Catalog,
    workflow: str,
    target: Path,
    progress: Progress,
    carried: CarriedFiles = NO_FILES,
) -> Mapping[str, Any]:
    """Write a package of a workflow to ``target``, and return its manifest without the files.

    Raises as ``contents.gather`` does, ``UsageError`` for a name that the workflow doesn't use, and ``NotReady`` where
    something can't be fetched or written.
    """
    contents = package_contents.gather(catalog, workflow)
    environments = _chosen("environment", contents.environments, carried.environments, carried.all_environments)
    # One that a person names may be any that can be chosen; of all, only those that the workflow names.
    models = _chosen("model", contents.described, carried.models) or _chosen(
        "model", contents.models, (), carried.all_models
    )
    files: dict[str, Content] = dict(contents.files)
    files.update(_models(catalog, models, progress))
    scratch = catalog.project.cache
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".package-") as folder:
        if environments:
            bundle = files[ENVIRONMENTS] = Path(folder, ENVIRONMENTS)
            bundles.make(catalog, environments, bundle, progress)
        _require_names(files)
        heading = _heading(contents, models, bool(environments))
        progress(f"writing {target}")
        _write(target, heading, files)
    return heading


def _chosen(kind: str, known: Iterable[str], named: Collection[str], everything: bool = False) -> list[str]:
    """Raises ``UsageError`` for a name that isn't known."""
    names = list(known)
    if unknown := next((name for name in named if name not in names), None):
        raise UsageError(
            f"the workflow uses no {kind} '{unknown}'{did_you_mean(unknown, names)}", "pipeline package make --help"
        )
    return [name for name in names if everything or name in named]


def _require_names(files: Iterable[str]) -> None:
    """Raises ``UsageError`` for a file that no package can bring, so that none is made which nobody can read."""
    for name in sorted(files):
        place = name.partition("/")[2]
        if is_refused(name):
            raise UsageError(f"{place} can't be carried: it is hidden, or where commands write", "move it elsewhere")
        if reason := archive.unsafe_name(name):
            raise UsageError(f"{place} can't be carried: it {reason}", "give it another name")


def _models(catalog: Catalog, names: Sequence[str], progress: Progress) -> dict[str, Content]:
    """The files of these models. They are fetched where they aren't here."""
    store, found = ModelStore(catalog.project.model_store), dict[str, Content]()
    fetcher = fetcher_for(catalog) if names else None
    for name in names:
        assert fetcher is not None
        spec = catalog.model(name)
        folder = fetch.ensure(store, spec, fetcher, progress)
        found.update({f"models/{name}/{file}": folder / file for file in spec.files})
    return found


def _heading(contents: PackageContents, models: Collection[str], has_packages: bool) -> dict[str, Any]:
    """``models``: those whose files are inside; ``has_packages``: whether those of environments are."""
    described = sorted(contents.described.items())
    return {
        "schema": SCHEMA,
        "kind": KIND,
        **package_contents.heading(contents),
        "requires": __version__,
        "platform": sysconfig.get_platform() if has_packages else None,
        "models": {name: {"digest": digest, "inside": name in models} for name, digest in described},
    }


def _write(target: Path, heading: Mapping[str, Any], files: Mapping[str, Content]) -> None:
    try:
        archive.write(target, heading, files)
    except OSError as error:
        room = error.errno == errno.ENOSPC and f"; {show_size(shutil.disk_usage(target.parent).free)} are free there"
        raise NotReady(f"{target} can't be written: {error.strerror}{room or ''}", "choose another place") from error
