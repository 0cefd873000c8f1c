"""Text from bytes in an unknown encoding: by its byte order mark, as UTF-8, else by what reads like a language.

The letters and words of languages decide (``written_languages``), among the encodings that subtitles were written in,
or if the language is known, among its own. For what reads like none of them, charset-normalizer (of the common
environment) does: requests relies on it, it has releases every few months, and no dependencies; chardet needs longer
texts, and cchardet isn't maintained.
"""

import codecs
import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from subtitling import text_likelihood
from subtitling.style_profiles import base_of
from subtitling.written_languages import LANGUAGES

MARKS = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN, CENTRAL, CYRILLIC = (
    ("cp1252", "iso8859_15", "mac_roman", "cp850"),
    ("cp1250", "iso8859_2", "cp852"),
    ("cp1251", "koi8_r", "iso8859_5", "cp866"),
)
OF_LANGUAGES: Mapping[Sequence[str], Sequence[str]] = {
    ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "tg", "mn", "tt", "ba"): (*CYRILLIC, "koi8_u"),
    ("pl", "cs", "sk", "hu", "sl", "hr", "bs", "ro", "sq"): CENTRAL,
    ("el",): ("cp1253", "iso8859_7"),
    ("tr", "az"): ("cp1254", "iso8859_9"),
    ("he", "iw", "yi"): ("cp1255",),
    ("ar", "fa", "ur"): ("cp1256", "iso8859_6"),
    ("et", "lv", "lt"): ("cp1257", "iso8859_13"),
    ("vi",): ("cp1258",),
    ("th",): ("cp874",),
    ("ja",): ("cp932", "euc_jp", "iso2022_jp"),
    ("zh", "yue"): ("gb18030", "big5"),
    ("ko",): ("cp949",),
}
KNOWN = (*WESTERN, *dict.fromkeys(name for names in OF_LANGUAGES.values() for name in names))
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
FEWEST_WHOLE = 5  # whole characters for each damaged one; bytes of a code page are hardly ever one by chance
NO_TEXT = "its encoding can't be told, so it may be no text at all"


class Undecodable(Exception):
    """The reason, as a sentence."""


class DecodedText(NamedTuple):
    """``encoding``: Python's name of it. ``confidence``: 1.0 where the file says it, else that of a guess, over 0."""

    text: str
    encoding: str
    confidence: float = 1.0


def decode(data: bytes, language: str = "") -> DecodedText:
    """``language``: a code, or nothing. Raises ``Undecodable``."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return DecodedText(_decoded(data, name), name)
    for name in filter(None, (_utf_16_without_mark(data), _with_escapes(data), "utf-8")):
        with contextlib.suppress(UnicodeDecodeError):
            return DecodedText(data.decode(name), name)
    return _damaged_utf_8(data) or _guess(data, language)


def of_language(language: str) -> Sequence[str]:
    """The encodings for a language before UTF-8; all of them if the language isn't known, here or at all."""
    code = base_of(language)
    others = WESTERN if any(each.code == code and each.is_latin for each in LANGUAGES) else KNOWN
    return next((names for codes, names in OF_LANGUAGES.items() if code in codes), others)


def _utf_16_without_mark(data: bytes) -> str:
    """The name of UTF-16 without a mark, or nothing: every other byte of line ends, digits and arrows is zero."""
    head = data[: 4096 - 4096 % 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if not head or max(even, odd) * 8 < len(head):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _with_escapes(data: bytes) -> str:
    """The name of the encoding of Japanese that has only ASCII bytes, and escapes between them."""
    return "iso2022_jp" if re.search(rb"\x1b\$[@B]", data) else ""


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise Undecodable(f"it says that it is {name}, but its byte {error.start} isn't: {error.reason}") from error


def _damaged_utf_8(data: bytes) -> DecodedText | None:
    """Text that is UTF-8 but for a few bytes, as after a cut or a search and replace; they become U+FFFD."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    whole = len(NOT_ASCII.findall(text)) - damaged
    return DecodedText(text, "utf-8", whole / (whole + damaged)) if whole >= FEWEST_WHOLE * damaged else None


def _guess(data: bytes, language: str) -> DecodedText:
    """By the language, where it is known and the text fits to it; else by all that are known."""
    if b"\0" in data:
        raise Undecodable(NO_TEXT)
    own = of_language(language) if language else ()
    found = text_likelihood.likely(data, own, base_of(language)) or text_likelihood.likely(data, KNOWN)
    return DecodedText(*found) if found else _guess_by_statistics(data, language)


def _guess_by_statistics(data: bytes, language: str) -> DecodedText:
    """For languages that aren't known here: of the encodings that read equally well, the most usual one."""
    from charset_normalizer import from_bytes

    for names in (of_language(language), KNOWN):
        found = list(from_bytes(data, cp_isolation=list(names)))
        if found:
            break
    else:
        raise Undecodable(NO_TEXT)
    least = min(match.chaos for match in found)
    likely = [match for match in found if match.chaos <= least + 0.02]
    most = max(match.coherence for match in likely)
    equal = [match for match in likely if match.coherence >= most - 0.1]
    best = min(equal, key=lambda match: _rank(match.encoding, names))
    return DecodedText(str(best), best.encoding, 1 / (1 + len({str(match) for match in equal})))


def _rank(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else len(names)
