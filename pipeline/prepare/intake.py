"""Which files a person names, also by folders and patterns."""

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import InputError, UsageError
from pipeline.media.suffixes import MEDIA_SUFFIXES
from pipeline.text import natural_order, printable

UNFINISHED_ENDINGS = (".part", ".crdownload", ".download", ".tmp", ".swp", "~")
MOST = 100_000  # files of one command
OURS = (".subtitled.", ".burned.")  # in the names of movies that stages of this project make


IsWanted = Callable[[str], bool]  # whether a file of this name in a folder is an input


def named(words: Sequence[Path], recursive: bool, is_wanted: IsWanted) -> list[Path]:
    """The files themselves, the wanted files of folders, and the files that patterns match; each once, in order.

    Of a folder and a pattern, ``film 2`` comes before ``film 10``, also where the shell has filled in the pattern. The
    paths are absolute. Raises ``InputError`` for a folder without any, ``UsageError`` for a pattern that matches
    nothing.
    """
    files: dict[Path, None] = {}
    for word in _as_from_pattern(words):
        for path in _of(word, recursive, is_wanted):
            files.setdefault(Path(os.path.abspath(path)))
            if len(files) > MOST:
                raise UsageError(f"there are more than {MOST} files", "name folders that hold fewer")
    return list(files)


def _as_from_pattern(words: Sequence[Path]) -> Sequence[Path]:
    """A shell fills in a pattern in alphabetical order. Words in any other order stand as a person has chosen it."""
    names = [str(word) for word in words]
    is_alphabetical = any(names == sorted(names, key=key) for key in (str, str.casefold, _letters))
    return sorted(words, key=lambda word: natural_order(str(word))) if is_alphabetical else words


def _letters(name: str) -> str:
    """What shells compare first in most languages."""
    return "".join(filter(str.isalnum, name)).casefold()


def is_several(words: Sequence[Path]) -> bool:
    """Whether there may be more than one file, or none: then one that can't be prepared doesn't stop the others."""
    return len(words) != 1 or words[0].is_dir() or (not words[0].exists() and glob.has_magic(str(words[0])))


def _of(word: Path, recursive: bool, is_wanted: IsWanted) -> Iterator[Path]:
    if word.is_dir():
        files = list(in_folder(word, recursive, is_wanted))
        if not files:
            deeper = not recursive and next(in_folder(word, True, is_wanted), None) is not None
            shown, kind = printable(str(word)), "movie or recording" if is_wanted is is_media else "file"
            raise InputError(
                f"there is no {kind} in {shown}" + (", only in folders below it" if deeper else ""),
                "give --recursive to look there" if deeper else "name a file by itself if it has another ending",
            )
        yield from files
    elif not word.exists() and glob.has_magic(str(word)):
        matches = [Path(each) for each in sorted(glob.glob(str(word), recursive=True), key=natural_order)]  # noqa: PTH207  # any root
        files = [each for each in matches if each.is_file()]
        if not files:
            raise UsageError(
                f"no file matches {printable(str(word))}", "correct the pattern, or name a file or a folder"
            )
        yield from files
    else:
        yield word


def is_media(name: str) -> bool:
    return Path(name).suffix.lower() in MEDIA_SUFFIXES and not any(mark in name for mark in OURS)


def is_whole(name: str) -> bool:
    """Whether it isn't an unfinished download or an editor's copy, for workflows that take any file."""
    return not name.lower().endswith(UNFINISHED_ENDINGS)


def in_folder(folder: Path, recursive: bool, is_wanted: IsWanted) -> Iterator[Path]:
    """The wanted files in natural order of their names; hidden ones are left out.

    Raises ``InputError`` for a folder that can't be read.
    """
    folders = []
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: natural_order(entry.name))
    except OSError as error:
        raise InputError(f"the folder {printable(str(folder))} can't be read: {error.strerror}") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.path)
        elif entry.is_file() and is_wanted(entry.name):
            yield Path(entry.path)
    if recursive:
        for each in folders:
            yield from in_folder(Path(each), recursive, is_wanted)


def signature(path: Path) -> tuple[int, int] | None:
    """Size in bytes and time in ns, which change while a file is written; ``None`` where it is gone."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
