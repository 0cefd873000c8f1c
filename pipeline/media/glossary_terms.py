"""Adding a term to a project's glossary, which ``--glossary`` takes then."""

import csv
import io
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import write_whole
from pipeline.media import glossary


def add(path: Path, term: str, translation: str, language: str) -> None:
    """A line for the term in a ``.csv`` file with a column for each language; the file is made where there is none.

    Comments and other terms stay. Raises ``UsageError`` where the file, or the new one, would be no glossary.
    """
    cells = [" ".join(each.split()) for each in (term, translation)]
    if not all(cells):
        raise UsageError("a term and its translation need some text each")
    before = path.read_text(encoding="utf-8-sig") if path.exists() else "term\n"
    if path.exists():
        glossary.read(path)
    text = _with_term(before, (cells[0], cells[1]), language)
    beside = path.with_name(f".{path.name}")
    write_whole(beside, text.encode())
    try:
        glossary.read(beside)
    except UsageError as error:
        raise UsageError(error.message.replace(str(beside), str(path))) from error
    finally:
        beside.unlink()
    write_whole(path, text.encode())


def _with_term(text: str, entry: tuple[str, str], language: str) -> str:
    term, translation = entry
    rows = list(csv.reader(io.StringIO(text, newline="")))
    is_comment = [not row or row[0].startswith("#") for row in rows]
    first = next((number for number, comment in enumerate(is_comment) if not comment), None)
    if first is None or rows[first][0].strip().lower() != "term":
        rows, is_comment, first = [["term", "translation"], *rows], [False, *is_comment], 0
    head = [cell.strip() for cell in rows[first]]
    column = next((number for number, cell in enumerate(head) if number and cell == language), None)
    if column is None:
        rows = [row if comment else [*row, ""] for row, comment in zip(rows, is_comment, strict=True)]
        rows[first][-1], column = language, len(head)
    own = next((row for row, no in zip(rows, is_comment, strict=True) if not no and row[0].strip() == term), None)
    if own is None:
        own = [term, *[""] * (len(rows[first]) - 1)]
        rows.append(own)
    own[column] = translation
    return _written(rows, is_comment)


def _written(rows: list[list[str]], is_comment: list[bool]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row, comment in zip(rows, [*is_comment, False], strict=False):
        if comment:
            out.write(",".join(row) + "\n")
        else:
            writer.writerow(row)
    return out.getvalue()
