"""The words of ``bootstrap``, ``pipeline doctor`` and ``pipeline env``.

What uv itself says depends on its version; those messages are looked at in tests/cli.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.envs import leases
from pipeline.envs.registry import Registry
from tests.cli.env import test_register
from tests.conftest import make_wheel, offline
from tests.jobs.helpers import prepared
from tests.snapshots.words import Compare, Play, Scene


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """Most of these start uv."""


def only_wheels(here: Scene) -> Mapping[str, str]:
    return offline(here.root.parent)


def module(here: Scene) -> Path:
    (found,) = (here.root / "venv/alpha").resolve().glob("lib/python3*/site-packages/quirk.py")
    return found


def test_the_words_of_bootstrap(play: Play, same_words: Compare) -> None:
    with play.scene("nothing is needed") as here:
        here.say("bootstrap")
    with play.scene("wrong command lines") as here:
        for words in (
            ["--env", "alhpa"],
            ["--env", ""],
            ["--env", "alpha", "--all"],
            ["--evn", "alpha"],
            ["alpha"],
            ["--all", "--jobs", "0"],
            ["--repair", "--all"],
            ["--prefetch", "--force"],
        ):
            here.say("bootstrap", *words)
    with play.scene("built, built again, damaged and repaired") as here:
        here.say("bootstrap", "--env", "alpha", variables=only_wheels(here))
        here.say("bootstrap", "--env", "alpha", variables=only_wheels(here))
        here.say("bootstrap", "--repair", variables=only_wheels(here))
        os.truncate(module(here), 3)
        here.say("bootstrap", "--repair", variables=only_wheels(here))
    with play.scene("a lock that lacks a requirement") as here:
        here.write("requirements/alpha.txt", "quirk\nmissing\n")
        here.say("bootstrap", "--env", "alpha", variables=only_wheels(here))
    with play.scene("a module that can't be imported") as here:
        here.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [absent]\n')
        here.say("bootstrap", "--env", "alpha", variables=only_wheels(here))
    with play.scene("a file in the folder's place") as here:
        here.write("venv", "not a folder")
        here.say("bootstrap", "--env", "alpha", variables=only_wheels(here))
    same_words("bootstrap", play.words)


def test_the_words_of_pipeline_doctor(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    with play.scene("all is well", ready=True) as here:
        here.say("pipeline", "doctor", "alpha")
        here.say("pipeline", "doctor", "alfa")
    with play.scene("never built, and a broken definition") as here:
        here.write("config/environments/beta.yaml", "pyton: [\n")
        here.say("pipeline", "doctor")
        here.say("pipeline", "doctor", "alpha")
    with play.scene("a lock that doesn't fit, and an external environment that isn't there", ready=True) as here:
        here.write("requirements/alpha.txt", "quirk\nabsent\n")
        here.write("config/environments/beta.yaml", "interpreter: nowhere\n")
        here.say("pipeline", "doctor")
    with play.scene("damage") as here:
        here.give("bootstrap", "--env", "alpha", variables=only_wheels(here))
        os.truncate(module(here), 3)
        (here.root / "venv/.builds/0123456789abcdef.01234567").mkdir()
        here.say("pipeline", "doctor", "alpha")
    same_words("pipeline-doctor", play.words)


def test_the_words_of_status_gc_and_remove(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    with play.scene("environments of all kinds", ready=True) as here:
        here.write("config/environments/broken.yaml", "pyton: 3\n")
        here.write("config/environments/gone.yaml", "interpreter: nowhere\n")
        here.write("requirements/beta.lock", "quirk==2.0\n")
        here.say("pipeline", "env", "list")
        here.say("pipeline", "env", "remove", "alhpa")
        here.say("pipeline", "env", "gc", "--limit", "many")
        here.say("pipeline", "env", "gc", "--older-than", "-1")
    with play.scene("builds that are needed, and that are not") as here:
        here.give("bootstrap", "--env", "alpha", variables=only_wheels(here))
        here.workflow("one", "copy: {inputs: {file: job.input}}")
        prepared(here, "one")
        build = Registry(here.root / "venv").live("alpha")
        assert build is not None
        here.say("pipeline", "env", "gc")
        here.say("pipeline", "env", "remove", "alpha")
        with leases.hold(build):
            here.say("pipeline", "env", "remove", "alpha", "--force", apart=True)
    same_words("pipeline-env", play.words)


def test_the_words_of_lock_and_register(play: Play, same_words: Compare) -> None:
    with play.scene("a lock that is made") as here:
        here.write("requirements/alpha.txt", "quirk>=2\n")
        here.say("pipeline", "env", "lock", "--check", variables=only_wheels(here))
        here.say("pipeline", "env", "lock", "alpha", variables=only_wheels(here))
        here.say("pipeline", "env", "lock", "--check", variables=only_wheels(here))
        here.say("pipeline", "env", "lock", "alfa")
        here.say("pipeline", "env", "lock", "--upgrade", "alpha", variables=only_wheels(here))
        here.write("config/environments/external.yaml", "interpreter: /opt/env\n")
        here.say("pipeline", "env", "lock", "external")
    with play.scene("a stage that is taken in") as here:
        here.write("brought.py", test_register.STAGE)
        here.write("Upper.py", test_register.STAGE)
        here.write("walks.py", test_register.STAGE.replace("def run(", "def walk("))
        for words in (["absent.py"], ["Upper.py"], ["walks.py"], ["brought.py"], ["brought.py"]):
            here.say("pipeline", "env", "register", *words, variables=only_wheels(here))
    same_words("pipeline-env-lock", play.words)


def test_the_words_of_env_test_sbom_and_licenses(play_ready: Play, same_words: Compare) -> None:
    play = play_ready
    with play.scene("an environment that isn't built") as here:
        for command in ("test", "sbom", "licenses"):
            here.say("pipeline", "env", command, "alpha")
    with play.scene("an external one that isn't there") as here:
        here.write("config/environments/alpha.yaml", "interpreter: nowhere\n")
        for command in ("test", "sbom", "licenses"):
            here.say("pipeline", "env", command, "alpha", apart=True)
    with play.scene("one that is built", ready=True) as here:
        here.say("pipeline", "env", "test", "alpha")
        here.say("pipeline", "env", "licenses", "alpha")
        here.say("pipeline", "env", "sbom", "alpha", "-o", "none/a.json")
        here.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk]\nsmoke: smoke.py\n')
        here.write("smoke.py", "raise SystemExit('no kernel image')\n")
        here.say("pipeline", "env", "test", "alpha")
    same_words("pipeline-env-test", play.words)


def test_the_words_of_bundles(play: Play, same_words: Compare) -> None:
    with play.scene("a bundle that is made, and that is altered") as here:
        there = only_wheels(here)
        here.say("pipeline", "env", "bundle", "alfa", "-o", "b.tar")
        here.say("pipeline", "env", "bundle", "alpha", "-o", "b.tar", variables=there)
        here.say("pipeline", "env", "bundle", "alpha", "-o", "stages", variables=there)
        data = (here.root / "b.tar").read_bytes()
        (here.root / "torn.tar").write_bytes(data[: len(data) // 2])
        (here.root / "altered.tar").write_bytes(data.replace(b"VERSION = '1.0'", b"VERSION = '6.6'"))
        for name in ("none.tar", "torn.tar", "altered.tar"):
            here.say("bootstrap", "--from-bundle", name)
        here.write("requirements/alpha.lock", "# another\n")
        here.say("bootstrap", "--from-bundle", "b.tar")
    same_words("bundles", play.words)


def test_the_words_of_explain_and_plan(play: Play, same_words: Compare) -> None:
    with play.scene("two that conflict") as here:
        wheels = here.root.parent / "wheels"
        for version in ("1.0", "2.0"):
            make_wheel(wheels, "hub", version, "")
        make_wheel(wheels, "app", "1.0", "", "Requires-Dist: hub>=2\n")
        make_wheel(wheels, "old", "1.0", "", "Requires-Dist: hub<2\n")
        here.write("requirements/alpha.txt", "# media\n--no-index\napp\n")
        here.write("requirements/beta.txt", "old==1.0\n")
        there = only_wheels(here)
        here.say("pipeline", "env", "explain", "alpha", "beta", variables=there)
        here.say("pipeline", "env", "explain", "alpha", "hub<2", variables=there)
        here.say("pipeline", "env", "plan", variables=there)
        here.say("pipeline", "env", "explain", "alpha", variables=there)
        here.say("pipeline", "env", "explain", "alpha", "what is this?", variables=there)
        here.write("requirements/beta.txt", "\n-e ./local\n")
        here.say("pipeline", "env", "explain", "alpha", "beta", variables=there)
        here.write("requirements/beta.txt", "hub\n")
        here.say("pipeline", "env", "explain", "alpha", "beta", variables=there)
        here.say("pipeline", "env", "plan", variables=there)
    same_words("pipeline-env-explain", play.words)
