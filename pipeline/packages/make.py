"""Making a package: the same workflow, with the same files, gives the same bytes."""

import errno
import shutil
import sysconfig
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.bundles import archive
from pipeline.bundles import make as bundles
from pipeline.bundles.archive import Content
from pipeline.config.catalog import Catalog
from pipeline.errors import NotReady, UsageError
from pipeline.models import fetch
from pipeline.models.fetcher import fetcher_for
from pipeline.models.store import ModelStore
from pipeline.packages import contents as package_contents
from pipeline.packages.contents import PackageContents
from pipeline.packages.manifest import ENVIRONMENTS, KIND, SCHEMA, is_refused
from pipeline.progress import Progress
from pipeline.sizes import show_size

MODELS, ENVIRONMENT_PACKAGES = "models", "environments"


def make(
    catalog: Catalog,
    workflow: str,
    target: Path,
    progress: Progress,
    inside: Collection[str] = (),
) -> Mapping[str, Any]:
    """Write a package of a workflow to ``target``, and return its manifest without the files. ``inside``: what goes in
    as a whole, and not by its digest alone: ``models``, ``environments``.

    Raises as ``contents.gather`` does, and ``NotReady`` where something can't be fetched or written.
    """
    contents = package_contents.gather(catalog, workflow)
    files: dict[str, Content] = dict(contents.files)
    if MODELS in inside:
        files.update(_models(catalog, contents, progress))
    scratch = catalog.project.cache
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch, prefix=".package-") as folder:
        if ENVIRONMENT_PACKAGES in inside:
            bundle = files[ENVIRONMENTS] = Path(folder, ENVIRONMENTS)
            bundles.make(catalog, [*contents.environments], bundle, progress)
        _require_names(files)
        heading = _heading(contents, inside)
        progress(f"writing {target}")
        _write(target, heading, files)
    return heading


def _require_names(files: Iterable[str]) -> None:
    """Raises ``UsageError`` for a file that no package can bring, so that none is made which nobody can read."""
    for name in sorted(files):
        place = name.partition("/")[2]
        if is_refused(name):
            raise UsageError(f"{place} can't be carried: it is hidden, or where commands write", "move it elsewhere")
        if reason := archive.unsafe_name(name):
            raise UsageError(f"{place} can't be carried: it {reason}", "give it another name")


def _models(catalog: Catalog, contents: PackageContents, progress: Progress) -> dict[str, Content]:
    """The files of the models that the workflow names. They are fetched where they aren't here."""
    store, found = ModelStore(catalog.project.model_store), dict[str, Content]()
    fetcher = fetcher_for(catalog) if contents.models else None
    for name in contents.models:
        assert fetcher is not None
        spec = catalog.model(name)
        folder = fetch.ensure(store, spec, fetcher, progress)
        found.update({f"models/{name}/{file}": folder / file for file in spec.files})
    return found


def _heading(contents: PackageContents, inside: Collection[str]) -> dict[str, Any]:
    models = {
        name: {"digest": digest, "inside": MODELS in inside and name in contents.models}
        for name, digest in sorted(contents.described.items())
    }
    return {
        "schema": SCHEMA,
        "kind": KIND,
        **package_contents.heading(contents),
        "requires": __version__,
        "platform": sysconfig.get_platform() if ENVIRONMENT_PACKAGES in inside else None,
        "models": models,
    }


def _write(target: Path, heading: Mapping[str, Any], files: Mapping[str, Content]) -> None:
    try:
        archive.write(target, heading, files)
    except OSError as error:
        room = error.errno == errno.ENOSPC and f"; {show_size(shutil.disk_usage(target.parent).free)} are free there"
        raise NotReady(f"{target} can't be written: {error.strerror}{room or ''}", "choose another place") from error
