"""Installing, and proving what was installed; what can be done beside other work is.

While bytecode is made, every file is read and compared, and the disk takes what was written; while the imports are
proved, it takes the rest. All of that has ended before a build counts.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.envs import provided_programs
from pipeline.envs.builder import links, runner_bytecode
from pipeline.envs.builder.ahead import Ahead
from pipeline.envs.builder.installer import Installer
from pipeline.envs.builder.marker import Proof, site_packages
from pipeline.envs.definition import Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.platform.layout import interpreter
from pipeline.envs.platform.removal import remove_tree
from pipeline.envs.verification import content, manifest, probes
from pipeline.envs.verification.comparison import Compared
from pipeline.envs.verification.manifest import Entry
from pipeline.errors import NotReady
from pipeline.files import sync_all


def install(installer: Installer, interpreter: BaseInterpreter) -> Proof:
    """Fill the place with a whole, proved and flushed environment, all but its marker. Raises ``NotReady``."""
    read = _install_packages(installer, interpreter)
    otherwise: Mapping[str, str | None] = {}
    if read.damaged:
        installer.forget(sorted({each.package for each in read.damaged}))
        remove_tree(installer.prefix)
        # The archive's own hash was in the lock, so that what differs now was published so.
        read = _install_packages(installer, interpreter)
        otherwise = {each.file: each.digest for each in read.damaged}
    inside = site_packages(installer.prefix).relative_to(installer.prefix).as_posix()
    return finish(installer, interpreter.version, otherwise, lambda: manifest.entries(inside, read.contents))


def finish(
    installer: Installer,
    version: str,
    otherwise: Mapping[str, str | None],
    known: Callable[[], Mapping[str, Entry]],
    wanted: Definition | None = None,
) -> Proof:
    """What makes installed packages an environment that can be trusted, apart from its marker. Raises ``NotReady``.

    ``known``: what the list of files needn't read again; it is asked beside the probes, and what it raises goes before
    what they found. ``wanted``: what is left to prove, where some of the definition's probes are known to succeed.
    """
    definition, prefix = installer.definition, installer.prefix
    refuse_links(definition, prefix)
    provided_programs.place(definition, prefix, site_packages(prefix))
    installer.progress("proving")
    python = interpreter(prefix)
    listed = Ahead(lambda: _list_and_flush(prefix, known))
    listed.begin()
    compiled = Ahead(lambda: runner_bytecode.compile_for(python, version, installer.log))
    compiled.begin()
    reason = probes.first_problem(wanted or definition, probes.Place(python, prefix, installer.own))
    compiled.result()
    digest = listed.result()
    if reason:
        raise NotReady(f"environment '{definition.name}' was installed, but {reason}", f"read {installer.log}")
    return Proof(digest, otherwise)


def _list_and_flush(prefix: Path, known: Callable[[], Mapping[str, Entry]]) -> str:
    digest = manifest.write(prefix, site_packages(prefix), known())
    sync_all()  # a power cut must not leave the marker with half the packages behind it
    return digest


def refuse_links(definition: Definition, prefix: Path) -> None:
    if strays := links.leading_out(prefix):
        more = f" and {len(strays) - 1} more" if len(strays) > 1 else ""
        target = (prefix / strays[0]).readlink()
        raise NotReady(
            f"environment '{definition.name}' is refused: its link {strays[0]} leads out of it, to {target}{more}",
            "lock another version of the package that brings it, or report it to who publishes it",
        )


def _install_packages(installer: Installer, interpreter: BaseInterpreter) -> Compared:
    """Returns what the files held beside what the packages' own records say."""
    installer.create(interpreter.executable)
    compared = Ahead(lambda: content.read_all(site_packages(installer.prefix)))
    flushed = Ahead(sync_all)

    def installed() -> None:
        compared.begin()
        flushed.begin()

    installer.sync(installed)
    return compared.result()
