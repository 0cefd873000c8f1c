"""The words of ``prepare-job``, ``pipeline watch`` and ``pipeline cache``."""

import os

import pytest

from pipeline.cache.store import ResultStore
from tests.cache.helpers import entry, key_of, put
from tests.cli import test_movies
from tests.cli.test_movies import movie
from tests.snapshots.words import Compare, Play, Scene


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """The program that probes movies."""


def studio(here: Scene, workflow: str = test_movies.WORKFLOW) -> dict[str, str]:
    """The workflows and the program that tests of movies have; variables that lead to the program."""
    here.write("config/workflows/subtitle.yaml", workflow)
    here.write("config/workflows/transcribe.yaml", "stages:\n  copy: {inputs: {file: job.input}}\n")
    program = here.write("bin/ffprobe", test_movies.FFPROBE)
    program.chmod(0o755)
    return {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_words_of_prepare_job(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    with play.scene("an environment that isn't built") as here:
        there = studio(here)
        here.write("a.mkv", movie())
        here.say("prepare-job", "--subtitle", "a.mkv", variables=there)
    with play.scene("files that are no movies", ready=True) as here:
        there = studio(here)
        here.write("empty.mkv", "")
        here.write("text.mkv", "no movie")
        for name in ("empty.mkv", "text.mkv", "absent.mkv"):
            here.say("prepare-job", "--subtitle", name, variables=there)
    with play.scene("one movie, and again", ready=True) as here:
        there = studio(here)
        here.write("a.mkv", movie())
        here.write("has.mkv", movie("eng", spoken="eng"))
        here.say("prepare-job", "--subtitle", "a.mkv", variables=there)
        here.say("prepare-job", "--subtitle", "has.mkv", variables=there)
        here.say("prepare-job", "--transcribe", "-t", "es", "a.mkv", variables=there)
        here.say("prepare-job", "--subtitle", "--from-subtitles", "a.mkv", variables=there)
        here.say("prepare-job", "--subtitle", "--run", "--json", "a.mkv", variables=there)
    with play.scene("a folder of movies", ready=True) as here:
        there = studio(here)
        here.write("films/a.mkv", movie())
        here.write("films/a.mp4", movie())
        here.write("films/b.mkv", "no movie at all")
        here.write("films/has.mkv", movie("eng"))
        here.say("prepare-job", "--subtitle", "-s", "en", "--beside", "films", variables=there)
        here.say("prepare-job", "--subtitle", "-s", "en", "--beside", "films", variables=there)
    with play.scene("options that change nothing", ready=True) as here:
        there = studio(here, test_movies.PARAMETERS)
        here.write("a.mkv", movie())
        for words in (
            ["--recut"],
            ["--glossary", "names.csv"],
            ["--asr", "alpha", "--from-subtitles=a.srt"],
        ):
            here.say("prepare-job", "--subtitle", *words, "a.mkv", variables=there)
    same_words("prepare-job", play.words)


def test_the_words_of_pipeline_watch(play_ready: Play, same_words: Compare) -> None:
    with play_ready.scene("a folder with a good file and a bad one", ready=True) as here:
        there = studio(here)
        words = ("pipeline", "watch", "in", "--subtitle", "--settle", "0.2", "--once")
        here.say(*words, variables=there)
        here.write("in/bad.mkv", "no movie")
        here.say("pipeline", "watch", str(here.root / "in"), *words[3:], variables=there, apart=True)
    same_words("pipeline-watch", play_ready.words)


def test_the_words_of_pipeline_cache(play: Play, same_words: Compare) -> None:
    with play.scene("no results") as here:
        here.say("pipeline", "cache", "status")
        here.say("pipeline", "cache", "verify")
        here.say("pipeline", "cache", "gc")
    with play.scene("three results, one of them damaged") as here:
        store = ResultStore(here.root / "cache" / "results")
        for name in ("old", "middle", "new"):
            put(store, name, words=f"{name}\n")
        here.say("pipeline", "cache", "status")
        here.say("pipeline", "cache", "verify")
        (entry(store, key_of("middle")) / "outputs" / "words.txt").unlink()
        here.say("pipeline", "cache", "verify")
        here.say("pipeline", "cache", "verify", "--remove")
        here.say("pipeline", "cache", "gc", "--limit", "much")
        here.say("pipeline", "cache", "gc", "--limit", "0", "--dry-run")
        here.say("pipeline", "cache", "gc", "--limit", "0")
    same_words("pipeline-cache", play.words)
