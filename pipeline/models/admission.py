"""Which files may become a model: none that runs code when it is loaded, and none of another family.

A model's entry may allow code. Whoever does that trusts its makers as those of a program.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.config.models import ModelSpec
from pipeline.errors import NotReady
from pipeline.models import families, loaded_code

WITH_CODE = "pytorch_model*.bin"
WITHOUT_CODE = "*.safetensors"


@dataclass(frozen=True)
class Admission:
    """What a model's entry wants of its files."""

    name: str
    task: str = ""  # empty: any
    allows_code: bool = False
    remedy: str = ""  # what allows code, as a command or an act

    def require_beginnings(self, beginnings: Mapping[str, bytes]) -> None:
        """Before anything large is fetched. Raises ``NotReady``."""
        reasons = {file: loaded_code.reason_at_beginning(begin, file) for file, begin in beginnings.items()}
        self._require(reasons, beginnings)

    def require_files(self, folder: Path, files: Sequence[str]) -> None:
        """Raises ``NotReady``, and ``OSError`` where a file can't be read."""
        reasons = {} if self.allows_code else {file: loaded_code.reason(folder / file, file) for file in files}
        self._require(reasons, {file: _beginning(folder / file) for file in files if file in families.TELLING})

    def _require(self, reasons: Mapping[str, str | None], beginnings: Mapping[str, bytes]) -> None:
        if contradiction := families.contradiction(beginnings, self.task):
            raise NotReady(f"model '{self.name}' is refused: {contradiction}", "name a model of that kind")
        found = [f"{file} {reason}" for file, reason in reasons.items() if reason]
        if found and not self.allows_code:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise NotReady(
                f"model '{self.name}' is refused: {found[0]}{more}. Loading it runs code of whoever made it",
                self.remedy,
            )


def of(spec: ModelSpec) -> Admission:
    """What its entry says. An entry with languages and without a task is one for recognition."""
    task = spec.task or (families.RECOGNITION if spec.languages else "")
    remedy = (
        "take a repository with safetensors, ONNX or CTranslate2 files; or, where you trust its makers as you trust"
        f" those of a program, write 'allow_code: true' into the entry of {spec.name} in config/models.yaml"
    )
    return Admission(spec.name, task, spec.allows_code, remedy)


def without_twins(files: Sequence[str]) -> list[str]:
    """The files without pickles of weights that stand beside the same weights as safetensors."""
    safe = {PurePosixPath(file).parent for file in files if fnmatchcase(file, WITHOUT_CODE)}
    return [file for file in files if not (_has_pickled_weights(file) and PurePosixPath(file).parent in safe)]


def _has_pickled_weights(file: str) -> bool:
    name = PurePosixPath(file).name
    return fnmatchcase(name, WITH_CODE) or fnmatchcase(name, f"{WITH_CODE}.index.json")


def _beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(loaded_code.MUCH)
