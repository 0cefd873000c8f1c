"""A process that cuts itself off: from the network, and from writing anywhere but into its own folder.

It makes namespaces of its own, which Linux lets every user do where it isn't forbidden. To try all of it and see what
fails: ``python confinement.py FOLDER``.

The runner loads it by its path, as ``stageconfinement``, for the stages that ask for it and for no other: ``ctypes``
takes longer to import than a small stage takes.

Standard library only, Python 3.8 and later.
"""

import errno
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Tuple

NEW_MOUNTS, NEW_USER, NEW_NETWORK = 0x20000, 0x10000000, 0x40000000  # linux/sched.h
READ_ONLY, REMOUNT, BIND, WITH_ALL_BELOW, PRIVATE = 1, 32, 4096, 16384, 1 << 18  # sys/mount.h
# A mount that is made read-only must keep these, or the kernel refuses it.
FLAGS = {
    "nosuid": 2,
    "nodev": 4,
    "noexec": 8,
    "noatime": 1024,
    "nodiratime": 2048,
    "relatime": 1 << 21,
    "nosymfollow": 256,
}
# Another mount hides the place, or its server is gone: nobody can write there.
UNREACHABLE = (errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.ENOTCONN, errno.ESTALE)
WITHOUT_FILES = {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "autofs", "binfmt_misc", "securityfs"}

SCRATCH = "scratch"  # in the attempt's folder; removed with its work folder
SHARED_MEMORY = b"/dev/shm"

# Where libraries write by themselves; a confined stage has such folders of its own.
OWN_CACHES = ("NUMBA_CACHE_DIR", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "CUDA_CACHE_PATH", "MPLCONFIGDIR")


def confine(network: bool, writable: "str | None") -> None:
    """Without ``network`` only this process's own loopback is left; ``writable`` is the one folder to write into, where
    writing is confined. Raises ``OSError`` where the system forbids it; the process must end then.
    """
    wanted = (0 if network else NEW_NETWORK) | (0 if writable is None else NEW_MOUNTS)
    _enter(NEW_USER | wanted)
    if not network:
        _raise_loopback()
    if writable is not None:
        _make_read_only(writable)
        _enter(NEW_USER | NEW_MOUNTS)  # in which the mounts of the first one can't be changed
        _move_caches(writable)


def _enter(namespaces: int) -> None:
    """New namespaces, with this user and group as they were."""
    user, group = os.geteuid(), os.getegid()
    if hasattr(os, "unshare"):
        os.unshare(namespaces)
    else:
        _call("unshare", namespaces)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _raise_loopback() -> None:
    """Libraries speak to their own processes over it."""
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 1, b""))  # SIOCSIFFLAGS, IFF_UP


def _make_read_only(writable: str) -> None:
    _call("mount", None, b"/", None, PRIVATE | WITH_ALL_BELOW, None)
    own = os.fsencode(os.path.realpath(writable))
    _call("mount", own, own, None, BIND, None)
    if os.path.isdir(SHARED_MEMORY):  # of its own, as for locks between processes
        _call("mount", b"tmpfs", SHARED_MEMORY, b"tmpfs", FLAGS["nosuid"] | FLAGS["nodev"], b"mode=1777")
    for place, flags, kind in list(_mounts()):
        if place in (own, SHARED_MEMORY) or place.startswith(own + b"/") or kind in WITHOUT_FILES:
            continue
        try:
            _call("mount", None, place, None, REMOUNT | BIND | READ_ONLY | flags, None)
        except OSError as error:
            if error.errno not in UNREACHABLE and os.access(place, os.W_OK):
                raise


def _mounts() -> "Iterator[Tuple[bytes, int, str]]":
    """The place, flags and file system of each mount (proc(5), mountinfo)."""
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            before, _, after = line.partition(b" - ")
            _, _, _, _, place, options = before.split()[:6]
            kind = after.split()[0].decode()
            names = options.decode().split(",")
            yield _unescaped(place), sum(FLAGS[name] for name in names if name in FLAGS), kind


def _unescaped(place: bytes) -> bytes:
    for code, character in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        place = place.replace(code, character)
    return place


def _move_caches(writable: str) -> None:
    """Temporary files, and what libraries keep by themselves, go where writing is possible."""
    scratch = os.path.join(writable, SCRATCH)
    for name, folder in (("TMPDIR", "tmp"), *((name, name.lower()) for name in OWN_CACHES if name in os.environ)):
        path = os.path.join(scratch, folder)
        os.makedirs(path, exist_ok=True)
        os.environ[name] = path


def _call(name: str, *arguments: "Any") -> None:
    """A function of the C library that returns 0 where all is well."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    function = getattr(library, name)
    given = [ctypes.c_ulong(each) if isinstance(each, int) and name == "mount" else each for each in arguments]
    if function(*given) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


if __name__ == "__main__":
    try:
        confine(False, sys.argv[1])
    except OSError as error:
        sys.exit(str(error.strerror or error))
