"""What stands in a project's store of models: how big, whole or not, who needs it; fetching, checking, removing."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.config.catalog import Catalog
from pipeline.config.models import ModelSpec
from pipeline.digests import sha256_of_file
from pipeline.envs import leases
from pipeline.envs.platform.removal import ASIDE, move_aside
from pipeline.errors import PipelineError
from pipeline.files import read_json, try_remove_tree
from pipeline.jobs.job import PlannedJob, load
from pipeline.jobs.store import UNFINISHED, JobStore
from pipeline.locks import Held, exclusive, is_held
from pipeline.models import fetch, lock_update
from pipeline.models.fetch import PART
from pipeline.models.sources import Fetcher
from pipeline.models.store import MARKER, ModelStore, is_local
from pipeline.progress import Progress
from pipeline.project import ProjectFolder
from pipeline.setup import other_projects
from pipeline.setup.tasks import SetupTask

OTHER_CONTENT = "has other content"
PART_SECONDS = 7 * 24 * 3600  # so long an interrupted fetch is worth keeping


@dataclass(frozen=True)
class StoredModel:
    """One folder of the store."""

    path: Path
    name: str
    digest: str  # empty for an interrupted fetch
    size: int  # bytes; files that are only linked to take none

    @property
    def is_partial(self) -> bool:
        return not self.digest


@dataclass(frozen=True)
class ModelRemoval:
    folder: StoredModel
    reason: str


def fetch_task(catalog: Catalog, fetcher: Fetcher, spec: ModelSpec) -> SetupTask:
    """Fetches a model; one that was never fetched before is locked first."""

    def carry_out(progress: Progress) -> str:
        spec.require_sound_lock()
        wanted, result = spec, "ready"
        if not spec.is_locked:
            change = lock_update.lock(catalog.project, spec, fetcher, progress)
            wanted = lock_update.with_lock(spec, change.now)
            result = f"ready; locked for the first time, in requirements/models/{spec.name}.lock"
        fetch.ensure(ModelStore(catalog.project.model_store), wanted, fetcher, progress)
        return result

    return SetupTask(f"model {spec.name}", carry_out)


def folders(project: ProjectFolder) -> list[StoredModel]:
    """Everything in the store, by name."""
    root = ModelStore(project.model_store).root
    if not root.is_dir():
        return []
    return sorted(filter(None, map(_folder, root.iterdir())), key=lambda each: (each.name, each.digest))


def interrupted(project: ProjectFolder) -> dict[str, StoredModel]:
    """What fetches that were interrupted left, by the model's name; not those that are going on."""
    store = ModelStore(project.model_store)
    parts = (each for each in folders(project) if each.path.name.endswith(PART))
    return {each.name: each for each in parts if not is_held(store.root / f"{each.name}.lock")}


def _folder(path: Path) -> StoredModel | None:
    if not path.is_dir():
        return None
    if path.name.startswith("."):
        return StoredModel(path, path.name[1:].partition("+")[0], "", _size(path))
    try:
        digest = str(read_json(path / MARKER)["digest"])
    except (OSError, ValueError, LookupError, TypeError):
        digest = ""
    return StoredModel(path, path.name.rpartition("-")[0] or path.name, digest, _size(path))


def _size(folder: Path) -> int:
    files = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in files if not file.is_symlink())


def altered_files(store: ModelStore, spec: ModelSpec) -> dict[str, str]:
    """Every byte is read. By file, what is wrong with it; as many files at once as there are processors."""
    folder = store.folder(spec.name, spec.digest)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = pool.map(lambda item: _altered(folder / item[0], item[1]), spec.files.items())
        return {file: problem for file, problem in zip(spec.files, problems, strict=True) if problem}


def _altered(file: Path, expected: str) -> str | None:
    try:
        is_same = sha256_of_file(file).removeprefix("sha256:") == expected
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return None if is_same else OTHER_CONTENT


