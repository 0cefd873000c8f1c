"""Calculators of ASE whose models run in environments of their own.

``Calculator`` is the calculator for a program with ASE. It is imported when it is first asked for: the rest of the
package needs no ASE.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pipeline.ase.calculator import Calculator

__all__ = ["Calculator"]


def __getattr__(name: str) -> "Any":
    if name != "Calculator":
        raise AttributeError(f"module 'pipeline.ase' has no attribute {name!r}")
    from pipeline.ase.calculator import Calculator

    return Calculator
