"""Whether a console script of an environment can be started, and by the environment's own interpreter."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pipeline import process

# Imported by the interpreter before it begins with the script, which may do anything and so isn't run.
_ENDS_BEFORE = """\
import os, sys
os.write(1, os.fsencode(sys.prefix))
os._exit(0)
"""


def problem(script: Path, prefix: Path, variables: Mapping[str, str], seconds: float) -> str | None:
    """Why the script can't be started; ``None`` where it can.

    Raises ``process.TimedOut``, and ``OSError`` where a temporary folder can't be made.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-") as folder:
        Path(folder, "sitecustomize.py").write_text(_ENDS_BEFORE, encoding="utf-8")
        try:
            done = process.run([script], {**variables, "PYTHONPATH": folder}, seconds)
        except OSError as error:
            return f"{script} can't be started: {error.strerror}"
    if done.returncode:
        lines = done.error_text.splitlines() or [f"exit code {done.returncode}"]
        return f"{script} can't be started: {lines[-1]}"
    if done.stdout != os.fsencode(prefix):
        return f"{script} starts an interpreter of {os.fsdecode(done.stdout) or 'another environment'}"
    return None
