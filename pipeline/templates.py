"""Pages from templates: everything that is filled in is escaped, and a name that isn't there is an error."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.sizes import show_size
from pipeline.text import printable

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def environment(folder: Path) -> "Environment":
    """The templates of a folder."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Callable[..., Any]] = {
        "seconds": shown_seconds,
        "size": show_size,
        "printable": printable,
        "short": _short,
    }
    made.filters.update(filters)
    return made


def shown_seconds(seconds: float) -> str:
    """A duration as people read it: ``4 ms``, ``2.5 s``, ``3:05 min``, ``1:02:03 h``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d} h"


def _short(digest: str) -> str:
    """The first digits of a digest, for a person: without the name of its kind."""
    return digest.rpartition(":")[2][:12]
