"""A translation as files: the document that other stages read, its text, and both languages side by side."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import stagekit
from subtitling import markup

from translating.notes import clock
from translating.writing_systems import joined

SCHEMA = 2
NOBODY = "none"  # the engine, where there was nothing to translate
PARAGRAPH_PAUSE = 2.0  # seconds
DASHES = ("-", "–", "—")
PARAGRAPH_LENGTH = 600  # characters, from which the next sentence starts a new one


def read(path: Path) -> dict[str, Any]:
    """A transcript of either form: 1 has words in every segment, 2 may have none."""
    with path.open(encoding="utf-8") as file:
        document: dict[str, Any] = json.load(file)
    return document


class Maker(Protocol):
    """What translated: ``apertium eng-spa (gist)``, and the model that it used."""

    name: str
    model: str


def translation(
    transcript: Mapping[str, Any], target: str, maker: Maker, segments: list[dict[str, Any]], notes: list[str]
) -> dict[str, Any]:
    """The transcript's form, in another language and without words. What was heard is the transcript's."""
    heard = {key: transcript[key] for key in ("speech", "coverage") if key in transcript}
    return {
        "schema": SCHEMA,
        "language": target,
        "language_probability": 1.0,
        "source_language": transcript["language"],
        "duration_s": transcript["duration_s"],
        "engine": maker.name,
        "model": maker.model,
        "word_times": "none",
        **heard,
        "segments": segments,
        "dropped": [],
        "notes": notes,
    }


def leave(stage: stagekit.Stage, document: Mapping[str, Any]) -> None:
    """Write it in all its forms, and tell what a reader should know of it."""
    for note in document["notes"]:
        stage.warn(note)
    engine = {"engine": document["engine"]} if document["engine"] != NOBODY else {}
    stage.about(notes=document["notes"], **engine)
    save(document, stage.output)


def save(document: Mapping[str, Any], output: Callable[[str, str], Path]) -> None:
    """All three outputs, named by the language. ``output(name, filename)`` says where each goes."""
    language = document["language"]
    with output("translation", f"translation.{language}.json").open("w", encoding="utf-8", newline="\n") as file:
        json.dump(document, file, ensure_ascii=False, allow_nan=False, indent=1)
        file.write("\n")
    texts = {
        "translation": ("text", paragraphs_of(document["segments"])),
        "side-by-side": ("side_by_side", pairs_of(document)),
    }
    for prefix, (name, paragraphs) in texts.items():
        with output(name, f"{prefix}.{language}.txt").open("w", encoding="utf-8", newline="\n") as file:
            print(*paragraphs, sep="\n\n", file=file)


def paragraphs_of(segments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The text alone, parted where there is a pause, another speaker, or once a paragraph is long."""
    shown = [{**segment, "text": markup.plain(segment["text"]).replace("\n", " ")} for segment in segments]
    text = ""
    for before, segment in pairwise([None, *shown]):
        if before and segment and (_is_apart(before, segment) or len(text) > PARAGRAPH_LENGTH):
            yield text
            text = ""
        text = joined(text, segment["text"] if segment else "")
    if text:
        yield text


def _is_apart(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    turns = before.get("speaker", "") != after.get("speaker", "") or after["text"].startswith(DASHES)
    return bool(turns or after["start"] - before["end"] >= PARAGRAPH_PAUSE)


def pairs_of(document: Mapping[str, Any]) -> Iterator[str]:
    """Each sentence's time, the sentence, and its translation."""
    for segment in document["segments"]:
        speaker = f"  {segment['speaker']}" if segment.get("speaker") else ""
        both = [markup.plain(segment[key]).replace("\n", " ") for key in ("source", "text") if segment.get(key)]
        yield "\n".join([clock(segment["start"]) + speaker, *both])
