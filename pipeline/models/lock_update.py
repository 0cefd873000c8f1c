"""Which files a model is made of: asked of the hub once, and written where a commit can hold it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline import values
from pipeline.config import model_locks
from pipeline.config.model_locks import ModelLock
from pipeline.config.models import HubSource, ModelSpec
from pipeline.errors import NotReady, UsageError
from pipeline.models import admission, first_fetch
from pipeline.models.admission import Admission
from pipeline.models.hub.client import HubRefusal, page
from pipeline.models.sources import Fetcher
from pipeline.models.store import ModelStore
from pipeline.progress import Progress
from pipeline.project import ProjectFolder

ADVICE = {
    "unreachable": "look whether this machine has a network; HF_ENDPOINT names a mirror, HTTPS_PROXY a proxy",
    "no-repository": "look for the repository's name on the hub; a private one needs HF_TOKEN",
    "offline": "unset HF_HUB_OFFLINE",
    "no-revision": "name a branch, a tag or a commit that the repository has",
    "no-file": "other patterns: --files PATTERN, which may be repeated",
}


@dataclass(frozen=True)
class LockChange:
    """What a new lock says otherwise than the one before."""

    before: ModelLock | None
    now: ModelLock

    @property
    def files(self) -> dict[str, str]:
        """What became of each file that isn't the same."""
        old: Mapping[str, object] = self.before.files if self.before else {}
        names = sorted({*old, *self.now.files})
        kinds = {name: _kind(old.get(name), self.now.files.get(name)) for name in names}
        return {name: kind for name, kind in kinds.items() if kind}


def _kind(before: object, now: object) -> str:
    if before == now:
        return ""
    return "added" if before is None else "removed" if now is None else "changed"


def lock(
    project: ProjectFolder, spec: ModelSpec, fetcher: Fetcher, progress: Progress, upgrade: bool = False
) -> LockChange:
    """Lock a model, unless it is locked; with ``upgrade``, to what its repository has now.

    What comes from addresses is fetched for it, and is there for the fetch that follows. Raises ``UsageError`` for a
    model that needs no lock, and ``NotReady`` where the hub refuses.
    """
    if not (spec.hub or spec.web) or (spec.is_locked and not spec.sizes):
        raise UsageError(
            f"model '{spec.name}' has the SHA-256 of each file in its entry, so it needs no lock",
            f"pipeline model fetch {spec.name}",
        )
    before = None if spec.lock_problem else model_locks.read(project, spec.name)
    if before and spec.is_locked and not upgrade:
        return LockChange(before, before)
    now = _now(project, spec, fetcher, progress)
    if now != before:
        model_locks.write(project, spec.name, now)
    return LockChange(before, now)


def _now(project: ProjectFolder, spec: ModelSpec, fetcher: Fetcher, progress: Progress) -> ModelLock:
    if spec.hub:
        declared = replace(spec.hub, revision=spec.hub.declared or spec.hub.revision)
        return look(declared, spec.patterns, admission.of(spec), fetcher, progress)
    assert spec.web is not None
    return first_fetch.look(ModelStore(project.model_store), spec, spec.web, fetcher, progress)


def look(
    source: HubSource, patterns: Sequence[str], admitted: Admission, fetcher: Fetcher, progress: Progress
) -> ModelLock:
    """What a repository has for a model. Raises ``NotReady``, also where its files may not become one."""
    shown = f"{source.repository} at {source.revision}"
    if fetcher.offline or fetcher.hub is None:
        raise NotReady(f"{shown} can't be asked for: --offline leaves the network alone", "leave --offline out")
    try:
        found = fetcher.hub.look(source, patterns, progress)
    except HubRefusal as refused:
        advice = ADVICE.get(refused.kind)
        if refused.kind == "gated":
            advice = f"agree to its terms at {page(source.repository)} and set HF_TOKEN to a token of that account"
        raise NotReady(f"{shown} can't be had: {refused}", advice) from refused
    lock = _without_twins(found.lock, progress)
    admitted.require_beginnings({name: found.beginnings[name] for name in lock.files})
    return lock


def _without_twins(lock: ModelLock, progress: Progress) -> ModelLock:
    files = admission.without_twins(list(lock.files))
    for name in lock.files.keys() - set(files):
        progress(f"{name} is left out: the same weights are there as safetensors, which run no code")
    return values.replace(lock, files={name: lock.files[name] for name in files})


def with_lock(spec: ModelSpec, lock: ModelLock) -> ModelSpec:
    """The model as it is now that it is locked."""
    sources = tuple(
        replace(each, revision=lock.revision)
        if isinstance(each, HubSource) and each.repository == lock.repository
        else each
        for each in spec.sources
    )
    return replace(
        spec,
        files={name: file.sha256 for name, file in lock.files.items()},
        sizes={name: file.size for name, file in lock.files.items()},
        sources=sources,
        license=spec.license or lock.license,
        is_gated=spec.is_gated or lock.gated,
    )
