"""A process that cuts itself off: from the network, and from writing anywhere but into its own folder.

It makes namespaces of its own, which Linux lets every user do where it isn't forbidden. To try all of it and see what
fails: ``python confinement.py FOLDER``, or ``python confinement.py --protect FILE``.

The runner loads it by its path, as ``stageconfinement``, for the stages that ask for it and for no other: ``ctypes``
takes longer to import than a small stage takes.

Standard library only, Python 3.8 and later.
"""

import contextlib
import errno
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Tuple

NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_NETWORK = 0x20000, 0x8000000, 0x10000000, 0x40000000  # linux/sched.h
READ_ONLY, REMOUNT, BIND, MOVE, WITH_ALL_BELOW, PRIVATE = 1, 32, 4096, 8192, 16384, 1 << 18  # sys/mount.h
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
WITHOUT_FILES = {"proc", "devpts", "mqueue", "autofs"}
# By these root changes how the kernel works, whatever is mounted read-only.
KERNEL = (b"/proc/sys", b"/proc/sysrq-trigger", b"/proc/irq", b"/proc/bus", b"/proc/fs", b"/proc/acpi", b"/proc/scsi")
DEVICES = "/dev"
GPUS = ("nvidia", "nvhost", "nvmap", "dri", "kfd", "accel", "dxg", "davinci", "mali")  # begin the names of devices

PROTECT = "--protect"
SCRATCH = "scratch"  # in the attempt's folder; removed with its work folder
SHARED_MEMORY = b"/dev/shm"

# Where libraries write by themselves; a confined stage has such folders of its own.
OWN_CACHES = ("NUMBA_CACHE_DIR", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "CUDA_CACHE_PATH", "MPLCONFIGDIR")


def confine(network: bool, writable: "str | None") -> None:
    """Without ``network`` only this process's own loopback is left; ``writable`` is the one folder to write into, where
    writing is confined. Raises ``OSError`` where the system forbids it; the process must end then.
    """
    _enter(NEW_USER | NEW_MOUNTS | (0 if network else NEW_NETWORK) | (0 if writable is None else NEW_IPC))
    _call("mount", None, b"/", None, PRIVATE | WITH_ALL_BELOW, None)
    if not network:
        _raise_loopback()
    _hide_workers()
    if writable is not None:
        _replace_devices(writable)
        _make_read_only(writable)
    _enter(NEW_USER | NEW_MOUNTS)  # in which the mounts of the first one can't be changed
    if writable is not None:
        _move_caches(writable)
    if not network:
        _refuse_other_sockets()
    if os.geteuid() != 0:
        _drop_capabilities()


def protect(file: str) -> None:
    """Let neither this process nor its children write to a file, or change its mode, whatever name they have for it.

    A user's process gets a user namespace for that. Root doesn't, where it may do without: in one, it couldn't read
    the files of others. Raises ``OSError`` where the system forbids it.
    """
    is_user = os.geteuid() != 0
    place = os.fsencode(os.path.realpath(file))
    if is_user:
        _enter(NEW_USER | NEW_MOUNTS)
    else:
        _unshare(NEW_MOUNTS)
    _call("mount", None, b"/", None, PRIVATE | WITH_ALL_BELOW, None)
    _call("mount", place, place, None, BIND, None)
    flags = [flags for mounted, flags, _ in _mounts() if mounted == place][-1]
    _call("mount", None, place, None, REMOUNT | BIND | READ_ONLY | flags, None)
    if is_user:
        _drop_capabilities()


def _drop_capabilities() -> None:
    """In its own user namespace a process may do what root may, such as write to its user's read-only files."""
    import ctypes

    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # linux/capability.h: version 3, this process
    _call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def _enter(namespaces: int) -> None:
    """New namespaces, with this user and group as they were."""
    user, group = os.geteuid(), os.getegid()
    _unshare(namespaces)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _unshare(namespaces: int) -> None:
    if hasattr(os, "unshare"):
        os.unshare(namespaces)
    else:
        _call("unshare", namespaces)


def _raise_loopback() -> None:
    """Libraries speak to their own processes over it."""
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 1, b""))  # SIOCSIFFLAGS, IFF_UP


def _hide_workers() -> None:
    """This user's workers, which aren't confined, would run any stage for whoever reaches their sockets."""
    user, usual = os.getuid(), "/tmp"  # noqa: S108  # nothing is put there
    runtime, temporary = os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("TMPDIR") or usual
    name = "pipeline-%d" % user
    used = os.path.join(runtime, "pipeline") if runtime else os.path.join(temporary, name)
    with contextlib.suppress(OSError):
        os.mkdir(used, 0o700)  # a worker that is started later has its socket there
    others = ("/run/user/%d/pipeline" % user, os.path.join(temporary, name), os.path.join(usual, name))
    for folder in sorted({os.path.realpath(each) for each in (used, *others)}):
        if os.path.isdir(folder):
            _call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", READ_ONLY, b"mode=0700")


