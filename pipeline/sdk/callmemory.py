"""Memory that a program and its worker share: files without a name, so that nothing can be left behind.

The sender of an array owns its memory. It makes a file (memfd_create(2)), maps it, and gives the other side its
descriptor with the message; both close the descriptor and keep the mapping. A file is used again when the other side
says that the last view of it is gone: fresh pages cost more than the copy.

The caller imports it as ``pipeline.sdk.callmemory``; the runner loads it by its path, as ``callmemory``.

Standard library only, Python 3.8 and later.
"""

import mmap
import os
import sys
from _weakref import ref  # ``weakref`` is Python code, which takes a worker a millisecond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

LEAST = 32 << 10  # bytes; what is smaller travels in the message
SPARE = 256 << 20  # bytes of files that nobody uses and that are kept; beyond it, only the one that was used last
MOST_NEW = 200  # files of one message
MOST_THREADS = 4  # that copy one array; some cores carry what memory can
PART = 24 << 20  # bytes, at least, for each thread: what is smaller is copied through the caches, and no faster by two
POPULATE = getattr(mmap, "MAP_POPULATE", 0x8000) if sys.platform == "linux" else 0


def can_share() -> bool:
    """Whether this interpreter can see when a view is gone: one may be built without ctypes."""
    try:
        import ctypes  # noqa: F401  # to see whether it is there
    except ImportError:
        return False
    return True


class OwnMemory:
    """The files of one side, which the other side reads."""

    def __init__(self) -> None:
        self._maps = {}  # type: Dict[int, mmap.mmap]
        self._free = []  # type: List[int]  # the one that was used last is the last
        self._new = []  # type: List[Tuple[int, int]]  # number and descriptor of files that the other side hasn't got
        self._dropped = []  # type: List[int]
        self._count = 0

    def place(self, size: int) -> "Optional[Tuple[int, memoryview]]":
        """Room for so many bytes: the file's number, and where to write. ``None`` where they have to travel inline.

        Raises ``OSError`` where the machine has no room.
        """
        if size < LEAST or len(self._new) >= MOST_NEW:
            return None
        number = self._fitting(size)
        if number is None:
            number = self._create(_rounded(size))
        return number, memoryview(self._maps[number])[:size]

    def fill(self, number: int, room: memoryview, array: "Any", order: str) -> None:
        """Copy an array of numpy to where it was given room."""
        numpy = sys.modules["numpy"]  # who has an array has it
        try:
            _copy(numpy.copyto, numpy.ndarray(array.shape, array.dtype, room, order=order), array)
        except BaseException:  # Ctrl-C: a thread may still write there
            self.drop(number)
            raise

    def news(self) -> "Tuple[Dict[str, Any], List[int]]":
        """For the next message: its ``memory`` field, and the descriptors of new files, to be closed afterwards."""
        if not self._new and not self._dropped:
            return {}, []
        new, self._new = self._new, []
        dropped, self._dropped = self._dropped, []
        field = {}  # type: Dict[str, Any]
        if new:
            field["new"] = [[number, len(self._maps[number])] for number, _ in new]
        if dropped:
            field["dropped"] = dropped
        return field, [descriptor for _, descriptor in new]

    def release(self, numbers: "List[int]") -> None:
        """The other side has no view of these any more."""
        self._free += [number for number in numbers if number in self._maps and number not in self._free]
        while len(self._free) > 1 and sum(len(self._maps[number]) for number in self._free) > SPARE:
            number = self._free.pop(0)
            del self._maps[number]
            self._dropped.append(number)

    def drop(self, number: int) -> None:
        """Never use a file again. What still has a view of it may write there: nobody reads that."""
        del self._maps[number]
        unsent = [descriptor for each, descriptor in self._new if each == number]
        self._new = [each for each in self._new if each[0] != number]
        for descriptor in unsent:
            os.close(descriptor)
        if not unsent:
            self._dropped.append(number)

    def close(self) -> None:
        for _, descriptor in self._new:
            os.close(descriptor)
        self._new, self._free = [], []
        self._maps.clear()

    def _fitting(self, size: int) -> "Optional[int]":
        fitting = [number for number in self._free if size <= len(self._maps[number]) <= 2 * size + LEAST]
        if not fitting:
            return None
        number = min(fitting, key=lambda each: len(self._maps[each]))
        self._free.remove(number)
        return number

    def _create(self, size: int) -> int:
        descriptor = nameless_file(size)
        try:
            mapped = mapping(descriptor, size)
        except BaseException:
            os.close(descriptor)
            raise
        self._count += 1
        self._maps[self._count] = mapped
        self._new.append((self._count, descriptor))
        return self._count


