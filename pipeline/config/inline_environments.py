"""An environment in a stage's own file: ``requires-python`` and ``dependencies``, and a table for its other keys."""

from collections.abc import Mapping
from typing import Any

from pipeline.config.blocks import StageBlock
from pipeline.config.source import ConfigurationSource, Keys, check

TABLE = ("tool", "pipeline", "environment")
# Keys of an environment's file that its table in a block can't have, and the block's key that says the same.
REPLACED = {"python": "requires-python", "requirements": "dependencies", "variants": "", "interpreter": ""}


def read_environment(block: StageBlock) -> ConfigurationSource:
    """What an environment's own file would hold; errors name the lines of the stage's file.

    Raises ``ConfigurationError`` where the block is wrong.
    """
    whole = block.whole
    _check_dependencies(whole)
    if "requires-python" not in whole.value:
        raise whole.error(("dependencies",), "'requires-python' is missing beside it, for example '>=3.10,<3.14'")
    table = block.table(*TABLE)
    value: Mapping[str, Any] = table.value if table else {}
    if table and isinstance(value, dict):
        _check_keys(table)
    elif table:
        raise table.error((), "it isn't a table")
    lines: dict[Keys, int] = {
        **(table.lines if table else {}),
        ("python",): whole.line(("requires-python",)) or block.line,
    }
    source = ConfigurationSource(
        block.file, block.shown_as, {**value, "python": whole.value["requires-python"]}, lines | {(): block.line}
    )
    check(source, "environment")
    return source


def _check_keys(table: ConfigurationSource) -> None:
    """Refuses keys for which the block itself has another one."""
    for key in table.value:
        if key in REPLACED:
            instead = f"; the block's {REPLACED[key]} says it" if REPLACED[key] else ""
            raise table.error(
                (key,), f"an environment in a stage's file has no '{key}'{instead or ', only dependencies'}"
            )


def _check_dependencies(whole: ConfigurationSource) -> None:
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
