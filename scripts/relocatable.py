"""Make a virtual environment of this project work wherever the project is moved, renamed or copied to.

Run by that environment's own interpreter, with the project's folder as its argument. Installers write the folder's path
into what they install: into the first line of each command, and into the file that leads to the project's code. A copy
of the project would run the code of the first one, and a renamed one could run nothing.
"""

import os
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

NAME = "pipeline"

# A shell finds the interpreter beside the command (or beside what a link to it leads to); to Python, its lines are a
# text that nothing uses.
COMMAND = """\
#!/bin/sh
''':'
if [ -L "$0" ]; then set -- "$(realpath -- "$0")" "$@"; else set -- "$0" "$@"; fi
exec "${{1%/*}}/python" "$@"
'''
import sys
from {module} import {function}
if __name__ == "__main__":
    sys.exit({function}())
"""


def main(project: Path) -> None:
    packages, commands = Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("scripts"))
    for file in distribution(NAME).files or ():  # hatchling's is _pipeline.pth
        if file.suffix == ".pth":
            Path(file.locate()).unlink(missing_ok=True)
    (packages / f"{NAME}.pth").write_text(os.path.relpath(project, packages) + "\n", encoding="utf-8")
    for entry in distribution(NAME).entry_points:
        if entry.group == "console_scripts":
            command = commands / entry.name
            command.write_text(COMMAND.format(module=entry.module, function=entry.attr), encoding="utf-8")
            command.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
