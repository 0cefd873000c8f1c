"""Who may change a project. Its files are code, so whoever writes them decides what runs on this machine.

A project that a person names is theirs to judge. One that is only found around the current folder may be anybody's: a
shared ``/tmp`` or a downloaded folder may lie above it. Git asks the same of a repository (``safe.directory``).
"""

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.project import MARKER, ProjectFolder
from pipeline.text import printable
from pipeline.values import Struct, replace

ROOT_USER = 0
WRITE, NAMED_USER, NAMED_GROUP = 2, 2, 8  # in an access list, as linux/posix_acl_xattr.h has it


class UntrustedProject(UsageError):
    """A project that was found, but not named, and that others can change."""


class Access(Struct, frozen=True):
    """Who owns a file, and who may write it."""

    path: str
    owner: int
    group: int
    mode: int
    listed: tuple[str, ...] = ()  # users and groups that an access list lets write

    @property
    def writers(self) -> str | None:
        """Who else than the owner may write it. ``None``: nobody else may."""
        if self.mode & stat.S_IWOTH:
            return "everybody"
        if self.listed:
            return self.listed[0]
        if self.mode & stat.S_IWGRP and not _is_private(self.group, self.owner):
            return f"the group {_group_name(self.group)}"
        return None


def require_trusted(project: ProjectFolder) -> None:
    """Raises ``UntrustedProject`` where somebody else than this user or root may change the project's files."""
    if not hasattr(os, "geteuid"):  # Windows has other rights, which these numbers don't tell of
        return
    trusted = {ROOT_USER, os.geteuid()}
    for access in _accesses(project):
        if access.owner not in trusted:
            raise _refusal(project, f"{_user_name(access.owner)} owns {printable(access.path)}")
        if writers := access.writers:
            raise _refusal(project, f"{writers} may write {printable(access.path)}")


def _refusal(project: ProjectFolder, reason: str) -> UntrustedProject:
    from shlex import quote

    return UntrustedProject(
        f"the project at {printable(str(project.root))}, which was found around the current folder, isn't used: "
        f"{reason}, and what stands there would run as you. If you trust it, name it",
        f"export PIPELINE_ROOT={quote(str(project.root))}",
    )


def _accesses(project: ProjectFolder) -> Iterator[Access]:
    """Of all that decides what runs: the project's folder, its settings, the files that people write, and what is built
    and kept: libraries keep code in the cache, and some models are programs. A group may share what is kept.
    """
    yield _access(project.root)
    yield _access(project.root / MARKER)
    written = (project.config, project.stages, project.requirements)
    builds = dict.fromkeys((project.environments, project.builds, project.builds / ".builds"))
    kept = dict.fromkeys((project.cache, project.cache / "home", project.models, project.model_store))
    yield from (_access(folder) for folder in (*written, *builds) if os.path.lexists(folder))
    yield from (_without_groups(_access(folder)) for folder in kept if os.path.lexists(folder))
    seen: set[str] = set()
    for folder in written:
        yield from _below(folder, seen)
    for folder in builds:
        yield from (_access(entry.path) for entry in _entries(folder) if entry.is_dir())


def _without_groups(access: Access) -> Access:
    return replace(access, mode=access.mode & ~stat.S_IWGRP, listed=())


def _below(folder: str | Path, seen: set[str]) -> Iterator[Access]:
    """Also of what links lead to; each folder once."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    for entry in _entries(folder):
        yield _access(entry.path)
        if entry.is_dir():
            yield from _below(entry.path, seen)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except OSError:  # it isn't there, or can't be read; then nothing in it can be used either
        return []


def _access(path: str | Path) -> Access:
    """Of what a link leads to; of the link itself where it leads nowhere."""
    try:
        status = os.stat(path)
    except OSError:
        status = os.lstat(path)
        return Access(str(path), status.st_uid, status.st_gid, 0)  # a link's own mode says nothing
    listed = _listed(path, status.st_uid) if status.st_mode & stat.S_IWGRP else ()
    return Access(str(path), status.st_uid, status.st_gid, status.st_mode, listed)


def _listed(path: str | Path, owner: int) -> tuple[str, ...]:
    """Whom else an access list lets write. With one, the mode's group bits are the most that it allows: acl(5)."""
    if not hasattr(os, "getxattr"):
        return ()
    try:
        data = os.getxattr(path, "system.posix_acl_access")
    except OSError:  # there is none
        return ()
    writers = [(tag, number) for tag, rights, number in struct.iter_unpack("<HHI", data[4:]) if rights & WRITE]
    users = [_user_name(number) for tag, number in writers if tag == NAMED_USER and number not in {owner, ROOT_USER}]
    return (*users, *(f"the group {_group_name(number)}" for tag, number in writers if tag == NAMED_GROUP))


def _is_private(group: int, owner: int) -> bool:
    """Whether a group is the owner's own, as many systems give one to each user, with a umask that lets it write."""
    import grp
    import pwd

    try:
        user, members = pwd.getpwuid(owner), grp.getgrgid(group)
    except KeyError:
        return False
    return user.pw_gid == group and user.pw_name == members.gr_name and not set(members.gr_mem) - {user.pw_name}


def _user_name(user: int) -> str:
    import pwd

    try:
        return f"{pwd.getpwuid(user).pw_name} (user {user})"
    except KeyError:
        return f"user {user}"


def _group_name(group: int) -> str:
    import grp

    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)
