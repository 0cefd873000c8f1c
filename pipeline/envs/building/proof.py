"""Installing, and proving what was installed; what can be done beside other work is.

While bytecode is made, every file is read and compared, and the disk takes what was written; while the imports are
proved, it takes the rest. All of that has ended before a build counts.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline.envs import provided
from pipeline.envs.building import links, runner
from pipeline.envs.building.ahead import Ahead
from pipeline.envs.building.installer import Installer
from pipeline.envs.building.record import site_packages
from pipeline.envs.definition import Build, Definition
from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.platform import remove_tree
from pipeline.envs.proving import deep, manifest, probes
from pipeline.errors import NotReady
from pipeline.files import sync_all


def install(installer: Installer, interpreter: BaseInterpreter, prefix: Path) -> Mapping[str, str | None]:
    """Fill the place with a whole, proved and flushed environment, all but its marker. Raises ``NotReady``.

    Returns the files that their publisher made otherwise than its ``RECORD`` says, with their digests.
    """
    damaged = _install_packages(installer, interpreter, prefix)
    otherwise: Mapping[str, str | None] = {}
    if damaged:
        # Files may be links from uv's cache: what damaged an environment has damaged the cache, and uv trusts it.
        packages = sorted({each.package for each in damaged})
        installer.tell(f"forgetting the damaged {', '.join(packages)} in uv's cache")
        installer.forget(packages, prefix)
        remove_tree(prefix)
        # The archive's own hash was in the lock, so that what differs now was published so.
        otherwise = {each.file: each.digest for each in _install_packages(installer, interpreter, prefix)}
    finish(installer, prefix, interpreter.version)
    return otherwise


def finish(installer: Installer, prefix: Path, version: str) -> None:
    """What makes installed packages an environment that can be trusted, apart from its marker. Raises ``NotReady``."""
    definition = installer.definition
    refuse_links(definition, prefix)
    provided.place(definition, prefix, site_packages(prefix))
    installer.tell("proving")
    flushed = Ahead(sync_all)  # a power cut must not leave the marker with half the packages behind it
    flushed.begin()
    compiled = Ahead(lambda: runner.compile_for(_python(definition, prefix), version, installer.log))
    compiled.begin()
    place = probes.Place(_python(definition, prefix), prefix, installer.own)
    listed = Ahead(lambda: manifest.write(prefix, site_packages(prefix)))
    listed.begin()
    reason = probes.first_problem(definition, place)
    compiled.result()
    listed.result()
    flushed.result()
    if reason:
        raise NotReady(f"environment '{definition.name}' was installed, but {reason}", f"read {installer.log}")


def refuse_links(definition: Definition, prefix: Path) -> None:
    if strays := links.leading_out(prefix):
        more = f" and {len(strays) - 1} more" if len(strays) > 1 else ""
        target = (prefix / strays[0]).readlink()
        raise NotReady(
            f"environment '{definition.name}' is refused: its link {strays[0]} leads out of it, to {target}{more}",
            "lock another version of the package that brings it, or report it to who publishes it",
        )


def _install_packages(installer: Installer, interpreter: BaseInterpreter, prefix: Path) -> list[deep.DamagedFile]:
    """Returns what isn't as the packages' own records say."""
    installer.create(interpreter.executable, prefix)
    compared = Ahead(lambda: deep.damaged(site_packages(prefix)))
    flushed = Ahead(sync_all)

    def installed() -> None:
        compared.begin()
        flushed.begin()

    installer.sync(prefix, installed)
    return compared.result()


def _python(definition: Definition, prefix: Path) -> Path:
    return Build(definition.name, prefix, "", {}).python
