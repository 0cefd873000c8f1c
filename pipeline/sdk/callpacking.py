"""Values made ready to travel in a call: JSON, with binary parts beside it, and never pickle.

What JSON has is sent as it is. All else is an object with the key ``$``, which names its kind:

========= ============================================================================
int       ``hex``: beyond 2**53, where programs in other languages would round it
float     ``text``: nan, inf or -inf
complex   ``real`` and ``imag``
bytes     ``data``
path      ``text``: a ``pathlib.Path``
tuple     ``items``; likewise ``set`` and ``frozenset``
dict      ``items``, each a key and a value: for keys that aren't text, or a key ``$``
record    ``name`` and ``fields``: a dataclass
array     ``data``, ``dtype``, ``shape`` and ``order``: of numpy; ``scalar`` where it is a scalar of numpy
table     ``data``: an Arrow table, as an IPC stream; likewise ``batch``, a record batch
========= ============================================================================

``data`` is ``{"part": i}``, the number of a binary part, or ``{"memory": number, "size": bytes}``, a file that both
sides have mapped.

``callunpacking`` makes values of what has come. The caller imports both as ``pipeline.sdk.callpacking`` and so on; the
runner loads them by their paths, as ``callpacking``.

Standard library only, Python 3.8 and later; numpy and pyarrow are used where the program has them. So are large
modules of the standard library: who has such a value has them, and a worker waits for none that nobody needs.
"""

import math
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    # As ``OwnMemory`` has them: room in shared memory for so many bytes, and an array that is copied there.
    Place = Callable[[int], Optional[Tuple[int, memoryview]]]
    Fill = Callable[[int, memoryview, Any, str], None]

EXACT = 2**53  # up to which every whole number is one in JavaScript, too
DEEPEST = 200  # containers in one another
SEQUENCES = {tuple: "tuple", set: "set", frozenset: "frozenset"}  # type: Dict[type, str]
KINDS_OF_NUMBERS = "biufcmMSUV"  # of numpy's types; not objects, which only pickle could send


class Unsendable(TypeError):
    """A value can't be sent; the message says which, and what to send instead."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place  # such as ``[3].charges``

    def within(self, step: str) -> "Unsendable":
        return type(self)(self.reason, step + self.place)

    def __str__(self) -> str:
        return "%s: %s" % (self.place, self.reason) if self.place else self.reason


class Packer:
    """Makes one message's values ready to be sent."""

    def __init__(self, place: "Place", fill: "Fill") -> None:
        self.parts = []  # type: List[Any]  # the message's binary parts
        self.placed = []  # type: List[int]  # files in shared memory, to be released where the message isn't sent
        self._place = place
        self._fill = fill

    def pack(self, value: "Any", depth: int = 0) -> "Any":  # noqa: PLR0911  # one for each kind of value
        """Raises ``Unsendable``, and ``OSError`` where there is no room in memory."""
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is float:
            return value if math.isfinite(value) else {"$": "float", "text": repr(value)}
        if kind is int:
            return value if -EXACT <= value <= EXACT else {"$": "int", "hex": hex(value)}
        if depth > DEEPEST:
            raise Unsendable("it is nested in more than %d others, or holds itself" % DEEPEST)
        if kind is list:
            return self._items(value, depth)
        if kind is dict:
            return self._mapping(value, depth)
        if kind in SEQUENCES:
            return {"$": SEQUENCES[kind], "items": self._items(value, depth)}
        return self._other(value, kind, depth)

    def _items(self, values: "Any", depth: int) -> "List[Any]":
        packed = []  # type: List[Any]
        try:
            for value in values:
                packed.append(self.pack(value, depth + 1))  # noqa: PERF401  # the place of an error is its length
        except Unsendable as error:
            raise error.within("[%d]" % len(packed)) from None
        return packed

    def _mapping(self, value: "Dict[Any, Any]", depth: int) -> "Any":
        is_plain = "$" not in value and all(type(key) is str for key in value)
        packed = []  # type: List[Tuple[Any, Any]]
        key = None
        try:
            for key, each in value.items():
                packed.append((key if is_plain else self.pack(key, depth + 1), self.pack(each, depth + 1)))
        except Unsendable as error:
            raise error.within("[%r]" % (key,)) from None
        return dict(packed) if is_plain else {"$": "dict", "items": packed}

    def _other(self, value: "Any", kind: type, depth: int) -> "Any":
        if isinstance(value, (bytes, bytearray)):
            return {"$": "bytes", "data": self._data(value)}
        if kind is complex:
            return {"$": "complex", "real": self.pack(value.real), "imag": self.pack(value.imag)}
        if _is_path(value):
            return {"$": "path", "text": os.fspath(value)}
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
            return self._array(numpy, value)
        if _is_record(value):
            return self._record(value, depth)
        pyarrow = sys.modules.get("pyarrow")
        if pyarrow is not None and isinstance(value, (pyarrow.Table, pyarrow.RecordBatch)):
            return self._table(pyarrow, value)
        raise Unsendable("a %s can't be sent%s" % (_name(kind), _advice(value)))

    def _record(self, value: "Any", depth: int) -> "Any":
        from dataclasses import fields as fields_of

        fields = {}
        for each in fields_of(value):
            try:
                fields[each.name] = self.pack(getattr(value, each.name), depth + 1)
            except Unsendable as error:
                raise error.within("." + each.name) from None
        return {"$": "record", "name": type(value).__name__, "fields": fields}

    def _array(self, numpy: "Any", value: "Any") -> "Any":
        is_scalar = isinstance(value, numpy.generic)
        if not is_scalar and type(value) not in {numpy.ndarray, numpy.memmap}:
            raise Unsendable(
                "a %s can't be sent without what makes it more than an array; send numpy.asarray of it"
                % _name(type(value))
            )
        array = numpy.asarray(value)
        packed = {"$": "array", "dtype": _packed_dtype(numpy, array.dtype), "shape": list(array.shape)}
        flags = array.flags
        packed["order"] = order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
        if is_scalar:
            packed["scalar"] = True
        placed = self._place(array.nbytes)
        if placed is None:
            packed["data"] = self._data(array.tobytes(order))
            return packed
        number, room = placed
        self._fill(number, room, array, order)
        self.placed.append(number)
        packed["data"] = {"memory": number, "size": array.nbytes}
        return packed

    def _table(self, pyarrow: "Any", value: "Any") -> "Any":
        from pyarrow import ipc

        sink = pyarrow.BufferOutputStream()
        with ipc.new_stream(sink, value.schema) as writer:
            writer.write(value)
        kind = "table" if isinstance(value, pyarrow.Table) else "batch"
        return {"$": kind, "data": self._data(memoryview(sink.getvalue()))}

    def _data(self, data: "Any") -> "Any":
        size = memoryview(data).nbytes
        placed = self._place(size)
        if placed is None:
            self.parts.append(data)
            return {"part": len(self.parts) - 1}
        number, room = placed
        self.placed.append(number)
        room[:] = memoryview(data).cast("B")
        return {"memory": number, "size": size}


