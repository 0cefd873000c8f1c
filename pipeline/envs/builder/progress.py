"""How far an installer has come, read from what it has said so far."""

import re

from pipeline.text import counted

DOWNLOADING = re.compile(r"^\s*Downloading (\S+) \(([^)]*)\)", re.MULTILINE)
DOWNLOADED = re.compile(r"^\s*Downloaded (\S+)", re.MULTILINE)
BUILDING = re.compile(r"^\s*Building (\S+)", re.MULTILINE)
BUILT = re.compile(r"^\s*Built (\S+)", re.MULTILINE)
RESOLVED = re.compile(r"^Resolved (\d+) package", re.MULTILINE)
INSTALLED = re.compile(r"^(Installed|Audited|Checked) \d+ package", re.MULTILINE)


def is_installed(said: str) -> bool:
    """Whether all packages are in their place, so that only bytecode is missing."""
    return INSTALLED.search(said) is not None


def has_begun(said: str) -> bool:
    """Whether there is more to tell than that it was started."""
    return RESOLVED.search(said) is not None


def stage(said: str, present: int) -> str:
    """What is being done now. ``present``: packages that are in the environment by now."""
    resolved = RESOLVED.search(said)
    total = counted(int(resolved.group(1)), "package") if resolved else "packages"
    if is_installed(said):
        return f"compiling {total}"
    return f"installing {present} of {total}" if present else _fetching(said, total)


def _fetching(said: str, total: str) -> str:
    sizes = dict(DOWNLOADING.findall(said))
    arrived = set(DOWNLOADED.findall(said))
    if under_way := [f"{name} ({size})" for name, size in sizes.items() if name not in arrived]:
        done = f", {len(arrived)} of {len(sizes)} large ones are here" if arrived else ""
        return f"downloading {', '.join(under_way)} of {total}{done}"
    made = set(BUILT.findall(said))
    if in_work := [name for name in BUILDING.findall(said) if name not in made]:
        return f"building {', '.join(in_work)} of {total}"
    return f"fetching {total}"
