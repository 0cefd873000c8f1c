"""A group of commands whose modules are imported only when they are used, since each needs other packages."""

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """``modules`` maps the name of each command to its module, which has it as ``command``, or a group of commands as
    ``group``. Help keeps this order.
    """

    modules: Mapping[str, str]

    def __init__(self, name: str, modules: Mapping[str, str], help: str) -> None:  # noqa: A002  # click's own name
        # Their names alone, which click compares with one that it doesn't know.
        super().__init__(name, commands={each: click.Command(each) for each in modules}, help=help)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.modules:
            return None
        module = import_module(self.modules[cmd_name])
        found = getattr(module, "command", None) or getattr(module, "group", None)
        assert isinstance(found, click.Command), cmd_name
        return found
