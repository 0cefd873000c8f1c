"""What a node needs to build one of the project's environments."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.cluster.wire.attempt_order import EnvironmentRecipe
from pipeline.cluster.wire.ordered_items import OrderedFile
from pipeline.digests import content_digest
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import requirements


def recipe_of(
    definition: Definition, key: str, root: Path, packages: Iterable[Path] = ()
) -> tuple[EnvironmentRecipe, Mapping[str, Path]]:
    """The recipe, and its files by their digests. ``root``: the folder that the definition's files are in.

    ``packages``: package files that nodes without an index may need. Raises ``OSError``.
    """
    paths = [definition.locked, *([definition.smoke] if definition.smoke else [])]
    if definition.requirements:
        paths += requirements.files(definition.requirements)
    files = {path: ordered(path, path.relative_to(root).as_posix()) for path in dict.fromkeys(paths)}
    wheels = {path: ordered(path, path.name) for path in packages}
    recipe = EnvironmentRecipe(
        name=definition.name,
        key=key,
        python=definition.python,
        lock=files[definition.locked].name,
        requirements=files[definition.requirements].name if definition.requirements else "",
        smoke=files[definition.smoke].name if definition.smoke else "",
        files=tuple(files.values()),
        packages=tuple(wheels.values()),
        variant=definition.variant,
        index=definition.index,
        imports=definition.imports,
        variables=definition.variables,
        provides=definition.provides,
        tool_variables=definition.tool_variables,
        preferred=definition.preferred,
        build_after=definition.build_after,
    )
    return recipe, {each.digest: path for path, each in (files | wheels).items()}


def ordered(path: Path, name: str) -> OrderedFile:
    """A file of the run's machine, as an order names it. Raises ``OSError``."""
    return OrderedFile(name, content_digest(path), path.stat().st_size)