def _replace_devices(writable: str) -> None:
    """Only those are left that everybody may write, and GPUs. A disk can be written by its device, too."""
    place = os.path.join(writable, SCRATCH, "dev")
    os.makedirs(place, exist_ok=True)
    _call("mount", b"tmpfs", os.fsencode(place), b"tmpfs", FLAGS["nosuid"] | FLAGS["noexec"], b"mode=0755")
    _bind_devices(DEVICES, place, False)
    for name in ("shm", "pts"):
        os.mkdir(os.path.join(place, name))
    os.symlink("pts/ptmx", os.path.join(place, "ptmx"))
    with contextlib.suppress(OSError):  # without it, there are no terminals
        options = b"newinstance,ptmxmode=0666,mode=0600"
        _call("mount", b"devpts", os.fsencode(os.path.join(place, "pts")), b"devpts", FLAGS["nosuid"], options)
    _call("mount", os.fsencode(place), os.fsencode(DEVICES), None, MOVE, None)


def _bind_devices(folder: str, place: str, everything: bool) -> None:
    """Put the devices of a folder into another one; not ``everything`` that is there, but what a program needs."""
    for entry in os.scandir(folder):
        target = os.path.join(place, entry.name)
        is_gpu = entry.name.startswith(GPUS)
        status = entry.stat(follow_symlinks=False)
        if entry.name == "ptmx":
            continue  # there is a new one
        if stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(entry.path), target)
        elif stat.S_ISDIR(status.st_mode) and (everything or is_gpu):
            os.mkdir(target)
            _bind_devices(entry.path, target, True)
        elif stat.S_ISCHR(status.st_mode) and (everything or is_gpu or status.st_mode & stat.S_IWOTH):
            open(target, "x").close()
            with contextlib.suppress(OSError):  # then that device isn't there
                _call("mount", os.fsencode(entry.path), os.fsencode(target), None, BIND, None)


def _make_read_only(writable: str) -> None:
    own = os.fsencode(os.path.realpath(writable))
    _call("mount", own, own, None, BIND, None)
    if os.path.isdir(SHARED_MEMORY):  # of its own, as for locks between processes
        _call("mount", b"tmpfs", SHARED_MEMORY, b"tmpfs", FLAGS["nosuid"] | FLAGS["nodev"], b"mode=1777")
    for place in KERNEL:
        if os.path.exists(place):
            _call("mount", place, place, None, BIND, None)
    for place, flags, kind in list(_mounts()):
        if place in (own, SHARED_MEMORY) or place.startswith(own + b"/"):
            continue
        if kind in WITHOUT_FILES and place not in KERNEL:
            continue
        without_devices = 0 if (place + b"/").startswith(b"/dev/") else FLAGS["nodev"]
        try:
            _call("mount", None, place, None, REMOUNT | BIND | READ_ONLY | flags | without_devices, None)
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


def _refuse_other_sockets() -> None:
    """No sockets but the usual ones: others, such as those to a virtual machine's host, leave a network of one's own.

    Where the kernel has no such filter, or we don't know its numbers, it stays without.
    """
    import ctypes

    program = _socket_filter(os.uname().machine)
    if program is None or sys.byteorder != "little":
        return
    buffer = ctypes.create_string_buffer(program)
    pointer = ctypes.c_void_p(ctypes.addressof(buffer))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    with contextlib.suppress(OSError):
        _call("prctl", 22, 2, ctypes.byref(Program(len(program) // 8, pointer)), 0, 0)  # PR_SET_SECCOMP, its filter


def _socket_filter(machine: str) -> "bytes | None":
    """For ``seccomp(2)``: each instruction is a code, how far to jump where it is true and where not, and a value."""
    import struct

    numbers = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # audit.h, and socket(2)
    if machine not in numbers:
        return None
    architecture, socket = numbers[machine]
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    allowed, refused = 0x7FFF0000, 0x50000
    families = (1, 2, 10, 16)  # in the file system, IPv4, IPv6, netlink
    last = len(families)
    program = [
        (load, 0, 0, 4),  # the architecture
        (equal, 0, last + 7, architecture),
        (load, 0, 0, 0),  # the system call
        (at_least, last + 5, 0, 0x40000000),  # in another form
        (equal, last + 4, 0, 425),  # io_uring makes sockets, too
        (equal, 0, last + 2, socket),
        (load, 0, 0, 16),  # the family
        *((equal, last - place, 0, family) for place, family in enumerate(families)),
        (end, 0, 0, refused | errno.EAFNOSUPPORT),
        (end, 0, 0, allowed),
        (end, 0, 0, refused | errno.ENOSYS),
    ]
    return b"".join(struct.pack("=HBBI", *each) for each in program)


def _call(name: str, *arguments: "Any") -> None:
    """A function of the C library that returns 0 where all is well."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    function = getattr(library, name)
    given = [ctypes.c_ulong(each) if isinstance(each, int) and name != "unshare" else each for each in arguments]
    if function(*given) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


if __name__ == "__main__":
    try:
        if sys.argv[1] == PROTECT:
            protect(sys.argv[2])
        else:
            confine(False, sys.argv[1])
    except OSError as error:
        sys.exit(str(error.strerror or error))
