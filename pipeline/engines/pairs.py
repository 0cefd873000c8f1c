"""Language pairs as a program lists those that it has, and what their dictionaries are."""

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import process
from pipeline.digests import sha256_of_file
from pipeline.envs.variables import without_python
from pipeline.media.languages import base

LIST_SECONDS = 30
NAMED = re.compile(r"/[^\s'\"|]+")  # the files that a pair's own file names

Pair = tuple[str, str]


@dataclass(frozen=True)
class Installed:
    """The pairs by the program's names for them, such as ``eng-spa``; ``data`` is where a pair's own file lies."""

    names: tuple[str, ...] = ()
    data: str = ""

    def sources(self, target: str) -> list[str]:
        return [one for one, other in map(codes, self.names) if other == base(target)]

    def digests(self, source: str, target: str) -> dict[str, str]:
        """Of each file that the pair's dictionaries are, from whichever language where none is named.

        Empty where they aren't known.

        A pair with a region counts, too: the program decides which one it takes. Costs some ten milliseconds.
        """
        if not self.data:
            return {}
        wanted = [
            each for each in self.names if codes(each)[1] == base(target) and base(source) in ("", codes(each)[0])
        ]
        own = [Path(self.data.format(pair=each)) for each in wanted]
        try:
            files = {Path(name) for file in own for name in NAMED.findall(file.read_text(encoding="utf-8"))}
            return {str(file): sha256_of_file(file) for file in sorted({*own, *files}) if file.is_file()}
        except (OSError, UnicodeDecodeError):
            return {}


def installed(command: Sequence[str], data: str = "") -> Installed:
    """What a command prints, such as ``eng-spa`` in each line; nothing where it isn't there or doesn't answer.

    ``data`` is the path of a pair's own file, below the folder that the program's ``bin`` is in.
    """
    program = shutil.which(command[0])
    if program is None:
        return Installed()
    try:
        done = process.run([program, *command[1:]], without_python(os.environ), LIST_SECONDS)
    except (process.TimedOut, OSError):
        return Installed()
    names = [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if "-" in line]
    prefix = Path(program).resolve().parent.parent
    return Installed(tuple(names), str(prefix / data) if data else "")


def codes(pair: str) -> Pair:
    """``eng-spa``, or ``spa-eng_US``, which is English all the same."""
    one, _, other = pair.partition("-")
    return base(one.partition("_")[0]), base(other.partition("_")[0])
