"""What click makes of a word, where its own types take too much."""

import math
import os
from typing import Any

import click

from pipeline.cli.words import is_blank


class NamedPath(click.Path):
    """A path that isn't empty: click takes an empty one for the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if is_blank(os.fsdecode(value)):
            self.fail("it is empty (is a variable of the shell not set?)", param, ctx)
        return super().convert(value, param, ctx)


class FiniteRange(click.FloatRange):
    """A number within bounds; "nan", which no bound excludes, and infinities are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} isn't a number", param, ctx)
        return number