def plain(value: "Any") -> "Any":  # noqa: PLR0911  # one for each kind of value
    """The value as JSON alone, for programs that only read: arrays become lists, paths text, bytes base64.

    Raises ``Unsendable``.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        value = value.tolist() if value.dtype.kind not in "mM" else numpy.datetime_as_string(value).tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    if _is_path(value):
        return os.fspath(value)
    if isinstance(value, (bytes, bytearray)):
        import base64

        return base64.b64encode(value).decode("ascii")
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if _is_record(value):
        from dataclasses import fields

        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    raise Unsendable("a %s can't be told as JSON%s" % (_name(type(value)), _advice(value)))


def _is_path(value: "Any") -> bool:
    pathlib = sys.modules.get("pathlib")
    return pathlib is not None and isinstance(value, pathlib.PurePath)


def _is_record(value: "Any") -> bool:
    dataclasses = sys.modules.get("dataclasses")
    return dataclasses is not None and dataclasses.is_dataclass(value) and not isinstance(value, type)


def _packed_dtype(numpy: "Any", dtype: "Any") -> "Any":
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return {"base": _packed_dtype(numpy, base), "shape": list(shape)}
    if dtype.names is not None:
        fields = [dtype.fields[name] for name in dtype.names]
        return {
            "names": list(dtype.names),
            "formats": [_packed_dtype(numpy, each[0]) for each in fields],
            "offsets": [each[1] for each in fields],
            "itemsize": dtype.itemsize,
            "aligned": dtype.isalignedstruct,
        }
    if dtype.kind not in KINDS_OF_NUMBERS or numpy.dtype(dtype.str) != dtype:
        raise Unsendable("an array of the type %s can't be sent; make it one of numbers, or a list, before" % (dtype,))
    return dtype.str


def _name(kind: type) -> str:
    return kind.__name__ if kind.__module__ == "builtins" else "%s.%s" % (kind.__module__, kind.__qualname__)


def _advice(value: "Any") -> str:
    """What to send instead."""
    for base in (dict, tuple, list, str, int, float, set):
        if isinstance(value, base):
            return "; send %s(...) of it" % base.__name__
    if hasattr(value, "isoformat"):
        return "; send its isoformat()"
    if hasattr(value, "__next__"):
        return "; send list(...) of it"
    return "; send JSON's values, bytes, paths, arrays of numpy, Arrow tables or dataclasses of them"
