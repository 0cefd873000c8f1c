"""The wheel, installed into an environment of its own, as a person has it who never saw the checkout."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline.envs import uv
from pipeline.envs.platform.layout import scripts_folder
from tests.conftest import REPOSITORY, Result


class InstalledTool:
    """Its commands, run in an empty home, from a temporary folder, with nothing of the checkout on any path."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = folder / "tool"
        left_out = {"PYTHONPATH", "VIRTUAL_ENV", "PIPELINE_ROOT"}
        beside_uv = [str(scripts_folder(self.environment)), str(uv.find().parent), "/usr/bin", "/bin"]
        self.variables = {name: value for name, value in variables.items() if name not in left_out} | {
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"],
            "PATH": os.pathsep.join(beside_uv),
        }
        (folder / "home").mkdir()

    def uv(self, *words: "str | Path") -> None:
        done = subprocess.run([uv.find(), *words], env=self.variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def give(self, folder: Path, *words: "str | Path", timeout: float = 120) -> Result:
        command: list[str | Path] = [scripts_folder(self.environment) / words[0], *words[1:]]
        done = subprocess.run(
            command, cwd=folder, env=self.variables, capture_output=True, text=True, timeout=timeout, check=False
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def place(self) -> Path:
        """Where the package is that the commands run."""
        python = scripts_folder(self.environment) / "python"
        code = "import pipeline, sys; print(pipeline.__file__, *sys.path, sep='\\n')"
        done = subprocess.run(
            [python, "-c", code], env=self.variables, cwd="/", capture_output=True, text=True, check=True
        )
        package, *path = done.stdout.splitlines()
        assert str(REPOSITORY) not in path
        return Path(package).parent


def wheel_in(folder: Path) -> Path:
    """The wheel of what git knows of the checkout as it is."""
    command: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
