# /// script
# [tool.pipeline.stage]
# environment = "common"
# modules = ["subtitling", "translating"]
# inputs = ["transcript"]
# timeout_seconds = 3600
# [tool.pipeline.stage.parameters]
# source = ""
# target = ""
# glossary = []
# keep_cues = false
# [tool.pipeline.stage.parameters.dictionary_files]
# [tool.pipeline.stage.outputs]
# translation = "translation.*.json"
# text = "translation.*.txt"
# side_by_side = "side-by-side.*.txt"
# [tool.pipeline.stage.ensure.translation]
# schema = "config/schemas/translation.json"
# ///
"""Translate a transcript with Apertium, by rules and dictionaries: fast, offline, and good for the gist.

The program and its language pairs are the system's (Debian: ``apertium apertium-eng-spa``). One call translates all
sentences, as paragraphs; a word that isn't in the dictionary stays as it is.

``dictionary_files`` are the pair's files and the programs that read them, each with the digest that it had when the job
was prepared. Other files may give another result, which must not be stored as the result of these.
"""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import stagekit
from translating import language_codes, translation_stage

CALL_SECONDS = 60
SECONDS_FOR_A_SENTENCE = 0.5
PARAGRAPH = "\n\n"  # the program keeps white space, and moves no words from one paragraph to another
MARKS = "*@#"  # before words that are unknown, that have no translation, and that can't be inflected
MARKED = re.compile(rf"[{re.escape(MARKS)}]+(?=[^\W_])")
UNMARKED = "-u"  # the option that leaves the marks out
STRAY = re.compile(r"\s+(?=[,.;:!?…]+(?:\s|$))")  # space that a moved word has left before punctuation
PLACEHOLDER = re.compile(r"Zq\w+x|Xyq\w+", re.IGNORECASE)
QUOTES = str.maketrans("’‘“”…", "''\"\"…")  # the dictionaries have plain ones

Call = Callable[[list[str], str, float], str]


def run(stage: stagekit.Stage) -> None:
    def engine_for(source: str, target: str) -> Apertium:
        require_same(stage.parameters["dictionary_files"])
        modes = call(["-l"], "", CALL_SECONDS).split()
        return Apertium(choose(source, target, modes), call)

    translation_stage.run(stage, engine_for)


def require_same(files: Mapping[str, str]) -> None:
    """Raises ``StageFailed`` if a file was changed or removed since the job was prepared. Reads a few MB."""
    for name, digest in files.items():
        file = Path(name)
        if not file.is_file() or f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" != digest:
            raise stagekit.StageFailed(
                f"Apertium's files have changed since the job was prepared ({name}). Prepare the job again: "
                "finished stages are taken over from this one"
            )


def choose(source: str, target: str, modes: list[str]) -> str:
    """Apertium's name for a pair. Raises ``StageFailed`` with the command that installs the pair."""
    mode = language_codes.apertium_mode(source, target, modes)
    if mode:
        return mode
    known = f"it has {', '.join(modes)}" if modes else "it has none"
    codes = sorted([language_codes.iso_639_3_codes(source)[0], language_codes.iso_639_3_codes(target)[0]])
    raise stagekit.StageFailed(
        f"Apertium has no pair from '{source}' to '{target}'; {known}. If there is one: "
        f"apt-get install apertium-{codes[0]}-{codes[1]}, or choose another translator with --translator"
    )


def call(arguments: list[str], text: str, seconds: float) -> str:
    """The program's output. Raises ``StageFailed`` where it is missing, fails, or takes longer than ``seconds``."""
    program = shutil.which("apertium")
    if program is None:
        raise stagekit.StageFailed(
            "Apertium isn't installed: apt-get install apertium apertium-eng-spa   (or the pair that you need)"
        )
    command = [program, *arguments]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8", errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise stagekit.StageFailed(f"Apertium gave no answer for {seconds:.0f} s") from None
    if done.returncode:
        words = " ".join(done.stderr.split()[-40:])
        raise stagekit.StageFailed(f"Apertium failed with exit code {done.returncode}: {words}")
    return done.stdout


class Apertium:
    """One mode of the program. It leaves unknown words alone, and so the marks of placeholders, too."""

    marks = ("Zq{}x", "Xyq{}")
    model = "none"

    def __init__(self, mode: str, call: Call) -> None:
        self.name = f"apertium {mode} (gist)"
        self._mode = mode
        self._call = call
        self._unknown: set[str] = set()

    def notes(self) -> Iterable[str]:
        yield "made by rules and dictionaries: one can follow what is said, but there are many mistakes"
        if self._unknown:
            shown = sorted(self._unknown)
            more = f" and {len(shown) - 10} more" if len(shown) > 10 else ""
            yield (
                f"Apertium doesn't know {len(shown)} of the words, and left them as they are:"
                f" {', '.join(shown[:10])}{more}"
            )

    def translate(self, texts: list[str]) -> list[str]:
        """In one call, and a second one that marks the unknown words.

        If paragraphs get lost or added, in halves, so that no sentence gets another one's words.
        """
        answers = self._paragraphs(texts, UNMARKED)
        if len(answers) != len(texts) and len(texts) > 1:
            middle = len(texts) // 2
            return self.translate(texts[:middle]) + self.translate(texts[middle:])
        answers = answers if len(answers) == len(texts) else [" ".join(answers)]
        for answer, marked in zip(answers, self._paragraphs(texts), strict=False):
            self._unknown.update(unknown_words(answer, marked))
        return [tidy(answer, text) for answer, text in zip(answers, texts, strict=True)]

    def _paragraphs(self, texts: list[str], *options: str) -> list[str]:
        text = PARAGRAPH.join(each.translate(QUOTES) for each in texts) + "\n"
        seconds = CALL_SECONDS + SECONDS_FOR_A_SENTENCE * len(texts)
        answer = self._call([*options, "-f", "txt", self._mode], text, seconds)
        return [each.strip() for each in answer.split(PARAGRAPH)]


def unknown_words(answer: str, marked: str) -> Iterator[str]:
    """The words that have ``*`` before them in ``marked``, and haven't in ``answer``, which is else the same."""
    place = 0
    for at, character in enumerate(marked):
        if answer[place : place + 1] == character:
            place += 1
        elif character == "*" and (word := re.match(r"[\w'-]+", marked[at + 1 :])):
            if not PLACEHOLDER.fullmatch(word[0]):
                yield word[0]
        elif character not in MARKS:
            return


def tidy(answer: str, text: str) -> str:
    """The answer without stray spaces, without marks of its own, which a pair may leave, and without a new capital."""
    marks = "".join(mark for mark in MARKS if answer.count(mark) > text.count(mark))
    if marks:
        answer = MARKED.sub(lambda run: _kept(run[0], answer[run.end() :], text, marks), answer)
    answer = answer[:1].lower() + answer[1:] if text[:1].islower() else answer
    return answer if STRAY.search(text) else STRAY.sub("", answer)


def _kept(run: str, rest: str, text: str, marks: str) -> str:
    """Of the marks before a word, those that the text itself has before this word."""
    word = re.match(r"[\w'-]+", rest)
    shown = word[0] if word else ""
    bare = run.translate(str.maketrans("", "", marks))
    return next((kept for kept in (run, *run[:1], *run[-1:], bare) if f"{kept}{shown}" in text and kept), bare)
