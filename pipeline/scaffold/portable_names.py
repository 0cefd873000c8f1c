"""Names that every system can have, so that a project which is begun here can be cloned anywhere."""

import os

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10))}
FORBIDDEN = '<>:"/\\|?*'
LONGEST = 255  # bytes, on most file systems


def problem(name: str) -> str | None:
    """Why a file or folder of this name can't be everywhere; ``None`` where it can."""
    checks = (
        (not name, "it is empty"),
        (any(not character.isprintable() for character in name), "it has a character that can't be shown"),
        (name.startswith(("-", "~")), f"a shell takes a name that begins with {name[:1]} for something else"),
        (any(each in FORBIDDEN for each in name), f"Windows allows none of {' '.join(FORBIDDEN)} in a name"),
        (name.endswith((".", " ")), "Windows takes away a point or a space at the end of a name"),
        (name.split(".", maxsplit=1)[0].strip().casefold() in RESERVED, "Windows keeps this name for a device"),
        (len(os.fsencode(name)) > LONGEST, f"it has more than {LONGEST} bytes"),
    )
    return next((reason for applies, reason in checks if applies), None)
