"""Text from bytes in an unknown encoding: by its byte order mark, as UTF-8, else by what reads like a language.

charset-normalizer (of the common environment) does the last: requests relies on it, it has releases every few months,
and no dependencies; chardet needs longer texts, and cchardet isn't maintained. It chooses among the encodings that
subtitles were written in, or if the language is known, among those of the language: otherwise a short Polish text reads
as well in the western code page.
"""

import codecs
import contextlib
from collections.abc import Mapping, Sequence

from subtitling.style_profiles import base_of

MARKS = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN, CENTRAL, CYRILLIC = (
    ("cp1252", "iso8859_15"),
    ("cp1250", "iso8859_2"),
    ("cp1251", "koi8_r", "iso8859_5", "cp866"),
)
OF_LANGUAGES: Mapping[Sequence[str], Sequence[str]] = {
    ("ru", "uk", "be", "bg", "sr", "mk"): (*CYRILLIC, "koi8_u"),
    ("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq"): CENTRAL,
    ("el",): ("cp1253", "iso8859_7"),
    ("tr", "az"): ("cp1254", "iso8859_9"),
    ("he", "iw", "yi"): ("cp1255",),
    ("ar", "fa", "ur"): ("cp1256", "iso8859_6"),
    ("et", "lv", "lt"): ("cp1257",),
    ("vi",): ("cp1258",),
    ("th",): ("cp874",),
    ("ja",): ("cp932", "euc_jp", "iso2022_jp"),
    ("zh", "yue"): ("gb18030", "big5"),
    ("ko",): ("cp949",),
}
KNOWN = (*WESTERN, *dict.fromkeys(name for names in OF_LANGUAGES.values() for name in names))


class Undecodable(Exception):
    """The reason, as a sentence."""


def decode(data: bytes, language: str = "") -> tuple[str, str]:
    """The text, and Python's name of its encoding. ``language``: a code, or nothing. Raises ``Undecodable``."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return _decoded(data, name), name
    for name in filter(None, (_utf_16_without_mark(data), "utf-8")):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(name), name
    return _guess(data, language)


def of_language(language: str) -> Sequence[str]:
    """The encodings for a language before UTF-8; all of them if the language isn't known."""
    if not language:
        return KNOWN
    return next((names for codes, names in OF_LANGUAGES.items() if base_of(language) in codes), WESTERN)


def _utf_16_without_mark(data: bytes) -> str:
    """The name of UTF-16 without a mark, or nothing: every other byte of line ends, digits and arrows is zero."""
    head = data[: 4096 - 4096 % 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if not head or max(even, odd) * 8 < len(head):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise Undecodable(f"it says that it is {name}, but its byte {error.start} isn't: {error.reason}") from error


def _guess(data: bytes, language: str) -> tuple[str, str]:
    """Of the encodings that read equally well, the most usual one."""
    from charset_normalizer import from_bytes

    for names in (of_language(language), KNOWN):
        found = list(from_bytes(data, cp_isolation=list(names)))
        if found:
            break
    else:
        raise Undecodable("its encoding can't be told, so it may be no text at all")
    least = min(match.chaos for match in found)
    likely = [match for match in found if match.chaos <= least + 0.02]
    most = max(match.coherence for match in likely)
    best = min(
        (match for match in likely if match.coherence >= most - 0.1), key=lambda match: _rank(match.encoding, names)
    )
    return str(best), best.encoding


def _rank(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else len(names)
