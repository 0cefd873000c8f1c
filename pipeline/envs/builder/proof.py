"""Installing an environment, and proving that it is whole and works.

Work that needn't wait runs beside other work: while bytecode is made, every file is read and compared, and the disk
is flushed; while the imports are tried, it is flushed again. All of that has ended before a build counts.
"""

import os
from collections.abc import Callable, Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.envs import provided_programs
from pipeline.envs.builder import bytecode, package_conflicts
from pipeline.envs.builder.bytecode_store import BytecodeStore
from pipeline.envs.builder.installer import Installer
from pipeline.envs.builder.marker import Proof, site_packages
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.platform.layout import interpreter, scripts_folder
from pipeline.envs.platform.removal import remove_tree
from pipeline.envs.verification import content, manifest, probes, required_python
from pipeline.envs.verification.comparison import Comparison
from pipeline.envs.verification.manifest import Entry
from pipeline.errors import NotReady
from pipeline.files import sync_disk
from pipeline.permissions import mask_of


def install(installer: Installer, interpreter: BaseInterpreter) -> Proof:
    """Fill the build's folder with a whole, proved and flushed environment: all but its marker.

    Raises ``NotReady`` where a package can't be installed, leads out of the environment, or can't be imported.
    """
    comparison, corrections = _install_packages(installer, interpreter)
    if comparison.damaged:
        installer.forget(sorted({each.package for each in comparison.damaged}))
        remove_tree(installer.prefix)
        # The archive's own hash was in the lock, so a file that differs again was published like that.
        comparison, corrections = _install_packages(installer, interpreter, is_second=True)
        corrections = {**corrections, **{each.file: each.digest for each in comparison.damaged}}
    inside = site_packages(installer.prefix).relative_to(installer.prefix).as_posix()
    return finish(installer, corrections, lambda: manifest.entries(inside, comparison.contents))


def finish(
    installer: Installer,
    corrections: Mapping[str, str | None],
    known_entries: Callable[[], Mapping[str, Entry]],
    probe_definition: Definition | None = None,
) -> Proof:
    """Turn installed packages into an environment that can be trusted; only its marker is still missing.

    ``known_entries`` gives entries of the list of files that needn't be read again. It is called beside the probes;
    its error is raised before an error of theirs. ``probe_definition`` is the definition with the probes that are left,
    where some are known to succeed.

    Raises ``NotReady`` where a link leads out of the environment or a probe fails.
    """
    definition, prefix = installer.definition, installer.prefix
    refuse_links(definition, prefix)
    provided_programs.place(definition, prefix, site_packages(prefix))
    installer.progress("testing that it works")
    with ThreadPoolExecutor(1) as threads:
        digest = threads.submit(_list_and_flush, prefix, known_entries)
        environment = probes.ProbeEnvironment(interpreter(prefix), prefix, installer.own, is_ours=True)
        problem = probes.first_problem(probe_definition or definition, environment)
        proof = Proof(digest.result(), corrections)
    if problem:
        what = f"environment '{definition.name}' was installed, but {problem}"
        raise NotReady(what, _next_step(definition, problem, installer.log))
    return proof


def _next_step(definition: Definition, problem: str, log: Path) -> str:
    """Where a module is missing, the log has nothing about it: all that was asked for has been installed."""
    if "ModuleNotFoundError" not in problem:
        return f"read {log}"
    asked, name = definition.requirements, definition.name
    edit = f"ask for its package in {asked.parent.name}/{asked.name}" if asked else "ask for its package"
    return f"{edit}, or don't import it, then\npipeline env lock {name}\nbootstrap --env {name}"


def _list_and_flush(prefix: Path, known_entries: Callable[[], Mapping[str, Entry]]) -> str:
    digest = manifest.write(prefix, site_packages(prefix), known_entries())
    sync_disk(prefix)  # a power cut must not leave the marker with half the packages behind it
    return digest


def _install_packages(
    installer: Installer, interpreter: BaseInterpreter, is_second: bool = False
) -> tuple[Comparison, Mapping[str, str | None]]:
    """Returns the files beside what the packages' own ``RECORD``s say of them, and where those don't count."""
    installer.create(interpreter.executable)
    packages = site_packages(installer.prefix)
    own = {f"{folder}/{name}" if folder else name for folder, name, _ in manifest.walk(str(installer.prefix))}
    installer.sync()
    threads = ThreadPoolExecutor(2)
    try:
        compared = threads.submit(content.read_all, packages)
        threads.submit(sync_disk, packages)
        shared = _settled(installer, interpreter, packages, own)
        store = None if shared or is_second else BytecodeStore(interpreter)
        bytecode.make(installer, store.place(packages, mask_of(packages)) if store else ())
        comparison = compared.result()
        if store and not comparison.damaged:  # else its bytecode may be of other modules than the RECORDs name
            store.keep(packages)
        return (content.read_all(packages, shared), shared) if shared else (comparison, {})
    finally:
        threads.shutdown(wait=False)  # the flush may take longer; ``finish`` waits for one that covers everything


def _settled(
    installer: Installer, interpreter: BaseInterpreter, packages: Path, own: Container[str]
) -> Mapping[str, str]:
    """What packages say of each other and of this Python: refused, or settled before there is bytecode of it."""
    declared = required_python.declared(packages)
    package_conflicts.refuse_other_pythons(installer.definition, declared, interpreter.version)
    package_conflicts.refuse_unmet(installer.definition, packages, interpreter.version)
    inside = packages.relative_to(installer.prefix).as_posix()
    files = content.by_package(packages)
    package_conflicts.refuse_own_files(installer.definition, files, own, inside)
    return package_conflicts.settle_shared_files(installer, packages, files)


def refuse_links(definition: Definition, prefix: Path) -> None:
    """Raises ``NotReady`` for a link out of the environment: its target could change without anybody noticing."""
    if links := links_leading_out(prefix):
        more = f" and {len(links) - 1} more" if len(links) > 1 else ""
        target = (prefix / links[0]).readlink()
        raise NotReady(
            f"environment '{definition.name}' is refused: its link {links[0]} leads out of it, to {target}{more}",
            "lock another version of the package that brings it, or report it to who publishes it",
        )


def links_leading_out(prefix: Path) -> list[str]:
    """Symbolic links whose target isn't in the environment, by path in it, apart from those to its interpreter."""
    inside = os.path.realpath(prefix)
    scripts = str(scripts_folder(prefix))
    return sorted(
        os.path.relpath(path, prefix)
        for path in _links(str(prefix))
        if not _is_within(os.path.realpath(path), inside) and not _is_interpreter(path, scripts)
    )


def _links(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield entry.path
            elif entry.is_dir():
                yield from _links(entry.path)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _is_interpreter(path: str, scripts: str) -> bool:
    folder, name = os.path.split(path)
    return folder == scripts and name.startswith(("python", "pypy"))
