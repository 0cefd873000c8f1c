"""The environment variables of a stage: a pure function from what there is to what it gets."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.envs.platform import scripts_folder

REMOVED = {
    "PYTHONPATH": "would put foreign packages before the environment's own",
    "PYTHONHOME": "would replace the standard library",
    "PYTHONSTARTUP": "belongs to a person's interactive sessions",
    "PYTHONUSERBASE": "would add a user's packages",
    "PYTHONPLATLIBDIR": "would move the library folder",
    "PYTHONEXECUTABLE": "would make the interpreter take another prefix",
    "__PYVENV_LAUNCHER__": "makes a macOS interpreter believe that it is another environment's",
    "VIRTUAL_ENV_PROMPT": "names the environment that the person has activated, not this one",
    "CONDA_PREFIX": "sends libraries and tools to an active conda environment",
    "CONDA_DEFAULT_ENV": "names an active conda environment",
    "LD_PRELOAD": "would load a foreign library into every stage",
}


def without_python(base: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables less those that steer an interpreter, for tools such as uv."""
    kept = {name: value for name, value in base.items() if name not in REMOVED and name != "VIRTUAL_ENV"}
    kept["PYTHONNOUSERSITE"] = "1"  # packages in a home folder are in nobody's lock
    return kept


def stage_variables(prefix: Path, base: Mapping[str, str], tools: Iterable[Path] = ()) -> dict[str, str]:
    """What a process in the environment at ``prefix`` sees; ``tools`` are folders of programs it needs.

    The person's own active environment leaves ``PATH``: a program that is only there isn't locked for the stage.
    """
    active = [scripts_folder(Path(base["VIRTUAL_ENV"]))] if base.get("VIRTUAL_ENV") else []
    path = [entry for entry in base.get("PATH", os.defpath).split(os.pathsep) if entry and Path(entry) not in active]
    return {
        **without_python(base),
        "VIRTUAL_ENV": str(prefix),
        "PATH": os.pathsep.join([str(scripts_folder(prefix)), *map(str, tools), *path]),
        "PYTHONDONTWRITEBYTECODE": "1",  # what was locked and verified stays as it is
    }
