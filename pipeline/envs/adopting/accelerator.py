"""Whether an environment's torch was built for the wanted accelerator, by the word it has about itself.

Nothing is started, and no driver is asked: that a card can be used shows only when a stage uses it.
"""

import re
from collections.abc import Iterable
from pathlib import Path

GPU = re.compile(r"(?P<kind>cu|rocm)[0-9]")
BUILT_FOR = {"cu": "cuda", "rocm": "hip"}  # what torch/version.py calls them


def fault(variant: str, folders: Iterable[str]) -> str | None:
    """``variant`` as in a definition, such as cu128. An environment without torch has no fault that we can see."""
    wanted = GPU.match(variant)
    said = next(filter(None, map(_version_file, folders)), None)
    if wanted is None or said is None or _is_built_for(BUILT_FOR[wanted["kind"]], said):
        return None
    return f"its torch isn't built for {variant}"


def _is_built_for(what: str, said: str) -> bool:
    """A line such as ``cuda: Optional[str] = '12.8'``, with ``None`` in a build for another accelerator."""
    return re.search(rf"^{what}\b[^=\n]*=\s*['\"]", said, re.MULTILINE) is not None


def _version_file(folder: str) -> str | None:
    try:
        return Path(folder, "torch", "version.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
