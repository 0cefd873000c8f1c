"""A translation as files: the document for other stages, the text alone, and both languages side by side."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import stagekit
from subtitling import markup

from translating.notes import clock_time
from translating.writing_systems import joined

SCHEMA = 2
NO_ENGINE = "none"  # stands for the engine where there was nothing to translate
PARAGRAPH_PAUSE = 2.0  # seconds
DASHES = ("-", "–", "—")
PARAGRAPH_LENGTH = 600  # characters; after that the next sentence starts a new paragraph


def read(path: Path) -> dict[str, Any]:
    """A transcript of schema 1, with words in every segment, or 2, where they may be missing.

    Raises ``OSError`` and ``ValueError``.
    """
    with path.open(encoding="utf-8") as file:
        document: dict[str, Any] = json.load(file)
    return document


class EngineIdentity(Protocol):
    """The engine that translated, such as ``apertium eng-spa (gist)``, and its model."""

    @property
    def name(self) -> str: ...
    @property
    def model(self) -> str: ...


def translation_document(
    transcript: Mapping[str, Any], target: str, engine: EngineIdentity, segments: list[dict[str, Any]], notes: list[str]
) -> dict[str, Any]:
    """``translation.json``: a transcript's document in another language. Speech and coverage are the transcript's.

    ``segments`` have ``start``, ``end`` (seconds), ``text``, and maybe ``source``, ``spans``, ``speaker``.
    """
    speech = {key: transcript[key] for key in ("content", "speech", "coverage") if key in transcript}
    return {
        "schema": SCHEMA,
        "language": target,
        "language_probability": 1.0,
        "source_language": transcript["language"],
        "duration_s": transcript["duration_s"],
        "engine": engine.name,
        "model": engine.model,
        "word_times": "none",
        **speech,
        "segments": segments,
        "dropped": [],
        "notes": notes,
    }


def publish(stage: stagekit.Stage, document: Mapping[str, Any]) -> None:
    """Write all three files, and report the notes as warnings."""
    for note in document["notes"]:
        stage.warn(note)
    engine = {"engine": document["engine"]} if document["engine"] != NO_ENGINE else {}
    content = {"content": document["content"]} if "content" in document else {}
    stage.about(notes=document["notes"], **engine, **content)
    save(document, stage.output)


def save(document: Mapping[str, Any], output: Callable[[str, str], Path]) -> None:
    """Write all three files, named by the language. ``output(name, filename)`` gives the path of each."""
    language = document["language"]
    with output("translation", f"translation.{language}.json").open("w", encoding="utf-8", newline="\n") as file:
        json.dump(document, file, ensure_ascii=False, allow_nan=False, indent=1)
        file.write("\n")
    texts = {
        "translation": ("text", paragraphs(document["segments"])),
        "side-by-side": ("side_by_side", side_by_side(document)),
    }
    for prefix, (name, blocks) in texts.items():
        with output(name, f"{prefix}.{language}.txt").open("w", encoding="utf-8", newline="\n") as file:
            print(*blocks, sep="\n\n", file=file)


def paragraphs(segments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The text of segments. A paragraph ends at a pause, at another speaker, or once it is long."""
    shown = [{**segment, "text": markup.plain(segment["text"]).replace("\n", " ")} for segment in segments]
    text = ""
    for before, segment in pairwise([None, *shown]):
        if before and segment and (_starts_paragraph(before, segment) or len(text) > PARAGRAPH_LENGTH):
            yield text
            text = ""
        text = joined(text, segment["text"] if segment else "")
    if text:
        yield text


def _starts_paragraph(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    turns = before.get("speaker", "") != after.get("speaker", "") or after["text"].startswith(DASHES)
    return bool(turns or after["start"] - before["end"] >= PARAGRAPH_PAUSE)


def side_by_side(document: Mapping[str, Any]) -> Iterator[str]:
    """For each segment its start, its source and its translation, each on a line."""
    for segment in document["segments"]:
        speaker = f"  {segment['speaker']}" if segment.get("speaker") else ""
        both = [markup.plain(segment[key]).replace("\n", " ") for key in ("source", "text") if segment.get(key)]
        yield "\n".join([clock_time(segment["start"]) + speaker, *both])
