"""A recipe's files on a node, as they lie in a project, and the definition that they belong to."""

from pathlib import Path

from pipeline.cluster.content.errors import ContentUnknown, NoRoom
from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node.layout import lay_out
from pipeline.cluster.wire.attempt_order import EnvironmentRecipe
from pipeline.cluster.wire.ordered_items import OrderedFile
from pipeline.envs.definition import Definition
from pipeline.files import publish, try_remove_tree


def definition_of(recipe: EnvironmentRecipe, definitions: Path, store: ContentStore) -> Definition:
    """Raises ``ContentUnknown``, ``NoRoom`` and ``OSError``."""
    root = definitions / recipe.key.removeprefix("sha256:")
    if not root.is_dir():
        _lay_out_all(recipe.files, root, store)
    return Definition(
        name=recipe.name,
        python=recipe.python,
        lock=root / recipe.lock,
        requirements=root / recipe.requirements if recipe.requirements else None,
        variant=recipe.variant,
        index=recipe.index,
        imports=recipe.imports,
        smoke=root / recipe.smoke if recipe.smoke else None,
        variables=recipe.variables,
        provides=recipe.provides,
        tool_variables=recipe.tool_variables,
        preferred=recipe.preferred,
        build_after=recipe.build_after,
    )


def _lay_out_all(files: tuple[OrderedFile, ...], root: Path, store: ContentStore) -> None:
    """All of them, or none."""
    part = root.with_name(f".{root.name}.part")
    try_remove_tree(part)
    part.mkdir(parents=True)
    try:
        for each in files:
            lay_out(each, part, store)
    except (ContentUnknown, NoRoom, OSError):
        try_remove_tree(part)
        raise
    publish(part, root)
