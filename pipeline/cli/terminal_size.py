"""What the shell says of a terminal's size, as rich reads it: it takes any digits for a number of columns or lines."""

import os
import re

SIZES = ("COLUMNS", "LINES")
FORM = r"[1-9][0-9]{0,4}"


def variables(is_terminal: bool = True) -> dict[str, str]:
    """The process's variables, without a size that is none. Where there is no terminal, without any: output that
    goes to a pipe has whole lines."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in SIZES or (is_terminal and re.fullmatch(FORM, value))
    }
