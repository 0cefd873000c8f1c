"""Where an environment has its programs, and whether a file system can share the content of copies (reflinks)."""

import os
from pathlib import Path

WINDOWS = os.name == "nt"
FICLONE = 0x40049409  # linux/fs.h
# Where conda has programs and DLLs on Windows; without these on PATH, its numpy finds no BLAS.
# https://docs.conda.io/projects/conda/en/stable/dev-guide/deep-dives/activation.html
CONDA_FOLDERS = ("", "Library/mingw-w64/bin", "Library/usr/bin", "Library/bin", "Scripts", "bin")


def scripts_folder(prefix: Path) -> Path:
    return prefix / ("Scripts" if WINDOWS else "bin")


def interpreter(prefix: Path, conda: bool = False) -> Path:
    """An environment's Python. On Windows, conda's isn't in its folder of scripts."""
    if WINDOWS:
        return prefix / "python.exe" if conda else scripts_folder(prefix) / "python.exe"
    return scripts_folder(prefix) / "python"


def program_folders(prefix: Path, conda: bool = False) -> list[Path]:
    """The folders that an environment puts on ``PATH``."""
    if conda and WINDOWS:
        return [prefix / folder for folder in CONDA_FOLDERS]
    return [scripts_folder(prefix)]


def executable(name: str) -> str:
    """A program's file name."""
    return f"{name}.exe" if WINDOWS else name


def clones(source: Path, target: Path) -> bool:
    """Whether a copy in the other folder can share its content with the original until one of them is changed.

    Tried only on Linux; elsewhere the answer is no, which costs disk space and nothing else.
    """
    try:
        import fcntl
        import tempfile

        with tempfile.TemporaryFile(dir=source) as original, tempfile.TemporaryFile(dir=target) as copy:
            original.write(b"x")
            original.flush()
            fcntl.ioctl(copy.fileno(), FICLONE, original.fileno())
            return True
    except (ImportError, OSError):
        return False
