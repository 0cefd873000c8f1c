"""A form with a file, read as it arrives: the file goes to the disk, and never into memory as a whole."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from speech_service.api_errors import BAD_REQUEST, TOO_LARGE, ApiError

FILE = "file"  # the field of the sound, in OpenAI's interface
MOST_FIELD_BYTES = 256 << 10  # of all fields but the file
MOST_PARTS = 64


@dataclass
class UploadedForm:
    """The fields by name, each with its values in order, and whether the file has come."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    has_file: bool = False
    file_bytes: int = 0


async def receive(
    chunks: AsyncIterator[bytes], content_type: str, target: Path, most_bytes: int, name: str = FILE
) -> UploadedForm:
    """Read a form; its file, in the field ``name``, is written to ``target``.

    Raises ``ApiError`` for what is no such form, is cut off, or is larger than ``most_bytes``; ``OSError`` where the
    file can't be written.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise ApiError(BAD_REQUEST, f"the request isn't multipart/form-data with a file in the field {name!r}", name)
    with target.open("wb") as file:
        reader = FormReader(file, most_bytes, name)
        parser = MultipartParser(options[b"boundary"], reader.callbacks())
        try:
            async for chunk in chunks:
                parser.write(chunk)
            parser.finalize()
        except FormParserError as error:
            raise ApiError(BAD_REQUEST, f"the form can't be read: {error}", name) from error
    if not reader.is_whole:
        raise ApiError(BAD_REQUEST, "the form ends before its last part does", name)
    if not reader.form.has_file or not reader.form.file_bytes:
        raise ApiError(BAD_REQUEST, f"the form has no sound: send a file in the field {name!r}", name)
    return reader.form


class FormReader:
    """Takes what the parser finds. Raises ``ApiError`` from within it where a bound is crossed."""

    def __init__(self, file: BinaryIO, most_bytes: int, file_name: str) -> None:
        self.form = UploadedForm()
        self.is_whole = False
        self._file = file
        self._file_name = file_name  # of its field
        self._most_bytes = most_bytes
        self._parts = self._field_bytes = 0
        self._header = [b"", b""]
        self._disposition = b""
        self._name = ""
        self._value = b""

    def callbacks(self) -> dict[str, object]:
        """By the parser's names."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add_to_header(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._add_to_header(1, data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": lambda data, start, end: self._add(memoryview(data)[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise ApiError(BAD_REQUEST, f"the form has more than {MOST_PARTS} parts")
        self._header, self._disposition, self._name, self._value = [b"", b""], b"", "", b""

    def _add_to_header(self, side: int, piece: bytes) -> None:
        self._header[side] += piece

    def _end_header(self) -> None:
        name, value = self._header
        if name.strip().lower() == b"content-disposition":
            self._disposition = value
        self._header = [b"", b""]

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == self._file_name:
            if self.form.has_file:
                raise ApiError(BAD_REQUEST, "the form has more than one file", self._file_name)
            self.form.has_file = True

    def _add(self, data: memoryview) -> None:
        if self._name != self._file_name:
            self._field_bytes += len(data)
            if self._field_bytes > MOST_FIELD_BYTES:
                raise ApiError(TOO_LARGE, f"the fields beside the file are larger than {MOST_FIELD_BYTES >> 10} KiB")
            self._value += data
            return
        self.form.file_bytes += len(data)
        if self.form.file_bytes > self._most_bytes:
            raise too_large(self._most_bytes)
        self._file.write(data)

    def _end(self) -> None:
        if self._name != self._file_name:
            self.form.fields.setdefault(self._name, []).append(self._value.decode("utf-8", "replace"))

    def _finish(self) -> None:
        self.is_whole = True


def too_large(most_bytes: int) -> ApiError:
    """The error for a file over the bound."""
    return ApiError(TOO_LARGE, f"the file is larger than {most_bytes >> 20} MiB, which this server takes at most", FILE)
