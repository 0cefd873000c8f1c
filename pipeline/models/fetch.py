"""Fetching a model: from the first source that has it, each file verified, then put in its place by one rename."""

import tempfile
from pathlib import Path

from pipeline.config.models import ModelSpec
from pipeline.digests import sha256_of_file
from pipeline.errors import NotReady
from pipeline.files import dump_json, replace_folder, sync_file, sync_folder, try_remove_tree, write_whole
from pipeline.locks import exclusive
from pipeline.models.sources import Fetcher, SourceUnavailable
from pipeline.models.store import MARKER, ModelStore, signature
from pipeline.permissions import share, share_tree
from pipeline.progress import Progress


def ensure(store: ModelStore, spec: ModelSpec, fetcher: Fetcher, progress: Progress) -> Path:
    """The model's folder. It is fetched now, unless it is there and whole.

    Waits while another process fetches it. Raises ``NotReady`` with the reason of each source.
    """
    if store.problem(spec.name, spec.digest) is not None:
        store.make_root()
        with exclusive(store.root / f"{spec.name}.lock", lambda who: progress(f"waiting for {who}")):
            if store.problem(spec.name, spec.digest) is not None:
                _fetch(store, spec, fetcher, progress)
    return store.folder(spec.name, spec.digest)


def _fetch(store: ModelStore, spec: ModelSpec, fetcher: Fetcher, progress: Progress) -> None:
    # No model's name has a "+", so this doesn't match the folders of whisper-tiny.en where whisper-tiny is fetched.
    for left in store.root.glob(f".{spec.name}+*.part*"):
        try_remove_tree(left)  # of an interrupted fetch; we hold the model's lock
    reasons = []
    for source in spec.sources:
        part = Path(tempfile.mkdtemp(prefix=f".{spec.name}+", suffix=".part", dir=store.root))
        try:
            if fetcher.may_have(source):
                progress(f"fetching from {fetcher.describe(source)}")
            fetcher.fetch(source, list(spec.files), part)
            progress("verifying")
            _accept(store, spec, part)
            return
        except SourceUnavailable as error:
            reasons.append(f"  {fetcher.describe(source)}: {error}")
        finally:
            try_remove_tree(part)
    headline = f"model '{spec.name}' can't be had from any of its sources:"
    raise NotReady("\n".join([headline, *reasons]), "./bootstrap.sh   tries them again")


def _accept(store: ModelStore, spec: ModelSpec, part: Path) -> None:
    for file, expected in spec.files.items():
        if not (part / file).is_file():
            raise SourceUnavailable(f"it has no {file}")
        digest = sha256_of_file(part / file).removeprefix("sha256:")
        if digest != expected:
            raise SourceUnavailable(f"{file} has SHA-256 {digest}, not {expected}; it was refused")
        sync_file(part / file)
    share_tree(part)  # whoever may read the store may read the model; mkdtemp makes it private
    record = {"digest": spec.digest, "files": {file: (signature(part / file) or [])[:2] for file in spec.files}}
    write_whole(part / MARKER, dump_json(record))
    share(part / MARKER)
    folder = store.folder(spec.name, spec.digest)
    replace_folder(part, folder)
    sync_folder(store.root)
