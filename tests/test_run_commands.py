"""Command stages in jobs: programs that are started with what the workflow gives, in the stage's environment."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Result, Sandbox

COPY = """
environment: alpha
inputs: [text]
parameters: {word: hello, words: [], flag: false, nothing: null}
outputs: {result: result.txt}
"""
SHOW = "import sys, json; json.dump(sys.argv[1:], open(sys.argv[1], 'w'))"


@pytest.fixture(autouse=True)
def _spawns(spawning: None) -> None:
    """All of these run jobs."""


def stage(sandbox: Sandbox, text: str, name: str = "tested", head: str = COPY) -> None:
    sandbox.write(f"stages/{name}.yaml", head + text)


def flow(sandbox: Sandbox, more: str = "") -> None:
    sandbox.workflow("tested", f"tested: {{inputs: {{text: job.input}}{more}}}", "deliver: [tested.result]")


def run(sandbox: Sandbox, *words: "str | Path", file: str = "input.txt") -> Result:
    if not (sandbox.root / file).exists():
        sandbox.write(file, "some input\n")
    return sandbox.run("pipeline", "run", "tested", sandbox.root / file, "--quiet", *words)


def result(done: Result) -> str:
    assert done.code == 0, done.err
    return Path(done.out.strip()).read_text()


def shown(sandbox: Sandbox, *words: str, more: str = "") -> list[str]:
    """The words that the command got after the first."""
    command = json.dumps(["python", "-c", SHOW, "{output.result}", *words])
    stage(sandbox, f"command: {command}\n")
    flow(sandbox, more)
    return list(json.loads(result(run(sandbox))))[1:]


def test_a_command_gets_its_inputs_and_writes_its_outputs(ready: Sandbox) -> None:
    stage(ready, 'command: [cp, "{input.text}", "{output.result}"]\n')
    flow(ready)
    assert result(run(ready)) == "some input\n"


def test_no_shell_reads_a_command(ready: Sandbox) -> None:
    assert shown(ready, "$HOME; echo", "*", "a b", "{{x}}") == ["$HOME; echo", "*", "a b", "{x}"]


def test_values_become_words(ready: Sandbox) -> None:
    more = ", parameters: {words: [a b, -c], word: 3, flag: true}"
    words = ["-w", "{parameter.words}", "--n={parameter.word}", "-f", "{parameter.flag}", "-x", "{parameter.nothing}"]
    assert shown(ready, *words, "--z={parameter.nothing}", more=more) == ["-w", "a b", "-c", "--n=3", "-f"]


def test_the_program_is_that_of_the_environment(ready: Sandbox) -> None:
    stage(ready, 'command: [python, -c, "import quirk; print(quirk.VERSION)"]\nstdout: result\n')
    flow(ready)
    assert result(run(ready)) == "1.0\n"


def test_a_folder_goes_from_one_command_to_the_next(ready: Sandbox) -> None:
    head = "environment: alpha\ninputs: [text]\noutputs: {parts: parts/}\n"
    stage(ready, "shell: cd {output.parts}; for i in 1 2 3; do cp {input.text} $i; done\n", "parts", head)
    stage(ready, "shell: ls {input.text} > {output.result}\n")
    stages = "parts: {inputs: {text: job.input}}\ntested: {inputs: {text: parts.parts}}"
    ready.workflow("tested", stages, "deliver: [tested.result]")
    assert result(run(ready)) == "1\n2\n3\n"


def test_standard_input_and_output_are_files_where_that_is_asked_for(ready: Sandbox) -> None:
    stage(ready, "command: [tr, a-z, A-Z]\nstdin: text\nstdout: result\n")
    flow(ready)
    assert result(run(ready)) == "SOME INPUT\n"


def test_a_shell_s_text_has_quoted_values_and_fails_in_the_middle_of_a_pipe(ready: Sandbox) -> None:
    stage(ready, "shell: |\n  printf '%s\\n' {parameter.word} {parameter.words} > {output.result}\n")
    flow(ready, """, parameters: {word: "a 'b' $HOME;\\n-x", words: ["*", "c d"]}""")
    assert result(run(ready)) == "a 'b' $HOME;\n-x\n*\nc d\n"
    stage(ready, "shell: 'false | cat > {output.result}'\n")
    assert run(ready).code == 4


@pytest.mark.parametrize("name", ["in put.txt", "new\nline.txt", "-dash.txt", 'it\'s "quoted".txt'])
@pytest.mark.parametrize(
    "way", ['command: [cp, "{input.text}", "{output.result}"]', "shell: cp {input.text} {output.result}"]
)
def test_files_with_odd_names_are_read(ready: Sandbox, name: str, way: str) -> None:
    stage(ready, f"{way}\n")
    flow(ready)
    ready.write(name, "odd\n")
    done = ready.run("pipeline", "run", "tested", "--quiet", "--", ready.root / name)
    assert done.code == 0, done.err
    (path,) = ready.root.glob("jobs/*/output/*.txt")
    assert path.read_text() == "odd\n"


def test_a_script_beside_it_is_used_and_its_change_runs_it_again(ready: Sandbox) -> None:
    script = ready.write("stages/upper.sh", "tr a-z A-Z < $1 > $2\n")
    stage(ready, 'files: [upper.sh]\ncommand: [sh, "{file.upper.sh}", "{input.text}", "{output.result}"]\n')
    flow(ready)
    assert result(run(ready)) == "SOME INPUT\n"
    script.write_text("echo changed > $2\n")
    assert result(run(ready)) == "changed\n"


def test_a_script_may_be_the_program_itself(ready: Sandbox) -> None:
    script = ready.write("stages/own.awk", "#!/usr/bin/env -S awk -f\n{ print NF }\n")
    stage(ready, 'files: [own.awk]\ncommand: ["{file.own.awk}", "{input.text}"]\nstdout: result\n')
    flow(ready)
    refused = run(ready)
    assert (refused.code, refused.next_step.splitlines()[0]) == (3, f"chmod +x {script}")
    script.chmod(0o755)
    assert result(run(ready)) == "2\n"


def test_a_script_whose_interpreter_is_not_there_is_told_before_there_is_a_job(ready: Sandbox) -> None:
    ready.write("stages/own.sh", "#!/nowhere/sh\n").chmod(0o755)
    stage(ready, 'files: [own.sh]\ncommand: ["{file.own.sh}"]\nstdout: result\n')
    flow(ready)
    done = run(ready)
    assert done.code == 3
    assert "/nowhere/sh" in done.error
    assert not list(ready.root.glob("jobs/job-*"))


def test_a_program_that_is_not_there_is_told_with_where_it_was_looked_for(ready: Sandbox) -> None:
    stage(ready, "command: [no-such-program]\n")
    flow(ready)
    done = run(ready)
    assert done.code == 3
    assert "'no-such-program'" in done.error
    assert str(ready.root / "venv") in done.error or "/bin" in done.error
    assert not list(ready.root.glob("jobs/job-*"))


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        ("echo x\n", 0o644, "permission"),
        ("#!/nowhere/sh\n", 0o755, "/nowhere/sh"),
        ("#!/usr/bin/env nosuch\n", 0o755, "nosuch"),
    ],
)
def test_a_program_that_cannot_be_started_is_told_before_there_is_a_job(
    ready: Sandbox, tmp_path: Path, content: str, mode: int, said: str
) -> None:
    program = tmp_path / "bin" / "mytool"
    program.parent.mkdir()
    program.write_text(content)
    program.chmod(mode)
    stage(ready, "shell: 'true'\nprograms: [mytool]\n")
    flow(ready)
    ready.write("input.txt", "x\n")
    path = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    done = ready.run("pipeline", "run", "tested", ready.root / "input.txt", variables=path)
    assert done.code == 3
    assert str(program) in done.error
    assert said in done.error
    assert not list(ready.root.glob("jobs/job-*"))


def test_a_program_that_is_gone_or_broken_when_the_job_runs_is_told(ready: Sandbox, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "mytool"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho x\n")
    program.chmod(0o755)
    stage(ready, "command: [mytool]\nstdout: result\n")
    flow(ready)
    ready.write("input.txt", "x\n")
    path = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    prepared = ready.run("prepare-job", ready.root / "input.txt", "--workflow", "tested", variables=path)
    program.write_text("#!/nowhere/sh\n")
    broken = ready.run("run-pipeline", "-j", prepared.out.strip(), variables=path)
    assert broken.code == 4
    assert "#!/nowhere/sh" in broken.error
    program.unlink()
    gone = ready.run("run-pipeline", "-j", prepared.out.strip(), variables=path)
    assert gone.code == 3
    assert "mytool" in gone.error


def test_a_shim_whose_upgrade_nobody_sees_is_told_with_what_to_write(ready: Sandbox, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "mytool"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nexec "$SHIMS/real" "$@"\n')
    program.chmod(0o755)
    stage(ready, "command: [mytool]\nstdout: result\n")
    flow(ready)
    ready.write("input.txt", "x\n")
    path = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    prepared = ready.run("prepare-job", ready.root / "input.txt", "--workflow", "tested", variables=path)
    assert prepared.code == 0, prepared.err
    assert "tools: [{mytool: {version: [--version]}}]" in prepared.err
    assert "config/environments/alpha.yaml" in prepared.err


def test_a_command_that_is_asked_to_end_may_clean_up(ready: Sandbox) -> None:
    marker = ready.root / "cleaned"
    began = ready.root / "began"
    stage(ready, f"shell: |\n  trap 'sleep 0.3; touch {marker}; exit 1' TERM\n  touch {began}\n  sleep 60 & wait\n")
    flow(ready)
    ready.write("input.txt", "x\n")
    started = ready.start("pipeline", "run", "tested", ready.root / "input.txt")
    deadline = time.monotonic() + 60
    while not began.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=60)
    assert started.returncode == 130
    assert marker.exists()


def test_a_command_is_never_given_to_a_worker(ready: Sandbox) -> None:
    stage(ready, "command: [echo, x]\nstdout: result\n")
    flow(ready)
    assert result(run(ready, "--start", "worker")) == "x\n"


def test_another_program_of_the_same_name_runs_it_again(ready: Sandbox, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "mytool"
    program.parent.mkdir()
    stage(ready, "command: [mytool]\nstdout: result\n")
    flow(ready)
    path = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    ready.write("input.txt", "x\n")
    for word in ("first", "second"):
        program.write_text(f"#!/bin/sh\necho {word}\n")
        program.chmod(0o755)
        done = ready.run("pipeline", "run", "tested", ready.root / "input.txt", "--quiet", variables=path)
        assert result(done) == f"{word}\n"
    before = {each.name for each in ready.root.glob("jobs/*/stages/tested/*")}
    ready.run("pipeline", "run", "tested", ready.root / "input.txt", variables=path)
    assert {each.name for each in ready.root.glob("jobs/*/stages/tested/*")} == before


def test_a_change_of_the_command_runs_it_again_and_a_comment_does_not(ready: Sandbox) -> None:
    stage(ready, "command: [echo, one]\nstdout: result\n")
    flow(ready)
    assert result(run(ready)) == "one\n"
    stage(ready, "# a comment\ncommand: [echo, one]\nstdout: result\n")
    assert result(run(ready)) == "one\n"
    assert len(list(ready.root.glob("jobs/*/stages/tested/*"))) == 1
    stage(ready, "command: [echo, two]\nstdout: result\n")
    (job,) = ready.root.glob("jobs/job-*")
    done = ready.run("run-pipeline", "-j", job.name)
    assert result(done) == "two\n"


def test_a_command_that_fails_is_told_with_its_last_lines(ready: Sandbox) -> None:
    stage(ready, "shell: echo this went wrong >&2; exit 7\n")
    flow(ready)
    done = run(ready)
    assert done.code == 4
    assert "exit code 7" in done.error
    assert "this went wrong" in done.error


@pytest.mark.parametrize("code", [1, 5, 96, 126])
def test_no_exit_code_of_a_command_means_something_to_us(ready: Sandbox, code: int) -> None:
    stage(ready, f"shell: exit {code}\n")
    flow(ready)
    done = run(ready)
    assert done.code == 4
    assert f"exit code {code}" in done.error


def test_a_command_that_is_killed_is_told_as_killed(ready: Sandbox) -> None:
    stage(ready, "shell: kill -SEGV $$\n")
    flow(ready)
    assert "SIGSEGV" in run(ready).error
    stage(ready, "shell: kill -KILL $$\n")
    assert "SIGKILL" in run(ready).error


def test_an_output_that_was_not_made_fails(ready: Sandbox) -> None:
    stage(ready, "command: ['true']\n")
    flow(ready)
    done = run(ready)
    assert done.code == 4
    assert "result" in done.error


def test_much_output_goes_into_a_file(ready: Sandbox) -> None:
    stage(ready, "shell: head -c 50000000 /dev/zero\nstdout: result\n")
    flow(ready)
    done = run(ready)
    assert done.code == 0, done.err
    assert Path(done.out.strip()).stat().st_size == 50_000_000


def test_what_a_command_leaves_behind_is_ended(ready: Sandbox) -> None:
    stage(ready, "shell: 'sleep 1000 & echo $! > {output.result}'\n")
    flow(ready)
    pid = int(result(run(ready)))
    assert not Path(f"/proc/{pid}").exists() or "sleep" not in Path(f"/proc/{pid}/cmdline").read_text()


def test_a_command_works_in_a_folder_of_its_own(ready: Sandbox) -> None:
    stage(ready, "shell: 'pwd > {output.result}; echo x > scratch; test {work} = $(pwd)'\n")
    flow(ready)
    folder = Path(result(run(ready)).strip())
    assert folder.name == "work"
    assert not folder.exists()


def test_time_limits_and_retries_hold(ready: Sandbox) -> None:
    stage(ready, "command: [sleep, 100]\ntimeout_seconds: 1\nretries: {attempts: 2, backoff: 0.1}\n")
    flow(ready)
    done = run(ready)
    assert done.code == 4
    assert "longer than 1 s" in done.error


def test_a_secret_reaches_a_command_by_a_variable_and_never_by_its_words(ready: Sandbox) -> None:
    head = "parameters: {token: {type: secret}}\ndeliver: [tested.result]"
    ready.workflow("tested", "tested: {inputs: {text: job.input}, parameters: {word: $token}}", head)
    stage(ready, "variables: {TOKEN: '{parameter.word}'}\nshell: 'echo $TOKEN; echo ${{#TOKEN}} > {output.result}'\n")
    ready.write("input.txt", "x\n")
    words = ["pipeline", "run", "tested", str(ready.root / "input.txt"), "--param", "token=env:MY_TOKEN"]
    done = ready.run(*words, "--quiet", variables={"MY_TOKEN": "hidden-word"})
    assert result(done) == "11\n"
    (log,) = ready.root.glob("jobs/*/logs/tested.log")
    assert log.read_text() == "***\n"
    stage(ready, "command: [echo, '{parameter.word}']\nstdout: result\n")
    refused = ready.run(*words, variables={"MY_TOKEN": "hidden-word"})
    assert refused.code == 2
    assert "TOKEN" in refused.next_step or "WORD" in refused.next_step


def test_a_list_in_the_middle_of_a_word_is_refused_before_there_is_a_job(ready: Sandbox) -> None:
    stage(ready, "command: [echo, 'x{parameter.word}']\nstdout: result\n")
    flow(ready, ", parameters: {word: [a, b]}")
    done = run(ready)
    assert done.code == 2
    assert "config/workflows/tested.yaml" in done.error


def test_a_fan_out_runs_a_command_for_each_value(ready: Sandbox) -> None:
    stage(ready, "command: [echo, '{parameter.word}']\nstdout: result\n")
    entry = "tested: {for_each: [a, b], inputs: {text: job.input}, parameters: {word: $each}}"
    stage(ready, 'command: [cat, "{input.text}"]\nstdout: result\n', "all")
    ready.workflow("tested", f"{entry}\nall: {{inputs: {{text: tested.result}}}}", "deliver: [all.result]")
    assert result(run(ready)) == "a\nb\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")
def test_a_command_is_confined_like_any_stage(ready: Sandbox) -> None:
    stage(ready, f"shell: 'echo x > {ready.root}/stray || echo refused > {{output.result}}'\nread_only: true\n")
    flow(ready)
    done = run(ready)
    if "can't be confined" in done.err or (ready.root / "stray").exists():
        pytest.skip("this machine doesn't confine")
    assert result(done) == "refused\n"


def test_a_stage_that_is_there_twice_is_refused(ready: Sandbox) -> None:
    stage(ready, "command: ['true']\n", "noop")
    ready.workflow("tested", "noop: {}")
    done = run(ready)
    assert done.code == 2
    assert "noop.yaml" in done.error
