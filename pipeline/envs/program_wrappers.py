"""Programs that only start another one: scripts that pass their arguments on, and shims such as those of pyenv or mise.

The program behind such a wrapper may be upgraded without a change of the wrapper's own file.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

LARGEST = 1 << 16  # bytes; a longer script is a program of its own
DEPTH = 5  # wrappers in a row
# Patterns are compiled where they are needed, since most runs have no wrapper. As shells write it: the folder of the
# script, and its own path.
OWN_FOLDER = r'\$\(\s*dirname\s+(?:--\s+)?"?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?"?\s*\)|\$\{0%/\*\}'
OWN_PATH = r"\$\{?0\}?(?![%#:/\w])"
COMMENT = r"(?m)^\s*#.*$"
PATHS = r"""["'](/[^"'`$\n]*)["']|(/[^\s"'`;|&()<>{}$]+)"""  # in quotes, and without
STARTED = r"""\bexec\s+(?:-[al]+\s+\S+\s+)?(?:env\s+)?(?:\w+=\S*\s+)*["']?([\w.+-]+)"""
PASSES_ON = r'"\$@"|"\$\{@\}"|\$\*|\bsys\.exit\(|\brunpy\b'  # its arguments, or all that it does


def is_wrapper(name: str, file: Path) -> bool:
    """Whether the program that has this name on PATH may be another one tomorrow, with the same file."""
    return name not in Path(os.path.realpath(file)).name or _script(file) is not None


def behind(file: Path, folders: Sequence[str]) -> tuple[Path, ...]:
    """The programs that a script names, and those that they name; none of what isn't a script.

    ``folders``: those of PATH, in which a program without a folder is looked for.
    """
    seen: dict[Path, None] = {}
    nearest = [file]
    for _ in range(DEPTH):
        nearest = [each for script in nearest for each in _named(script, folders) if each not in seen]
        seen.update(dict.fromkeys(nearest))
    return tuple(each for each in seen if each != file)


def is_opaque(name: str, file: Path, folders: Sequence[str]) -> bool:
    """Whether a wrapper starts a program that its text doesn't tell."""
    if not is_wrapper(name, file) or behind(file, folders):
        return False
    text = _script(file)
    return text is None or re.search(PASSES_ON, text) is not None


def _named(script: Path, folders: Sequence[str]) -> Iterator[Path]:
    text = _script(script)
    if text is None:
        return
    code = re.sub(COMMENT, "", text)
    code = re.sub(OWN_FOLDER, lambda _: str(script.parent), code)
    code = re.sub(OWN_PATH, lambda _: str(script), code)
    for quoted, bare in re.findall(PATHS, code):
        if _is_program(path := Path(quoted or bare), script):
            yield path
    for name in re.findall(STARTED, code):
        found = (Path(folder, name) for folder in folders)
        yield from [next((each for each in found if _is_program(each, script)), script)]


def _script(file: Path) -> str | None:
    """The text of a script that is short enough to be a wrapper; ``None`` for any other file."""
    try:
        with file.open("rb") as opened:
            start = opened.read(2)
            rest = opened.read(LARGEST) if start == b"#!" else b""
    except OSError:
        return None
    if start != b"#!" or len(rest) == LARGEST:
        return None
    return (start + rest).decode("utf-8", "replace")


def _is_program(path: Path, script: Path) -> bool:
    try:
        return path.is_file() and os.access(path, os.X_OK) and not path.samefile(script)
    except (OSError, ValueError):
        return False