class OtherMemory:
    """The files of the other side, as this one sees them."""

    def __init__(self) -> None:
        self._maps = {}  # type: Dict[int, mmap.mmap]
        self._views = {}  # type: Dict[int, ref[Any]]
        self._gone = []  # type: List[int]

    def take(self, field: "Dict[str, Any]", descriptors: "List[int]") -> None:
        """What the other side's ``OwnMemory.news`` says. Closes the descriptors."""
        for number in field.get("dropped", ()):
            self._maps.pop(number, None)
        try:
            for (number, size), descriptor in zip(field.get("new", ()), descriptors):  # noqa: B905  # Python before 3.10 has no ``strict``
                self._maps[number] = mapping(descriptor, size)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def view(self, number: int, size: int) -> "Any":
        """The first bytes of a file, as an object with a buffer. The file is the sender's again when this object is
        gone, which all that is made of its buffer holds.

        A ``memoryview`` wouldn't do: what is made of one holds only the object behind it.
        """
        import ctypes

        view = (ctypes.c_ubyte * size).from_buffer(self._maps[number])
        gone = self._gone
        self._views[number] = ref(view, lambda _, number=number: gone.append(number))  # type: ignore[misc]
        return view

    def unused(self) -> "List[int]":
        """Files whose last view is gone since the last call."""
        if not self._gone:
            return []
        count = len(self._gone)
        numbers, self._gone[:count] = self._gone[:count], []
        return numbers

    def close(self) -> None:
        self._maps.clear()  # a mapping lives on while there are views of it


def nameless_file(size: int) -> int:
    """The descriptor of a file in memory that has no name. Raises ``OSError`` where there is no room for all of it."""
    descriptor = _open()
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)  # else a full memory would be a SIGBUS when it is written
        else:
            os.ftruncate(descriptor, size)
        _seal(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def mapping(descriptor: int, size: int) -> mmap.mmap:
    if not POPULATE:
        return mmap.mmap(descriptor, size)
    return mmap.mmap(descriptor, size, mmap.MAP_SHARED | POPULATE, mmap.PROT_READ | mmap.PROT_WRITE)


def _copy(copy: "Any", target: "Any", source: "Any") -> None:
    """From one array to another of the same shape, type and order. A large one is copied by several threads: alone, a
    core waits for memory more than it copies."""
    if target.flags.f_contiguous:
        target, source = target.T, source.T
    if source.flags.c_contiguous:
        target, source = target.reshape(-1), source.reshape(-1)
    count = min(MOST_THREADS, _usable_cores(), target.nbytes // PART, len(target) if target.ndim else 1)
    if count < 2:
        copy(target, source)
        return
    _copy_beside(copy, _parts(target, count), _parts(source, count))


def _parts(array: "Any", count: int) -> "List[Any]":
    """Along its first axis."""
    size = -(-len(array) // count)
    return [array[begin : begin + size] for begin in range(0, len(array), size)]


def _copy_beside(copy: "Any", targets: "List[Any]", sources: "List[Any]") -> None:
    """Each part in a thread of its own, and the first in this one.

    Locks that are held for a moment, as a pool of threads has them, would stay held where Ctrl-C comes just then.
    """
    from _thread import allocate_lock, start_new_thread

    errors = []  # type: List[BaseException]

    def run(target: "Any", source: "Any", end: "Any") -> None:
        try:
            copy(target, source)
        except BaseException as error:
            errors.append(error)
        finally:
            end.release()

    ends = []
    for target, source in list(zip(targets, sources))[1:]:  # noqa: B905  # Python before 3.10 has no ``strict``
        end = allocate_lock()
        end.acquire()
        try:
            start_new_thread(run, (target, source, end))
        except RuntimeError:  # the system gives no more threads, or this process is at its end
            copy(target, source)
        else:
            ends.append(end)
    copy(targets[0], sources[0])
    for end in ends:
        end.acquire()
    if errors:
        raise errors[0]


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _open() -> int:
    """A Python that was built for an old Linux has no ``memfd_create``; other systems have none either."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("pipeline-call", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    import tempfile

    if hasattr(os, "O_TMPFILE"):
        for folder in ("/dev/shm", tempfile.gettempdir()):  # noqa: S108  # the file gets no name there
            try:
                return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
            except OSError:
                continue
    descriptor, path = tempfile.mkstemp(prefix="pipeline-call-")
    os.unlink(path)
    return descriptor


def _seal(descriptor: int) -> None:
    """Nobody can make it shorter, which would end the other side with SIGBUS (memfd_create(2))."""
    if not hasattr(os, "memfd_create"):
        return
    import fcntl

    add_seals, seal, shrink, grow = 1033, 1, 2, 4  # fcntl's names for them came with Python 3.9
    fcntl.fcntl(descriptor, add_seals, seal | shrink | grow)


def _rounded(size: int) -> int:
    """Up to an eighth more, so that an array that is a little larger next time finds room."""
    step = max(1 << 16, 1 << max(0, size.bit_length() - 4))
    return -(-size // step) * step
