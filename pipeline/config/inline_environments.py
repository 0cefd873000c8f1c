"""An environment in a stage's own file: ``requires-python`` and ``dependencies``, and a table for what else it has."""

from collections.abc import Mapping
from typing import Any

from pipeline.config.blocks import StageBlock
from pipeline.config.source import Keys, Source, check

TABLE = ("tool", "pipeline", "environment")
INSTEAD = {"python": "requires-python", "requirements": "dependencies", "variants": "", "interpreter": ""}


def environment(block: StageBlock) -> Source:
    """As if it stood in a file of its own; errors name the lines of the stage's file."""
    whole = block.whole
    _check_dependencies(whole)
    if "requires-python" not in whole.value:
        raise whole.error(("dependencies",), "'requires-python' is missing beside it, for example '>=3.10,<3.14'")
    table = block.table(*TABLE)
    value: Mapping[str, Any] = table.value if table else {}
    if table and isinstance(value, dict):
        _refuse_what_the_block_says(table)
    elif table:
        raise table.error((), "it isn't a table")
    lines: dict[Keys, int] = {
        **(table.lines if table else {}),
        ("python",): whole.line(("requires-python",)) or block.line,
    }
    source = Source(
        block.file, block.shown_as, {**value, "python": whole.value["requires-python"]}, lines | {(): block.line}
    )
    check(source, "environment")
    return source


def _refuse_what_the_block_says(table: Source) -> None:
    for key in table.value:
        if key in INSTEAD:
            instead = f"; the block's {INSTEAD[key]} says it" if INSTEAD[key] else ""
            raise table.error(
                (key,), f"an environment in a stage's file has no '{key}'{instead or ', only dependencies'}"
            )


def _check_dependencies(whole: Source) -> None:
    from packaging.requirements import InvalidRequirement, Requirement

    dependencies = whole.value["dependencies"]
    if not isinstance(dependencies, list) or not all(isinstance(each, str) for each in dependencies):
        raise whole.error(("dependencies",), "it isn't a list of requirements such as 'numpy>=2'")
    for each in dependencies:
        try:
            Requirement(each)
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            raise whole.error(("dependencies",), f"{each!r} isn't a requirement: {reason}") from error
