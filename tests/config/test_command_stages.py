"""Files of command stages: what is refused, and where the mistake is."""

import pytest

from pipeline.config import stages
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder
from tests.conftest import Sandbox

HEAD = """environment: alpha
inputs: [text, parts]
parameters: {word: hello, words: []}
outputs: {result: result.txt, picture: "*.png", tiles: tiles/}
files: [plot.R]
"""

MISTAKES = [
    ('command: [cp, "{input.txt}"]', "did you mean 'input.text'?"),
    ('command: [cp, "{inputs.text}"]', "did you mean 'input.text'?"),
    ('command: [cp, "{output.reslt}"]', "did you mean 'output.result'?"),
    ('command: [cp, "{parameter.wrod}"]', "did you mean 'parameter.word'?"),
    ('command: [cp, "{model.m}"]', "no model 'm'"),
    ('command: [cp, "{file.plot.r}"]', "did you mean 'file.plot.R'?"),
    ('command: [awk, "{print $1}"]', "{{"),
    ('command: [cp, "{input.text"]', "{{"),
    ('command: [cp, "{cpu}"]', "did you mean 'cpus'?"),
    ('command: [cp, "{output.picture}"]', "{output_folder}/NAME"),
    ('command: [cp, "--x={parameter.words}"]', "a word by itself"),
    ('command: ["{input.text}"]', "written out"),
    ("command: [bin/tool]", "{file.NAME}"),
    ("command: ['']", "empty"),
    ("command: [echo]\nprograms: [./x]", "{file.NAME}"),
    ("command: [echo]\nstdout: reslt", "did you mean 'result'?"),
    ("command: [echo]\nstdout: picture", "no name of its own"),
    ("command: [echo]\nstdout: tiles", "is a folder"),
    ("command: [echo]\nstdin: txt", "did you mean 'text'?"),
    ("command: [echo]\nvariables: {PATH: x}", "computed"),
    ("command: [echo]\nvariables: {X: '{parameter.wrod}'}", "did you mean 'parameter.word'?"),
    ("command: [echo]\nstart: [worker]", "unknown key 'start'"),
    ("command: echo x", "'shell:'"),
    ("command: [cp, {input.text}]", "in quotes"),
    ("command: [echo, ~]", "empty"),
    ("shell: [echo, x]", "'command:'"),
    ("command: [echo]\nshell: echo", "exactly one way"),
    ("", "exactly one way"),
    ("shell: cat '{input.text}'", "leave these out"),
    ('shell: cat "a b/{input.text}"', "leave these out"),
    ("shell: awk '{print $1}'", "{{"),
]


def load(sandbox: Sandbox, text: str, head: str = HEAD) -> stages.StageSpec:
    sandbox.write("stages/plot.R", "print(1)\n")
    sandbox.write("stages/tested.yaml", head + text)
    return stages.load(ProjectFolder(sandbox.root), "tested")


def refused(sandbox: Sandbox, text: str, head: str = HEAD) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as error:
        load(sandbox, text, head)
    return error.value


def test_a_command_is_read_with_all_that_it_declares(sandbox: Sandbox) -> None:
    spec = load(sandbox, 'command: [Rscript, "{file.plot.R}", -n, 2]\nretries: {attempts: 2}\n')
    assert spec.command is not None
    assert spec.command.words == ("Rscript", "{file.plot.R}", "-n", "2")
    assert spec.command.programs == ("Rscript",)
    assert spec.command.files["plot.R"] == sandbox.root / "stages" / "plot.R"
    assert spec.policy == {"retries": {"attempts": 2}}


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_a_mistake_is_told_with_its_place(sandbox: Sandbox, text: str, said: str) -> None:
    error = refused(sandbox, text)
    assert error.message.startswith("stages/tested.yaml:")
    assert said in error.message


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../outside.R", "lies outside"),
        ("/etc/passwd", "lies outside"),
        ("missing.R", "isn't there"),
        ("modules", "folder"),
    ],
)
def test_a_file_that_is_not_the_stage_s_own_is_refused(sandbox: Sandbox, name: str, said: str) -> None:
    (sandbox.root / "stages" / "modules").mkdir()
    sandbox.write("outside.R", "x")
    assert said in refused(sandbox, "command: [echo]", HEAD.replace("plot.R", name)).message


def test_a_link_that_leads_outside_is_refused(sandbox: Sandbox) -> None:
    sandbox.write("outside.R", "x")
    (sandbox.root / "stages" / "linked.R").symlink_to(sandbox.root / "outside.R")
    assert "lies outside" in refused(sandbox, "command: [echo]", HEAD.replace("plot.R", "linked.R")).message


@pytest.mark.parametrize(
    "text",
    [
        "shell: cat {input.text} | awk '{{print $1}}' > {output.result}",
        "shell: echo 'it'\\''s' {input.text}",
        "shell: |\n  # don't\n  cat {input.text}",
        "shell: |\n  cat <<'END' > {output.result}\n  don't {parameter.word}\n  END",
        'shell: echo "a \\" b" {input.text}',
        "shell: echo x#'y' {input.text}",
    ],
)
def test_quotes_around_other_things_are_a_shell_s_own(sandbox: Sandbox, text: str) -> None:
    spec = load(sandbox, f"{text}\n").command
    assert spec is not None
    assert spec.programs == ("bash",)


def test_a_name_that_stands_for_two_stages_is_refused(sandbox: Sandbox) -> None:
    sandbox.write("stages/tested.py", "")
    assert "both define" in refused(sandbox, "command: [echo]").message


def test_a_word_is_what_was_written(sandbox: Sandbox) -> None:
    words = "1.10, 1:30, 012, 0x1F, 1_000, yes, true, 2024-01-01, 1e3"
    spec = load(sandbox, f"command: [echo, {words}]\nvariables: {{V: 1.10, W: true}}\n").command
    assert spec is not None
    assert spec.words == ("echo", *words.split(", "))
    assert spec.variables == {"V": "1.10", "W": "true"}


def test_command_stages_are_among_the_names(sandbox: Sandbox) -> None:
    load(sandbox, "command: [echo]")
    assert "tested" in stages.names(ProjectFolder(sandbox.root))
