"""What the name of a subtitle file says, by the rules of Jellyfin, Plex and Kodi: its language, and what it is for.

``movie.pt-BR.forced.srt``: after the movie's name stand a language, flags and words, in any order, between full stops.
Where the movie isn't known, the name is read from its end, as far as it consists of languages and flags: what stands
before them may be a title such as ``Dr.No``.
"""

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pipeline.media import language_words
from pipeline.media.suffixes import MEDIA_SUFFIXES


class SubtitleFlag(StrEnum):
    FORCED = "forced"  # only what is said in another language, or written on signs
    HEARING_IMPAIRED = "hearing impaired"  # sounds are told, too
    COMMENTARY = "commentary"
    DEFAULT = "default"  # the one that players show


FLAGS = {
    "forced": SubtitleFlag.FORCED,
    "foreign": SubtitleFlag.FORCED,
    "signs": SubtitleFlag.FORCED,
    "songs": SubtitleFlag.FORCED,
    "karaoke": SubtitleFlag.FORCED,
    "lyrics": SubtitleFlag.FORCED,
    "typesetting": SubtitleFlag.FORCED,
    "forcés": SubtitleFlag.FORCED,
    "forcé": SubtitleFlag.FORCED,
    "forzados": SubtitleFlag.FORCED,
    "forzado": SubtitleFlag.FORCED,
    "forzati": SubtitleFlag.FORCED,
    "forçadas": SubtitleFlag.FORCED,
    "forçado": SubtitleFlag.FORCED,
    "erzwungen": SubtitleFlag.FORCED,
    "schilder": SubtitleFlag.FORCED,
    "letreros": SubtitleFlag.FORCED,
    "надписи": SubtitleFlag.FORCED,
    "форсированные": SubtitleFlag.FORCED,
    "sdh": SubtitleFlag.HEARING_IMPAIRED,
    "cc": SubtitleFlag.HEARING_IMPAIRED,
    "hoh": SubtitleFlag.HEARING_IMPAIRED,
    "commentary": SubtitleFlag.COMMENTARY,
    "default": SubtitleFlag.DEFAULT,
}
WHOLE = ("full", "dialogue", "dialogues", "complete")  # beside "signs": there is all, with signs
HINDI = "hi"  # "hearing impaired" beside another language
LAST = frozenset((SubtitleFlag.FORCED, SubtitleFlag.COMMENTARY))  # these hold no dialogue, or not the movie's
PARTS = re.compile(r"\.|\s*[\[\](){}]+\s*|\s+[-\u2013\u2014]\s+")
WORDS = re.compile(r"[\s_,&+-]+")
ARTICLES = frozenset(["the", "a", "an", "der", "die", "das", "le", "la", "les", "el", "los", "las", "il", "o", "os"])


@dataclass(frozen=True)
class SubtitleName:
    """What a name says. ``language`` is a tag such as ``pt-BR``, or empty; ``title`` has the words that are neither."""

    language: str = ""
    flags: frozenset[SubtitleFlag] = field(default_factory=frozenset)
    title: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it has all that is said in the movie."""
        return not self.flags & LAST


def parse(name: str, movies: Collection[str] = ()) -> SubtitleName:
    """``movies``: names of movies, without suffixes, that the file may belong to; the longest that fits counts."""
    body = name.rpartition(".")[0] or name
    movie = max((each for each in movies if belongs(body, each)), key=len, default=None)
    if movie is None:
        return _of_end(PARTS.split(body), is_loud=body.isupper())
    return _of_parts([part for part in PARTS.split(body[len(movie) :]) if part])


def flags_of_title(title: str) -> frozenset[SubtitleFlag]:
    """The flags that a track's title names: ``Signs & Songs``, ``English (SDH)``, ``Director's commentary``."""
    words = re.findall(r"[^\W_]+", title.lower())
    flags = frozenset(FLAGS[word] for word in words if word in FLAGS)
    return flags - {SubtitleFlag.FORCED} if any(word in WHOLE for word in words) else flags


def tag_of_title(title: str, language: str) -> str:
    """The tag that a track's title gives to its language: ``pt-BR`` for ``pt`` and ``Portuguese (Brazil)``."""
    found = _of_parts([part for part in PARTS.split(title) if part]).language
    return found if found.startswith(f"{language}-") else language


def of_file(file: Path, movie: Path | None = None) -> SubtitleName:
    """What the name of a file says, beside the movies of its folder, or for a movie in another one."""
    return parse(file.name, [*movies_in(file.parent), *([movie.stem] if movie else [])])


