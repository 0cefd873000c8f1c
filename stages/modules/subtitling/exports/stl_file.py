"""EBU STL, the exchange file of broadcasters. https://tech.ebu.ch/docs/tech/tech3264.pdf"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

from subtitling import markup
from subtitling.cues import Cue
from subtitling.exports import characters
from subtitling.exports.written_file import ExportOptions, Unwritable, WrittenFile, clock, counted

RATE = 25  # frames a second of its time code
LONGEST = 24 * 3_600_000  # milliseconds that its time code can count
LINE, ROWS = 40, 23  # characters of a line, and lines of the picture
FIELD = 112  # bytes of text in a block
MOST_BLOCKS = 240  # of one subtitle
BREAK, UNUSED = b"\x8a", b"\x8f"
CODES = {"<i>": b"\x80", "</i>": b"\x81", "<u>": b"\x82", "</u>": b"\x83"}
JUSTIFIED = (b"\x01", b"\x02", b"\x03")  # left, centre, right
CODECS = {"01": "iso8859_5", "02": "iso8859_6", "03": "iso8859_7", "04": "iso8859_8"}  # after Latin, which is 00
LATIN = "00"
# Tech 3264, appendix 3: languages of the Latin alphabet count from 00 upwards, others from 7F downwards.
OF_LATIN = (
    "und sq br ca hr cy cs da de en es eo et eu fo fr fy ga gd gl is it se la lv lb lt hu mt nl no oc pl pt ro rm sr "
    "sk sl fi sv tr"
)
OF_OTHERS = (
    "am ar hy as az bm be bn bg my zh cv prs ff ka el gu gn ha he hi id ja kn kk km ko lo mk mg ms mo mr nd ne or pap "
    "fa pa ps qu ru rue sh sn si so srn sw tg ta tt te th uk ur uz vi zu"
)
LAST = 0x7F
DIACRITICS = range(0xC1, 0xD0)


def stl(cues: Sequence[Cue], options: ExportOptions) -> WrittenFile:
    """Open subtitles in one of the five alphabets. Raises ``Unwritable``."""
    table, fitting, notes = _alphabet([_upright(cue) for cue in cues])
    if late := [cue for cue in cues if cue.end >= LONGEST]:
        raise Unwritable(f"its time code ends after a day, and the cue at {clock(late[0].start)} is later")
    blocks = [block for number, cue in enumerate(fitting) for block in _blocks(number, cue, table)]
    told = [
        *notes,
        *counted([cue for cue in cues if cue.speaker], "lost who speaks"),
        *counted([cue for cue in cues if "<b>" in cue.text], "lost bold letters"),
    ]
    return WrittenFile(b"".join([_heading(fitting, len(blocks), table, options), *blocks]), told)


def _upright(cue: Cue) -> Cue:
    return cue._replace(text=cue.text.replace("<b>", "").replace("</b>", ""))


def _alphabet(cues: Sequence[Cue]) -> tuple[str, list[Cue], list[str]]:
    """The first table that has all letters. Raises ``Unwritable`` where none has."""
    refusals = []
    for table in (LATIN, *CODECS):
        try:
            return table, *characters.fitted(cues, lambda character: character in _codes(table))  # noqa: B023
        except Unwritable as error:
            refusals.append(error)
    raise refusals[0]


@cache
def _codes(table: str) -> Mapping[str, bytes]:
    """By character: its bytes. Those of our tags are added where a text is written."""
    if table == LATIN:
        from ttconv.stl import iso6937

        single = [bytes([code]) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100)) if code not in DIACRITICS]
        double = [bytes([mark, code]) for mark in DIACRITICS for code in range(0x41, 0x7B)]
        return dict(_decoded([*single, *double], lambda data: iso6937.decode(data, "strict")[0]))
    single = [bytes([code]) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))]
    return dict(_decoded(single, lambda data: data.decode(CODECS[table])))


def _decoded(codes: Sequence[bytes], decode: Callable[[bytes], str]) -> Iterator[tuple[str, bytes]]:
    for code in reversed(codes):  # of two codes for one character the shorter, lower one counts
        try:
            character = decode(code)
        except UnicodeError:
            continue
        if len(character) == 1:
            yield character, code


def _blocks(number: int, cue: Cue, table: str) -> list[bytes]:
    """One for each part of the text; the last one says that it is."""
    parts = [b""]
    for code in _text_codes(cue.text, table):
        parts = [*parts[:-1], parts[-1] + code] if len(parts[-1] + code) <= FIELD else [*parts, code]
    if len(parts) > MOST_BLOCKS:
        raise Unwritable(f"the text of cue {number + 1} is too long")
    rows = len(cue.lines)
    row = (ROWS - rows, (ROWS - rows) // 2, 1)[cue.row]
    times = _time_code(cue.start) + _time_code(cue.end)
    end = bytes([max(0, row)]) + JUSTIFIED[(cue.alignment - 1) % 3] + b"\0"
    return [
        b"\0%b%c\0%b%b%b"
        % (number.to_bytes(2, "little"), 0xFF if part is parts[-1] else index, times, end, part.ljust(FIELD, UNUSED))
        for index, part in enumerate(parts)
    ]


def _text_codes(text: str, table: str) -> Iterator[bytes]:
    """Of each character and tag."""
    codes, at = _codes(table), 0
    for tag in [*markup.TAG.finditer(text), None]:
        for character in text[at : tag.start() if tag else len(text)]:
            yield BREAK if character == "\n" else codes[character]
        if tag:
            yield CODES[tag[0]]
            at = tag.end()


def _time_code(milliseconds: int) -> bytes:
    """Hours, minutes, seconds and frames, the nearest."""
    seconds, frames = divmod(round(milliseconds * RATE / 1000), RATE)
    return bytes([seconds // 3600, seconds // 60 % 60, seconds % 60, frames])


def _heading(cues: Sequence[Cue], blocks: int, table: str, options: ExportOptions) -> bytes:
    """The first block: 1,024 bytes of text in fields. Its dates are of the day on which it is written."""
    today, title = time.strftime("%y%m%d", time.gmtime()), options.title[:32]
    first = "".join(f"{each:02}" for each in _time_code(cues[0].start)) if cues else "0" * 8
    fields = [
        ("850", 3), (f"STL{RATE}.01", 8), ("0", 1), (table, 2), (_language_code(options.language), 2),
        (title, 32), ("", 32), (title, 32), ("", 96), ("", 16), (today, 6), (today, 6), ("00", 2),
        (f"{blocks:05}", 5), (f"{len(cues):05}", 5), ("001", 3), (f"{LINE:02}", 2), (f"{ROWS:02}", 2),
        ("1", 1), ("0" * 8, 8), (first, 8), ("1", 1), ("1", 1), ("", 3), ("", 75 + 96), ("", 576),
    ]  # fmt: skip
    return b"".join(text.encode("cp850", "replace")[:size].ljust(size) for text, size in fields).ljust(1024)


def _language_code(language: str) -> str:
    """Two hexadecimal digits of the EBU's own list; 00 for a language that isn't in it."""
    code, latin, others = language.partition("-")[0], OF_LATIN.split(), OF_OTHERS.split()
    if code in latin:
        return f"{latin.index(code):02X}"
    return f"{LAST - others.index(code):02X}" if code in others else "00"
