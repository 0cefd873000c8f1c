"""``pipeline env test``."""

import re

from tests.conftest import Sandbox


def test_what_ran_and_how_long_is_told(ready: Sandbox, spawning: None) -> None:
    done = ready.give("pipeline", "env", "test", "alpha")
    assert done.code == 0, done.err
    _, second = done.out.splitlines()
    assert re.fullmatch(r".*\bquirk\b.*\d s.*", second)


def test_a_smoke_script_that_fails_leaves_with_its_words(ready: Sandbox, spawning: None) -> None:
    ready.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk]\nsmoke: smoke.py\n')
    ready.write("smoke.py", "raise SystemExit('no kernel image')\n")
    done = ready.give("pipeline", "env", "test", "alpha")
    assert done.code == 3
    assert re.search(r"smoke\.py.*: no kernel image", done.error)


def test_the_script_sees_the_definition_s_variables_and_the_project_s_cache(ready: Sandbox, spawning: None) -> None:
    ready.write(
        "config/environments/alpha.yaml",
        'python: ">=3.11"\nsmoke: smoke.py\nvariables: {LEVEL: "{cache}/level"}\n',
    )
    ready.write("smoke.py", "import os, sys\nsys.exit(f\"{os.environ['LEVEL']} {os.environ['HF_HOME']}\")\n")
    done = ready.give("pipeline", "env", "test", "alpha", "--json")
    assert done.code == 3
    problem = done.data["probes"][-1]["problem"]
    assert f"{ready.root}/cache/level {ready.root}/cache/home/huggingface" in problem


def test_one_that_is_not_built_is_told_with_the_command(sandbox: Sandbox, spawning: None) -> None:
    done = sandbox.give("pipeline", "env", "test", "alpha")
    assert (done.code, done.next_step) == (3, "bootstrap --env alpha")


def test_an_external_environment_is_tried_where_it_is(ready: Sandbox, spawning: None) -> None:
    prefix = (ready.root / "venv" / "alpha").resolve()
    ready.write("config/environments/foreign.yaml", f"interpreter: {prefix}\nimports: [quirk, absent]\n")
    done = ready.give("pipeline", "env", "test", "foreign")
    assert done.code == 3
    assert "No module named 'absent'" in done.error
    assert len(done.out.splitlines()) == 1  # its imports; we have built nothing that could be looked at
    assert "'foreign'" in done.next_step


def test_an_external_environment_that_is_gone_is_told(ready: Sandbox, spawning: None) -> None:
    ready.write("config/environments/foreign.yaml", "interpreter: nowhere\n")
    done = ready.run("pipeline", "env", "test", "foreign")
    assert done.code == 3
    assert f"{ready.root}/nowhere" in done.error
    assert "'foreign'" in done.next_step