def movies_in(folder: Path) -> list[str]:
    """The names of the movies and recordings in a folder, without suffixes; none where it can't be read."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [Path(name).stem for name in names if Path(name).suffix.lower() in MEDIA_SUFFIXES]


def belongs(body: str, movie: str) -> bool:
    """Whether a subtitle file's name without its suffix is a movie's name, maybe with words behind it."""
    rest = body[len(movie) :]
    return body.startswith(movie) and (not rest or not rest[0].isalnum())


def _of_parts(parts: Sequence[str]) -> SubtitleName:
    """From all parts, the last ones first: of two languages the last one counts, the other belongs to the title."""
    language, variants, flags, title, may_be_hindi = "", list[str](), set[SubtitleFlag](), list[str](), False
    for word, before in _words(parts):
        small = word.lower()
        if small in FLAGS:
            flags.add(FLAGS[small])
        elif small == HINDI:
            may_be_hindi = True
        elif not language and (found := _tag(word, before)):
            language = found
        elif small in language_words.VARIANTS:
            variants.append(language_words.VARIANTS[small])
        elif not _is_region(word, before):
            title.insert(0, word)
    language = next((each for each in variants if language and each.startswith(f"{language}-")), language)
    if may_be_hindi and language:
        flags.add(SubtitleFlag.HEARING_IMPAIRED)
    return SubtitleName(language or (HINDI if may_be_hindi else ""), frozenset(flags), " ".join(title))


def _words(parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The words from the last to the first, each with the part before its own; a tag with a hyphen is one word."""
    for place in range(len(parts) - 1, -1, -1):
        part, before = parts[place].strip(" _-"), parts[place - 1] if place else ""
        words = [part] if language_words.tag(part) else [word for word in WORDS.split(part) if word]
        if " " in part and not all(map(_is_word_of_name, words)):  # a title, whose words may look like codes
            flags = [word for word in words if word.lower() in FLAGS]
            words = [*flags, " ".join(word for word in words if word not in flags)]
        yield from ((word, before) for word in reversed(words))


def _is_word_of_name(word: str) -> bool:
    small = word.lower()
    return small in FLAGS or small in language_words.VARIANTS or bool(language_words.tag(word))


def _tag(word: str, before: str) -> str:
    """The tag of a word; of ``BR`` after ``pt`` the tag of both."""
    if _is_region(word, before):
        return language_words.REGIONS.get((before.lower(), word.lower())) or _with_region(before, word)
    return language_words.tag(word)


def _is_region(word: str, before: str) -> bool:
    if (before.lower(), word.lower()) in language_words.REGIONS:
        return True
    is_language = (before.islower() or len(before) > 3) and "-" not in (language_words.tag(before) or "-")
    return is_language and len(word) == 2 and word.isupper() and bool(_with_region(before, word))


def _with_region(language: str, region: str) -> str:
    return language_words.tag(f"{language_words.tag(language)}-{region}")


def _of_end(parts: Sequence[str], is_loud: bool) -> SubtitleName:
    """From as many of the last parts as are languages and flags. The first part is always the title."""
    known: list[str] = []
    rest = [part for part in parts if part]
    while len(rest) > 1 and (_is_known(rest[-1], rest[-2], is_loud) or _is_number_after(rest)):
        known.insert(0, rest.pop())
    return _of_parts([part for part in known if not part.isdecimal()])


def _is_number_after(rest: Sequence[str]) -> bool:
    """Whether it is the number of one of several files: ``movie.en (1).srt``."""
    return len(rest) > 2 and rest[-1].isdecimal() and len(rest[-1]) < 3 and _is_known(rest[-2], rest[-3], is_loud=False)


def _is_known(part: str, before: str, is_loud: bool) -> bool:
    words = [word.lower() for word in WORDS.split(part) if word]
    if any(word in FLAGS for word in words):
        return True
    if part.isalpha() and len(part) > 3 and before.lower() in ARTICLES:
        return False  # "The.French": the name of a language, but not one of the file
    if language_words.tag(part):
        return not _is_title_word(part, is_loud)
    return bool(words) and all(map(_is_word_of_name, words))


def _is_title_word(code: str, is_loud: bool) -> bool:
    """Whether a code is written as the words of a title are: ``No`` in ``Dr.No``, but ``no`` in ``film.no``."""
    if len(code) > 3 or not (code.istitle() or is_loud):
        return False
    return len(code) == 2 or code.lower() in language_words.TITLE_WORDS
