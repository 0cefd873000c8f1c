"""The first fetch of a model from addresses whose digests nobody knows yet: what comes then is what is locked.

The files stay where the fetch that follows looks for parts, so that nothing comes twice.
"""

from dataclasses import replace
from pathlib import Path

from pipeline.config.model_locks import ModelLock
from pipeline.config.models import ModelSpec, UrlSource
from pipeline.errors import NotReady
from pipeline.files import replace_folder, try_remove_tree
from pipeline.locks import exclusive
from pipeline.models import admission
from pipeline.models.fetch import part_folder
from pipeline.models.hub.client import FileRequest, HubRefusal
from pipeline.models.sources import Fetcher
from pipeline.models.store import ModelStore
from pipeline.progress import Progress


def look(store: ModelStore, spec: ModelSpec, source: UrlSource, fetcher: Fetcher, progress: Progress) -> ModelLock:
    """Fetch every file, and return what they are. Raises ``NotReady``, also where they may not become a model."""
    store.make_root()
    with exclusive(store.root / f"{spec.name}.lock", lambda who: progress(f"waiting for {who}")):
        coming = store.root / f".{spec.name}+first.part"
        try_remove_tree(coming)  # what came before may have been something else
        coming.mkdir()
        try:
            lock = _fetched(spec, source, fetcher, coming, progress)
            admission.of(spec).require_files(coming, list(lock.files))
        except NotReady:
            try_remove_tree(coming)
            raise
        part = part_folder(store, replace(spec, files={name: file.sha256 for name, file in lock.files.items()}))
        replace_folder(coming, part)
    return lock


def _fetched(spec: ModelSpec, source: UrlSource, fetcher: Fetcher, into: Path, progress: Progress) -> ModelLock:
    if fetcher.offline or fetcher.hub is None:
        raise NotReady(f"model '{spec.name}' can't be fetched: --offline leaves the network alone")
    progress(f"fetching from {fetcher.describe(source)}, whose SHA-256 nobody knows yet")
    wanted = [FileRequest(name, None, None, url) for name, url in source.urls.items()]
    try:
        files = fetcher.hub.fetch(source, wanted, into, progress)
    except HubRefusal as refused:
        raise NotReady(
            f"model '{spec.name}' can't be had from {fetcher.describe(source)}: {refused}",
            f"pipeline model fetch {spec.name}   tries it again",
        ) from refused
    return ModelLock("", "", files, spec.license, urls=dict(source.urls))
