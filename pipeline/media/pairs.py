"""Language pairs as a program lists those that it has."""

import os
import shutil
from collections.abc import Sequence

from pipeline import process
from pipeline.envs.variables import without_python
from pipeline.media.languages import base

LIST_SECONDS = 30

Pair = tuple[str, str]


def installed(command: Sequence[str]) -> list[Pair]:
    """What a command prints, such as ``eng-spa`` in each line; nothing where it isn't there or doesn't answer."""
    program = shutil.which(command[0])
    if program is None:
        return []
    try:
        done = process.run([program, *command[1:]], without_python(os.environ), LIST_SECONDS)
    except (process.TimedOut, OSError):
        return []
    return [codes(line.strip()) for line in done.stdout.decode("utf-8", "replace").splitlines() if "-" in line]


def codes(pair: str) -> Pair:
    """``eng-spa``, or ``spa-eng_US``, which is English all the same."""
    one, _, other = pair.partition("-")
    return base(one.partition("_")[0]), base(other.partition("_")[0])
