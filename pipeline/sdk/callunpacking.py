"""Values of what has come in a call. How each kind of value travels stands in ``callpacking``.

Standard library only, Python 3.8 and later; numpy and pyarrow are used where they are installed.
"""

from types import SimpleNamespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Sequence

    View = Callable[[int, int], Any]  # an object with a buffer: so many bytes of a file in shared memory


class UnknownValue(TypeError):
    """A value has come that can't be made here, since a library isn't installed or it is none of this protocol."""


class Record(SimpleNamespace):
    """A dataclass whose class isn't known here: its fields as attributes."""

    _name = "Record"

    def __repr__(self) -> str:
        fields = ", ".join("%s=%r" % each for each in vars(self).items() if each[0] != "_name")
        return "%s(%s)" % (self._name, fields)


class Unpacker:
    """Makes values of what has come."""

    def __init__(self, parts: "Sequence[memoryview]", view: "View", classes: "Sequence[type]" = ()) -> None:
        self._parts = parts
        self._view = view
        self._classes = classes  # dataclasses that are made again

    def unpack(self, value: "Any") -> "Any":
        """Raises ``UnknownValue``."""
        kind = type(value)
        if kind is list:
            return [self.unpack(each) for each in value]
        if kind is not dict:
            return value
        name = value.get("$")
        if name is None:
            return {key: self.unpack(each) for key, each in value.items()}
        make = _MAKERS.get(name)
        if make is None:
            raise UnknownValue("a value of the kind %r has come, which isn't known here" % (name,))
        return make(self, value)

    def _sequence(self, value: "Any") -> "Any":
        kind = {"tuple": tuple, "set": set, "frozenset": frozenset}[value["$"]]
        return kind(self.unpack(each) for each in value["items"])

    def _mapping(self, value: "Any") -> "Any":
        return {self.unpack(key): self.unpack(each) for key, each in value["items"]}

    def _complex(self, value: "Any") -> complex:
        return complex(self.unpack(value["real"]), self.unpack(value["imag"]))

    def _bytes(self, value: "Any") -> bytes:
        return bytes(self._data(value["data"]))

    def _path(self, value: "Any") -> "Any":
        from pathlib import Path

        return Path(value["text"])

    def _record(self, value: "Any") -> "Any":
        fields = {name: self.unpack(each) for name, each in value["fields"].items()}
        made = next((each for each in self._classes if each.__name__ == value["name"]), None)
        if made is None:
            record = Record(**fields)
            record._name = value["name"]  # noqa: SLF001  # for its repr; fields may have any other name
            return record
        return rebuilt(made, fields)

    def _array(self, value: "Any") -> "Any":
        try:
            import numpy
        except ImportError as error:
            raise UnknownValue("an array has come, and numpy isn't installed here") from error
        shape = tuple(value["shape"])
        dtype = _unpacked_dtype(numpy, value["dtype"])
        if 0 in shape:
            return numpy.empty(shape, dtype, order=value["order"])
        data = self._data(value["data"])  # type: Any
        if "part" in value["data"]:
            data = bytearray(data)  # aligned, and the message is let go of
        array = numpy.ndarray(shape, dtype, data, order=value["order"])
        return array[()] if value.get("scalar") else array

    def _table(self, value: "Any") -> "Any":
        try:
            import pyarrow
            from pyarrow import ipc
        except ImportError as error:
            raise UnknownValue("an Arrow table has come, and pyarrow isn't installed here") from error
        stream = ipc.open_stream(pyarrow.py_buffer(self._data(value["data"])))
        return stream.read_all() if value["$"] == "table" else stream.read_next_batch()

    def _data(self, place: "Dict[str, int]") -> "Any":
        return self._parts[place["part"]] if "part" in place else self._view(place["memory"], place["size"])


_MAKERS = {
    "int": lambda _, value: int(value["hex"], 16),
    "float": lambda _, value: float(value["text"]),
    "complex": Unpacker._complex,  # noqa: SLF001  # its own
    "bytes": Unpacker._bytes,  # noqa: SLF001
    "path": Unpacker._path,  # noqa: SLF001
    "tuple": Unpacker._sequence,  # noqa: SLF001
    "set": Unpacker._sequence,  # noqa: SLF001
    "frozenset": Unpacker._sequence,  # noqa: SLF001
    "dict": Unpacker._mapping,  # noqa: SLF001
    "record": Unpacker._record,  # noqa: SLF001
    "array": Unpacker._array,  # noqa: SLF001
    "table": Unpacker._table,  # noqa: SLF001
    "batch": Unpacker._table,  # noqa: SLF001
}  # type: Dict[str, Callable[[Unpacker, Any], Any]]


def rebuilt(kind: type, fields: "Dict[str, Any]") -> "Any":
    """A dataclass of these fields, by its own ``__init__`` where that takes them."""
    from dataclasses import fields as fields_of

    taken = {each.name for each in fields_of(kind) if each.init}
    return kind(**{name: value for name, value in fields.items() if name in taken})


def _unpacked_dtype(numpy: "Any", packed: "Any") -> "Any":
    if isinstance(packed, str):
        return numpy.dtype(packed)
    if "base" in packed:
        return numpy.dtype((_unpacked_dtype(numpy, packed["base"]), tuple(packed["shape"])))
    layout = {name: packed[name] for name in ("names", "offsets", "itemsize")}
    layout["formats"] = [_unpacked_dtype(numpy, each) for each in packed["formats"]]
    return numpy.dtype(layout, align=packed["aligned"])
