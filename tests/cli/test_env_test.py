"""``pipeline env test``."""

from tests.conftest import Sandbox


def test_what_ran_and_how_long_is_told(ready: Sandbox, spawning: None) -> None:
    done = ready.give("pipeline", "env", "test", "alpha")
    assert done.code == 0, done.err
    first, second = done.out.splitlines()
    assert first.startswith("passed  is what was built  (")
    assert second.startswith("passed  importing quirk  (")


def test_a_smoke_script_that_fails_leaves_with_its_words(ready: Sandbox, spawning: None) -> None:
    ready.write("config/environments/alpha.yaml", 'python: ">=3.11"\nimports: [quirk]\nsmoke: smoke.py\n')
    ready.write("smoke.py", "raise SystemExit('no kernel image')\n")
    done = ready.give("pipeline", "env", "test", "alpha")
    assert done.code == 3
    assert "failed  running smoke.py" in done.out
    assert "running smoke.py fails: no kernel image" in done.err


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
    assert done.code == 3
    assert "environment 'alpha' isn't built" in done.err
    assert "bootstrap --env alpha" in done.err


def test_an_environment_of_somebody_else_is_tried_where_it_is(ready: Sandbox, spawning: None) -> None:
    prefix = (ready.root / "venv" / "alpha").resolve()
    ready.write("config/environments/foreign.yaml", f"interpreter: {prefix}\nimports: [quirk, absent]\n")
    done = ready.give("pipeline", "env", "test", "foreign")
    assert done.code == 3
    assert "No module named 'absent'" in done.err
    assert "is what was built" not in done.out  # we have built nothing
    assert "mend that environment" in done.err


def test_an_environment_of_somebody_else_that_is_gone_is_told(ready: Sandbox, spawning: None) -> None:
    ready.write("config/environments/foreign.yaml", "interpreter: nowhere\n")
    done = ready.run("pipeline", "env", "test", "foreign")
    assert done.code == 3
    assert f"{ready.root}/nowhere: it isn't there" in done.err
    assert "mend that environment" in done.err
