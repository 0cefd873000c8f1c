"""Apertium as a stage: with a program that stands in for it, and with the real one where it is installed."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.stages.translating.helpers import cues

MODES = ["eng-spa", "spa-eng"]

installed = pytest.mark.skipif(
    shutil.which("apertium") is None, reason="Apertium isn't installed: apt-get install apertium apertium-eng-spa"
)


@pytest.fixture
def apertium(load_stage: Callable[..., ModuleType]) -> ModuleType:
    return load_stage("apertium_translation")


class ApertiumStage:
    """Inputs and outputs in a folder."""

    def __init__(self, folder: Path, transcript: dict[str, Any], **parameters: Any) -> None:
        self.folder = folder
        self.parameters = {
            "source": "",
            "target": "es",
            "glossary": [],
            "keep_cues": False,
            "dictionary_files": {},
            **parameters,
        }
        self.warnings: list[str] = []
        self.told: dict[str, Any] = {}
        self._transcript = folder / "transcript.json"
        self._transcript.write_text(json.dumps(transcript), encoding="utf-8")

    def input(self, name: str) -> Path:
        assert name == "transcript"
        return self._transcript

    def output(self, _: str, filename: str) -> Path:
        return self.folder / filename

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def about(self, **facts: Any) -> None:
        self.told.update(facts)

    def translation(self, language: str = "es") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / f"translation.{language}.json").read_text(encoding="utf-8"))
        return found


def answering(answers: dict[str, str], asked: list[str] | None = None) -> Callable[[list[str], str, float], str]:
    """A call that answers paragraph by paragraph, and leaves out marks before words where it is asked to."""

    def call(arguments: list[str], text: str, _: float) -> str:
        if asked is not None and "-u" in arguments:
            asked.append(text)
        paragraphs = text.strip().split("\n\n")
        answer = "\n\n".join(answers.get(each, each) for each in paragraphs) + "\n"
        return re.sub(r"[*@#](?=\w)", "", answer) if "-u" in arguments else answer

    return call


def test_all_sentences_go_through_one_call(apertium: ModuleType) -> None:
    asked: list[str] = []
    engine = apertium.Apertium("eng-spa", answering({"One.": "Uno.", "Two.": " Dos."}, asked))
    assert engine.translate(["One.", "Two."]) == ["Uno.", "Dos."]
    assert asked == ["One.\n\nTwo.\n"]


def test_where_paragraphs_get_lost_no_sentence_gets_another_s_words(apertium: ModuleType) -> None:
    engine = apertium.Apertium("eng-spa", answering({"Two.": "", "Three.": "Tres.\n\nTres."}))
    assert engine.translate(["One.", "Two.", "Three.", "Four."]) == ["One.", "", "Tres. Tres.", "Four."]


def test_marks_of_unknown_words_are_taken_off_and_their_words_told(apertium: ModuleType) -> None:
    engine = apertium.Apertium("eng-spa", answering({"See the quixzle.": "Ve el *quixzle y #ver @it."}))
    assert engine.translate(["See the quixzle."]) == ["Ve el quixzle y ver it."]
    assert any("1 of the words" in note and "quixzle" in note for note in engine.notes())


def test_no_space_is_left_before_a_mark_unless_the_text_has_one(apertium: ModuleType) -> None:
    engine = apertium.Apertium("eng-spa", answering({"Was it?": "Era ?", "Was it ?": "Era ?"}))
    assert engine.translate(["Was it?", "Was it ?"]) == ["Era?", "Era ?"]


@pytest.mark.parametrize(
    ("text", "answer", "told"),
    [
        ("We are #winning *now", "Somos #winning *now", "Somos #winning *now"),
        ("See @nasa and #MeToo", "Ve @*nasa y #*MeToo", "Ve @nasa y #MeToo"),
        ("He knows *nix", "Sabe **nix", "Sabe *nix"),
        ("He knows C# now", "Sabe C# *now", "Sabe C# now"),
        ("Press *67 and #1", "Prensa *67 y #1", "Prensa *67 y #1"),
        ("See it", "#Ver @it", "Ver it"),
        ("sighs", "Suspiros", "suspiros"),
    ],
)
def test_marks_that_a_pair_leaves_are_taken_off_and_those_of_the_text_stay(
    apertium: ModuleType, text: str, answer: str, told: str
) -> None:
    assert apertium.tidy(answer, text) == told


@installed
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Follow @nasa and #MeToo today.", ["@nasa", "#MeToo"]),
        ("He knows C# and *nix.", ["C#", " *nix"]),
        ("Write to john.smith@example.com or see https://example.com/a#b now.", ["john.smith@example.com", "/a#b "]),
        ("Press *67 and then #1.", ["*67", "#1"]),
        ("Follow #love and @home.", ["#love", "@home"]),
    ],
)
def test_marks_of_the_program_never_reach_a_text(
    apertium: ModuleType, tmp_path: Path, spawning: None, text: str, kept: list[str]
) -> None:
    stage = ApertiumStage(tmp_path, cues(text, language="en"), keep_cues=True)
    apertium.run(stage)
    (segment,) = stage.translation()["segments"]
    assert all(each in segment["text"] for each in kept)
    assert [segment["text"].count(mark) for mark in "*@#"] == [text.count(mark) for mark in "*@#"]


def test_our_own_marks_are_no_unknown_words(apertium: ModuleType) -> None:
    engine = apertium.Apertium("eng-spa", answering({"Zqax left": "*Zqax fue"}))
    assert engine.translate(["Zqax left"]) == ["Zqax fue"]
    assert not any("Zqax" in note for note in engine.notes())


@pytest.mark.parametrize("now", [b"other words", None])
def test_dictionaries_that_changed_since_the_job_was_prepared_are_told(
    apertium: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: bytes | None
) -> None:
    monkeypatch.setattr(apertium, "call", lambda *_: "eng-spa\n")
    file = tmp_path / "eng-spa.bin"
    file.write_bytes(b"words")
    known = {str(file): f"sha256:{hashlib.sha256(b'words').hexdigest()}"}
    apertium.run(ApertiumStage(tmp_path, cues("Hello.", language="en"), dictionary_files=known))
    file.unlink()
    if now:
        file.write_bytes(now)
    with pytest.raises(apertium.stagekit.StageFailed, match=r"have changed .*eng-spa\.bin.* Prepare the job again"):
        apertium.run(ApertiumStage(tmp_path, cues("Hello.", language="en"), dictionary_files=known))


def test_a_pair_that_is_not_there_is_told_with_how_to_get_it(apertium: ModuleType) -> None:
    with pytest.raises(apertium.stagekit.StageFailed, match=r"no pair from 'en' to 'hi'.*apertium-eng-hin"):
        apertium.choose("en", "hi", MODES)


def test_a_missing_program_is_told_with_how_to_get_it(apertium: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apertium.shutil, "which", lambda _: None)
    with pytest.raises(apertium.stagekit.StageFailed, match="apt-get install apertium"):
        apertium.call(["-l"], "", 5)


def program(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = folder / "apertium"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_program_that_fails_is_told_in_its_words(
    apertium: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None
) -> None:
    program(tmp_path, "echo Error: no dictionary >&2; exit 3", monkeypatch)
    with pytest.raises(apertium.stagekit.StageFailed, match="exit code 3: Error: no dictionary"):
        apertium.call(["eng-spa"], "x", 30)


def test_a_program_that_hangs_is_ended(
    apertium: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spawning: None
) -> None:
    program(tmp_path, "exec sleep 600", monkeypatch)
    with pytest.raises(apertium.stagekit.StageFailed, match="no answer"):
        apertium.call(["eng-spa"], "x", 0.2)


def test_a_target_equal_to_the_source_leaves_the_text_and_asks_nobody(
    apertium: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apertium, "call", lambda *_: pytest.fail("asked"))
    stage = ApertiumStage(tmp_path, cues("Hola.", "Adiós.", language="es"))
    apertium.run(stage)
    assert [each["text"] for each in stage.translation()["segments"]] == ["Hola.", "Adiós."]
    assert stage.warnings == ["the transcript is in 'es' already, so its text stays as it is"]
    assert stage.told == {"notes": stage.warnings}


def test_a_target_equal_to_the_source_keeps_the_words_with_their_times(apertium: ModuleType, tmp_path: Path) -> None:
    spoken = {"start": 0.5, "end": 1.0, "text": "Hola.", "words": [{"start": 0.5, "end": 1.0, "word": " Hola."}]}
    stage = ApertiumStage(
        tmp_path, {"language": "es", "duration_s": 3.0, "segments": [spoken], "word_times": "attention"}
    )
    apertium.run(stage)
    assert stage.translation()["segments"] == [spoken]
    assert stage.translation()["word_times"] == "attention"


def test_an_empty_transcript_gives_an_empty_translation(apertium: ModuleType, tmp_path: Path) -> None:
    stage = ApertiumStage(tmp_path, {"language": "und", "duration_s": 3.0, "segments": []})
    apertium.run(stage)
    assert stage.translation()["segments"] == []
    assert "empty" in stage.warnings[0]


@pytest.mark.parametrize(
    ("language", "parameters", "message"),
    [
        ("und", {}, "language isn't known"),
        ("en", {"target": ""}, "no target language"),
        ("en", {"glossary": [{"translation": "x"}]}, "entry 1 of the glossary"),
    ],
)
def test_what_can_not_be_translated_is_refused(
    apertium: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    parameters: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.setattr(apertium, "call", lambda *_: "eng-spa")
    with pytest.raises(apertium.stagekit.StageFailed, match=message):
        apertium.run(ApertiumStage(tmp_path, cues("Yes.", language=language), **parameters))


def test_the_outputs_keep_their_schema_and_say_what_made_them(
    apertium: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jsonschema.validators import Draft202012Validator

    from tests.conftest import REPOSITORY

    monkeypatch.setattr(apertium, "call", lambda arguments, text, _: "eng-spa" if arguments == ["-l"] else text.upper())
    stage = ApertiumStage(tmp_path, cues("It is so.", "- Is it?"))
    apertium.run(stage)
    schema = json.loads((REPOSITORY / "config/schemas/translation.json").read_bytes())
    Draft202012Validator(schema).validate(stage.translation())
    assert stage.translation()["engine"] == "apertium eng-spa (gist)"
    assert stage.told["engine"] == "apertium eng-spa (gist)"
    assert stage.translation()["source_language"] == "en"
    assert (tmp_path / "translation.es.txt").read_text(encoding="utf-8") == "IT IS SO.\n\n- ¿IS IT?\n"
    assert (tmp_path / "side-by-side.es.txt").read_text(encoding="utf-8").startswith("0:00:00\nIt is so.\nIT IS SO.\n")


@installed
def test_the_real_program_translates_and_what_must_survive_does(
    apertium: ModuleType, tmp_path: Path, spawning: None
) -> None:
    terms = [{"term": "Mr. Darnay", "translation": "don Carlos"}, {"term": "town", "translation": "villa"}]
    spoken = ["- Good morning, Mr. Darnay.", "[ANN] I saw 250 dogs in <i>the</i>", "town.", "♪ The long road ♪"]
    stage = ApertiumStage(tmp_path, cues(*spoken), glossary=terms, keep_cues=True)
    apertium.run(stage)
    texts = [each["text"] for each in stage.translation()["segments"]]
    assert texts[0].startswith("- Buen")
    assert "don Carlos" in texts[0]
    assert texts[1].startswith("[ANN] ")
    assert "250 perros" in texts[1]
    assert "<i>" in texts[1] + texts[2]
    assert "villa" in texts[1] + texts[2]
    assert texts[3].startswith("♪ ")
    assert texts[3].endswith(" ♪")
    assert not any("lost" in note for note in stage.translation()["notes"])


@installed
def test_the_real_program_keeps_five_hundred_odd_sentences_apart(apertium: ModuleType, spawning: None) -> None:
    odd = ["[x] {y} ^z$ <b>", "a/b\\c", 'it\'s "so"', "#1 @home *", "no stop at the end", "…", "漢字", "100 % - 5"]
    texts = [f"{odd[index % len(odd)]} number {index}" for index in range(500)]
    answers = apertium.Apertium("eng-spa", apertium.call).translate(texts)
    assert len(answers) == len(texts)
    assert all(str(index) in answer for index, answer in enumerate(answers))
