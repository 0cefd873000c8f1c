"""Making and checking the locks of a project's environments."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.config.catalog import Catalog
from pipeline.environments import ProjectVariables
from pipeline.envs import uv
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import agreement
from pipeline.envs.lockfiles.changes import PackageChange
from pipeline.envs.lockfiles.lockfile import NotALock, parse
from pipeline.envs.lockfiles.ranges import versions_in
from pipeline.envs.lockfiles.resolve import LockResolver, Upgrade
from pipeline.envs.packages.hashes import MissingHashes
from pipeline.errors import PipelineError, UsageError, did_you_mean
from pipeline.progress import Progress, quiet
from pipeline.project import ProjectFolder
from pipeline.setup.lock_check import LockCheck

AT_ONCE = 4  # locks that are made side by side: mostly, uv waits for an index


@dataclass(frozen=True)
class LockResult:
    definition: Definition
    changes: tuple[PackageChange, ...] | None  # None where no byte changed
    error: PipelineError | None = None


def with_locks(catalog: Catalog, names: Sequence[str]) -> list[Definition]:
    """One definition for each lock, of these environments or of all that the project has itself.

    Where several definitions share a lock, the one with the widest range of Pythons. Raises ``UsageError`` for the
    name of an external environment, which has no lock, and of one whose lock comes with pipeline, and
    ``ConfigurationError`` for an unknown name.
    """
    definitions = [each for name in names or catalog.environment_names for each in catalog.variants(name)]
    extended = [each for each in definitions if each.lock and catalog.project.is_extended(each.lock)]
    if names and extended:
        raise _unchangeable(catalog.project, extended[0])
    definitions = [each for each in definitions if each not in extended]
    external = [each.name for each in definitions if each.interpreter]
    if names and external:
        raise UsageError(
            f"environment '{external[0]}' is an external environment (interpreter:), so it has no lock",
            "pipeline env list",
        )
    widest_last = sorted(definitions, key=lambda each: len(versions_in(each.python)))
    by_lock = {each.lock: each for each in widest_last if each.lock}
    return sorted(by_lock.values(), key=lambda each: (each.name, each.variant))


def _unchangeable(project: ProjectFolder, definition: Definition) -> UsageError:
    """What comes with pipeline stays as it is; a project's own copy of the requirements comes before it."""
    from shlex import quote

    assert definition.requirements is not None, definition.name
    folder = project.requirements
    copied = " ".join(quote(str(file)) for file in (definition.requirements, definition.locked))
    return UsageError(
        f"the lock of environment '{definition.name}' comes with pipeline, where nothing is changed; a copy of its"
        " requirements in the project comes before it",
        f"mkdir -p {quote(str(folder))}\ncp {copied} {quote(str(folder))}\npipeline env lock {definition.name}",
    )


def require_known(definitions: Sequence[Definition], upgrade: Upgrade) -> None:
    """Raises ``UsageError`` for a package that no lock has: uv would neither change nor say anything."""
    from packaging.utils import canonicalize_name

    known = sorted({name for definition in definitions for name in _packages(definition)})
    for package in upgrade.packages:
        if canonicalize_name(package) not in known:
            raise UsageError(
                f"no lock has a package '{package}'{did_you_mean(package, known, listing=False)}",
                "pipeline env lock NAME --upgrade PACKAGE   (names of environments come first)",
            )


def make(
    catalog: Catalog, definitions: Sequence[Definition], upgrade: Upgrade, note: Progress = quiet
) -> Iterator[LockResult]:
    """Lock them side by side, and give the results in their order; a failure of one doesn't stop the others.

    Raises ``NotReady`` without uv. ``note`` is told what a person should know of a lock that is written, and is called
    from several threads.
    """
    own = ProjectVariables(catalog.project)
    resolver = resolver_for(catalog.project, catalog.settings.build_seconds)
    check = LockCheck(resolver.uv, resolver.time_limit, own, note=note)

    def lock(definition: Definition) -> LockResult:
        try:
            return LockResult(definition, resolver.lock(definition, upgrade, check))
        except PipelineError as error:
            return LockResult(definition, None, error)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        try:
            yield from threads.map(lock, definitions)
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def resolver_for(project: ProjectFolder, seconds: float) -> LockResolver:
    """Raises ``NotReady`` without uv."""
    own, installer = ProjectVariables(project), uv.find()
    return LockResolver(installer, project.root, seconds, own, MissingHashes(installer, seconds, own))


def problems(definitions: Sequence[Definition]) -> dict[str, str]:
    """What is wrong with the locks, by the environment's name. Nothing is resolved or written."""
    reasons = {each.name: agreement.problem(each) for each in definitions}
    return {name: reason for name, reason in reasons.items() if reason}


def _packages(definition: Definition) -> set[str]:
    try:
        return {pin.name for pin in parse(definition.locked.read_text(encoding="utf-8-sig")).pins}
    except (OSError, NotALock, UnicodeDecodeError):
        return set()
