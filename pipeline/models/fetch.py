"""Getting a model onto the shelf: from the first source that has it, verified file by file, by one rename."""

import tempfile
from pathlib import Path

from pipeline.config.models import ModelSpec
from pipeline.digests import sha256_of_file
from pipeline.errors import NotReady
from pipeline.files import dump_json, replace_folder, sync_file, sync_folder, try_remove_tree, write_whole
from pipeline.locks import exclusive
from pipeline.models.shelf import MARKER, Shelf, signature
from pipeline.models.sources import Fetcher, Unavailable
from pipeline.progress import Progress


def ensure(shelf: Shelf, spec: ModelSpec, fetcher: Fetcher, progress: Progress) -> Path:
    """The model's folder, filled now if need be. Raises ``NotReady`` with each source's reason."""
    if shelf.damage(spec.name, spec.digest) is not None:
        shelf.root.mkdir(parents=True, exist_ok=True)
        with exclusive(shelf.root / f"{spec.name}.lock", lambda who: progress(f"waiting for {who}")):
            if shelf.damage(spec.name, spec.digest) is not None:
                _fetch(shelf, spec, fetcher, progress)
    return shelf.folder(spec.name, spec.digest)


def _fetch(shelf: Shelf, spec: ModelSpec, fetcher: Fetcher, progress: Progress) -> None:
    # "+" is in no model's name, so that whisper-tiny leaves alone what whisper-tiny.en is fetching.
    for left in shelf.root.glob(f".{spec.name}+*.part*"):
        try_remove_tree(left)  # of an interrupted fetch; we hold the model's lock
    reasons = []
    for source in spec.sources:
        part = Path(tempfile.mkdtemp(prefix=f".{spec.name}+", suffix=".part", dir=shelf.root))
        try:
            if fetcher.may_have(source):
                progress(f"fetching from {fetcher.describe(source)}")
            fetcher.fetch(source, list(spec.files), part)
            progress("verifying")
            _accept(shelf, spec, part)
            return
        except Unavailable as error:
            reasons.append(f"  {fetcher.describe(source)}: {error}")
        finally:
            try_remove_tree(part)
    headline = f"model '{spec.name}' can't be had from any of its sources:"
    raise NotReady("\n".join([headline, *reasons]), "./bootstrap.sh   tries them again")


def _accept(shelf: Shelf, spec: ModelSpec, part: Path) -> None:
    for file, expected in spec.files.items():
        if not (part / file).is_file():
            raise Unavailable(f"it has no {file}")
        found = sha256_of_file(part / file).removeprefix("sha256:")
        if found != expected:
            raise Unavailable(f"{file} has SHA-256 {found}, not {expected}; it was refused")
        sync_file(part / file)
    record = {"digest": spec.digest, "files": {file: signature(part / file) for file in spec.files}}
    write_whole(part / MARKER, dump_json(record))
    part.chmod(0o755)  # mkdtemp makes it private; a shared project's others must read it
    folder = shelf.folder(spec.name, spec.digest)
    replace_folder(part, folder)
    sync_folder(shelf.root)
