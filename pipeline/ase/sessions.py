"""A session in a calculator's environment."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.ase.files import calculator_file
from pipeline.ase.remote import HOST
from pipeline.calls.environment import environment
from pipeline.digests import sha256_of_bytes
from pipeline.project import ProjectFolder

if TYPE_CHECKING:
    from pipeline.calls.session import CallSession

START_SECONDS = 600.0  # a large model on a slow disk takes minutes


def calculation(  # a calculator, and how long it may take
    project: ProjectFolder,
    name: str,
    model: str | None,
    device: str,
    options: Mapping[str, Any] | None = None,
    **session: Any,
) -> "CallSession":
    """With the methods of ``remote/calculation.py:Calculation``. ``session``: options of ``CallEnvironment.open``.

    Raises ``UsageError`` where there is no such calculator.
    """
    file = calculator_file(project, name)
    digest = sha256_of_bytes(file.read_bytes())
    seconds = {"start_timeout": START_SECONDS, **session}
    return environment(name, project.root).open(
        HOST, "Calculation", str(file), digest, model, device, dict(options or {}), **seconds
    )