def distrust(store: ModelStore, spec: ModelSpec, files: Sequence[str]) -> None:
    """Take files that aren't right out of the store, so that the next fetch brings them, and them alone."""
    for file in files:
        with suppress(OSError):
            (store.folder(spec.name, spec.digest) / file).unlink()


def needed_by(project: ProjectFolder) -> dict[str, str]:
    """Digests of the models that unfinished jobs were prepared with, each with the first such job."""
    named: dict[str, str] = {}
    for job in _unfinished(project):
        for digest in job.plan.models.values():
            named.setdefault(digest, job.id)
    return named


def _unfinished(project: ProjectFolder) -> Iterator[PlannedJob]:
    store = JobStore(project.jobs)
    for id in store.ids():
        with suppress(PipelineError, OSError):  # one that can't be read can't be run either
            job = load(project.jobs / id)
            if job.loaded.status in UNFINISHED or is_held(job.lock):
                yield job


def changed_folders(project: ProjectFolder) -> Iterator[tuple[str, str, PlannedJob]]:
    """Models in people's own folders that aren't any more what an unfinished job was prepared with.

    Each with its folder, what is wrong, and the first such job.
    """
    store, told = ModelStore(project.model_store), set[str]()
    for job in _unfinished(project):
        for name, digest in job.plan.models.items():
            problem = store.problem(name, digest) if is_local(name) and digest not in told else None
            if problem:
                told.add(digest)
                yield store.origin(name, digest), problem, job


def needed_elsewhere(project: ProjectFolder) -> dict[str, str] | None:
    """Digests of the models that other projects of the same store define or have prepared jobs with, each with who
    needs it, for a person. ``None`` where one of them can't be read.
    """
    defined = other_projects.defined_models(project)
    if defined is None:
        return None
    jobs = other_projects.needed_by_jobs(project, needed_by)
    return {
        **{digest: f"the project in {root} defines it" for digest, root in defined.items()},
        **{digest: f"{job} isn't finished and was prepared with it" for digest, job in jobs.items()},
    }


def useless(catalog: Catalog) -> Iterator[ModelRemoval]:
    """What no definition names any more, and fetches that were given up; never what an unfinished job needs."""
    elsewhere = needed_elsewhere(catalog.project)
    needed = {**needed_by(catalog.project), **(elsewhere or {})}
    unknown = {name for name, spec in catalog.models.items() if spec.lock_problem}
    current = {spec.digest: name for name, spec in catalog.models.items() if spec.is_locked}
    for each in folders(catalog.project):
        if each.path.name.endswith(ASIDE):
            yield ModelRemoval(each, "a removal that was interrupted")
        elif each.path.name.startswith("."):
            if time.time() - each.path.stat().st_mtime > PART_SECONDS:
                yield ModelRemoval(each, "a fetch that was given up")
        elif not each.digest:
            yield ModelRemoval(each, "its record can't be read")
        elif is_local(each.name) or each.name in unknown:
            continue  # links to a person's own files, and what was read of them; or who knows what is locked
        elif elsewhere is not None and each.digest not in current and each.digest not in needed:
            yield ModelRemoval(each, "replaced" if each.name in catalog.models else "defined nowhere")


def remove(
    project: ProjectFolder, chosen: Sequence[StoredModel], on_refusal: Callable[[StoredModel, str], None]
) -> int:
    """Returns the bytes that became free. A model that is being fetched stays, and so does one that a process uses."""
    freed = 0
    for each in chosen:
        try:
            with exclusive(ModelStore(project.model_store).root / f"{each.name}.lock"), leases.exclusive_use(each.path):
                gone = move_aside(each.path)
            try_remove_tree(gone)
        except Held as held:
            on_refusal(each, f"{held.holder} fetches it")
            continue
        except leases.InUse as use:
            on_refusal(each, f"{use} uses it")
            continue
        except OSError as error:
            on_refusal(each, f"the system refuses to remove it: {error.strerror}")
            continue
        if each.path.exists():
            on_refusal(each, "the system refuses to remove it")
        else:
            freed += each.size
    return freed
