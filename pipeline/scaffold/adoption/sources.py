"""Which reader a file or a folder is for."""

from pathlib import Path

from pipeline.errors import UsageError
from pipeline.scaffold.adoption import requirement_folders, snakemake_project
from pipeline.scaffold.adoption.values import AdoptedProject
from pipeline.text import printable

SNAKEFILES = ("Snakefile", "workflow/Snakefile")  # where Snakemake itself looks for one


def adopted(source: Path) -> AdoptedProject:
    """What can be taken over from a Snakefile, or from folders with requirements. Writes nothing, and runs nothing.

    Raises ``UsageError`` for a path that is neither, and where nothing of it can be taken over, and
    ``ConfigurationError`` for a file that can't be read.
    """
    found = _read(source)
    if not found.files:
        listed = "\n".join(f"  {printable(str(each))}" for each in found.left_out)
        raise UsageError(
            f"nothing of {printable(str(source))} can be taken over\n{listed}", "pipeline init FOLDER --bare"
        )
    return found


def _read(source: Path) -> AdoptedProject:
    shown = printable(str(source))
    if source.is_dir():
        for name in SNAKEFILES:
            if (source / name).is_file():
                return snakemake_project.adopted(source / name, name)
        return requirement_folders.adopted(source)
    if not source.exists():
        raise UsageError(f"there is no file {shown}", "pipeline init --help")
    if source.name == requirement_folders.FILE:
        return requirement_folders.of_files([source], source.parent)
    if source.name == "Snakefile" or source.suffix == ".smk":
        return snakemake_project.adopted(source, source.name)
    what = f"neither a Snakefile nor a {requirement_folders.FILE}, nor a folder with them"
    raise UsageError(f"{shown} is {what}", "pipeline init --help")
