"""A glossary in the forms that people write: how terms are translated, for all languages or for each.

- TSV or CSV: ``term`` and ``translation``; or with a first line such as ``term,es,hi``, a column for each language.
- YAML: ``Ann: Anna``, or ``Ann: {es: Ana, hi: ऐन}``.

A term without a translation stays as it is; an empty cell in a language's column says nothing for that language.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.media.languages import base
from pipeline.text import printable

Entries = dict[str, list[dict[str, str]]]
ALL = "*"  # in place of a language's code
MOST = 10_000  # terms
LONGEST = 200  # characters of one
FORMS = "write 'term,translation' lines in a .csv or .tsv file, or 'term: translation' in a .yaml file"


def read(path: Path) -> Entries:
    """Entries by language code, or by ``*`` for all languages: each with ``term`` and ``translation``.

    Raises ``UsageError`` with file and line.
    """
    shown = printable(str(path))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"the glossary {shown} isn't UTF-8 text ({error.reason})", FORMS) from error
    except OSError as error:
        raise UsageError(f"the glossary {shown} can't be read: {error.strerror}", FORMS) from error
    rows = _of_yaml(text, shown) if path.suffix.lower() in (".yaml", ".yml") else _of_table(text, path, shown)
    return _collected(rows, shown)


def for_languages(entries: Entries, targets: list[str]) -> Entries:
    """The entries for each target: those of its own language go before those for all languages."""
    return {
        target: list(
            {
                entry["term"]: entry for language in (ALL, base(target), target) for entry in entries.get(language, ())
            }.values()
        )
        for target in targets
    }


Row = tuple[int, str, str, str]  # line, language, term, translation


def _of_table(text: str, path: Path, shown: str) -> Iterator[Row]:
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") or "\t" in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    languages, begun = [ALL], False
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
                continue
            is_first, begun = not begun, True
            if is_first and cells[0].strip().lower() == "term":
                languages = [_language(cell, f"{shown}:{reader.line_num}") for cell in cells[1:]]
                continue
            if len(cells) != len(languages) + 1:
                expected = f"a term and {len(languages)} translation{'s' * (len(languages) > 1)}"
                count = f"{len(cells)} cell{'s' * (len(cells) > 1)}"
                raise UsageError(f"{shown}:{reader.line_num}: {count} where {expected} should be", FORMS)
            for language, cell in zip(languages, cells[1:], strict=True):
                if cell.strip() or language == ALL:
                    yield reader.line_num, language, cells[0], cell
    except csv.Error as error:
        raise UsageError(f"{shown}:{reader.line_num}: {error}", FORMS) from error


def _language(cell: str, where: str) -> str:
    word = cell.strip()
    if word.lower() == "translation":
        return ALL
    if not base(word):
        raise UsageError(f"{where}: {word!r} is no language code", FORMS)
    return word


def _of_yaml(text: str, shown: str) -> Iterator[Row]:
    import yaml

    try:
        value = yaml.load(text, Loader=yaml.BaseLoader) if text.strip() else {}  # noqa: S506  # only strings come of it
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{shown}:{mark.line + 1}" if mark else shown
        raise UsageError(f"{where}: not valid YAML: {getattr(error, 'problem', None) or error}", FORMS) from error
    if not isinstance(value, Mapping):
        raise UsageError(f"{shown}: it isn't a mapping of terms to translations", FORMS)
    for term, translations in value.items():
        if isinstance(translations, str):
            yield 0, ALL, str(term), translations
        elif isinstance(translations, Mapping):
            for code, each in translations.items():
                yield 0, _language(str(code), shown), str(term), _text(each, shown)
        else:
            raise UsageError(f"{shown}: {term!r} has neither a translation nor one for each language", FORMS)


def _text(value: Any, shown: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{shown}: {value!r} isn't a translation", FORMS)
    return value


def _collected(rows: Iterator[Row], shown: str) -> Entries:
    entries: dict[str, dict[str, dict[str, str]]] = {}
    for line, language, written, translation in rows:
        where, term = (f"{shown}:{line}" if line else shown), written.strip()
        target = translation.strip() or term
        if not term or max(len(term), len(target)) > LONGEST or not (term + target).isprintable():
            raise UsageError(f"{where}: {term!r} can't be a term: one line of 1 to {LONGEST} characters", FORMS)
        known = entries.setdefault(language, {})
        if term in known and known[term]["translation"] != target:
            raise UsageError(f"{where}: the term {term!r} is there twice, with different translations", FORMS)
        known[term] = {"term": term, "translation": target}
        if len(known) > MOST:
            raise UsageError(f"{shown}: there are more than {MOST} terms", FORMS)
    if not entries:
        raise UsageError(f"the glossary {shown} has no term", FORMS)
    return {language: list(known.values()) for language, known in entries.items()}
