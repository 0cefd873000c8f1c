"""A Snakefile's rules become stages where nothing has to be guessed; all else is named by its line."""

from pathlib import Path

import pytest

from pipeline.config.catalog import Catalog
from pipeline.errors import ConfigurationError, UsageError
from pipeline.project import ProjectFolder
from pipeline.scaffold import new_files
from pipeline.scaffold.adoption import snakefile, sources
from pipeline.scaffold.adoption.values import AdoptedProject
from pipeline.scaffold.example_files import BARE, files_of

SORT = """
rule sort:
    '''What it is for.'''
    input:
        "data/{sample}.txt",  # a comment
    output:
        "sorted/{sample}.txt"
    params:
        key=2,
        extra="-f -r"
    threads: 2
    conda: "envs/tools.yaml"
    shell:
        "sort -k {params.key} {params.extra} '{input}' "
        "> {output}"
"""
HEAD = """
rule Head:
    input: lines="sorted/{sample}.txt"
    output: first="first/{sample}.txt"
    log: "logs/{sample}.log"
    shell: '''
        head -n 2 {input.lines} > {output.first} 2> {log}
        awk '{{print $1}}' {input[0]} > /dev/null
        '''
"""
CONDA = "channels: [conda-forge]\ndependencies:\n  - python=3.11\n  - coreutils=9.5\n  - pip\n  - pip:\n    - idna>=3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "from/envs").mkdir(parents=True)
    (tmp_path / "from/envs/tools.yaml").write_text(CONDA)
    return tmp_path / "from"


def adopt(folder: Path, text: str) -> AdoptedProject:
    (folder / "Snakefile").write_text(text)
    return sources.adopted(folder / "Snakefile")


def project(folder: Path, adopted: AdoptedProject) -> Catalog:
    root = folder.parent / "project"
    new_files.write(root, (*adopted.files, *files_of(BARE)))
    return Catalog(ProjectFolder(root))


def reasons(adopted: AdoptedProject) -> str:
    return "\n".join(map(str, adopted.left_out))


def test_rules_become_stages_with_their_command_and_a_workflow(folder: Path) -> None:
    catalog = project(folder, adopt(folder, SORT + HEAD))
    sort, head = catalog.stage("sort"), catalog.stage("head")
    assert sort.command is not None
    assert sort.command.shell == "sort -k {parameter.key} -f -r {input.file} > {output.file}"
    assert (sort.environment, sort.outputs, sort.parameters) == ("tools", {"file": "sample.txt"}, {"key": 2})
    assert sort.policy["resources"] == {"cpus": 2}
    assert head.command is not None
    assert head.command.shell == (
        "head -n 2 {input.lines} > {output.first} 2> {output.log}\nawk '{{print $1}}' {input.lines} > /dev/null"
    )
    workflow = catalog.workflow("snakefile")
    assert workflow.stages["sort"].inputs == {"file": "job.input"}
    assert workflow.stages["head"].inputs == {"lines": "sort.file"}
    assert [each.output for each in workflow.deliver] == ["head.first", "head.log"]


def test_an_environment_has_what_pypi_has_and_names_the_rest(folder: Path) -> None:
    adopted = adopt(folder, SORT)
    catalog = project(folder, adopted)
    assert catalog.declared_environment("tools").python == "==3.11.*"
    assert (catalog.project.requirements / "tools.txt").read_text() == "idna>=3\n"
    assert "coreutils=9.5" in (catalog.project.config / "environments/tools.yaml").read_text()
    assert "envs/tools.yaml:4: coreutils=9.5 is conda's" in reasons(adopted)
    assert adopted.environments_to_lock == ("tools",)


def test_a_rule_without_an_environment_gets_one_without_packages_and_its_lock(folder: Path) -> None:
    catalog = project(folder, adopt(folder, HEAD))
    assert catalog.stage("head").environment == "plain"
    assert catalog.environment("plain").locked.is_file()


def test_what_a_target_rule_asks_for_is_delivered(folder: Path) -> None:
    target = "rule all:\n    input: 'sorted/{sample}.txt'\n"
    workflow = project(folder, adopt(folder, target + SORT + HEAD)).workflow("snakefile")
    assert [each.output for each in workflow.deliver] == ["sort.file"]


UNREADABLE = [
    ("rule a:\n    input: expand('x{n}', n=N)\n    output: 'o'\n    shell: 'x'", 2, "isn't written out: expand"),
    ("rule a:\n    input: lambda w: w.x\n    output: 'o'\n    shell: 'x'", 2, "isn't written out"),
    ("rule a:\n    input: f'{x}'\n    output: 'o'\n    shell: 'x'", 2, "isn't written out"),
    ("rule a:\n    input: *files\n    output: 'o'\n    shell: 'x'", 2, "isn't written out"),
    ("rule a:\n    output: 'o'\n    shell: 'x {wildcards.sample}'", 3, "{wildcards.sample}"),
    ("rule a:\n    output: 'o'\n    shell: 'x {config[a]}'", 3, "{config[a]}"),
    ("rule a:\n    output: 'o'\n    shell: 'x {input}'", 3, "{input}"),
    ("rule a:\n    output: 'o'\n    shell: 'x {'", 3, "brace"),
    ("rule a:\n    output: 'o'\n    shell: \"echo 'to {output}'\"", 3, "in quotes"),
    ("rule a:\n    output: 'o'\n    script: 'x.py'", 3, "'script:' isn't read"),
    ("rule a:\n    output: 'o'\n    run:\n        print(1)", 3, "'run:' isn't read"),
    ("rule a:\n    output: 'o'\n    container: 'docker://x'\n    shell: 'x'", 3, "'container:'"),
    ("rule a:\n    output: 'o'\n    conda: 'name'\n    shell: 'x'", 3, "'conda:'"),
    ("rule a:\n    output: 'o', 'p/o'\n    shell: 'x'", 1, "two of its outputs"),
    ("rule a:\n    output: directory('o')\n    shell: 'x'", 2, "isn't written out: directory"),
    ("rule a:\n    output: 'o'\n    threads: 'many'\n    shell: 'x'", 3, "'threads:'"),
    ("rule a:\n    input: 'i'\n    shell: 'x {input}'", 1, "no 'output:'"),
    ("rule job:\n    output: 'o'\n    shell: 'x'", 1, "this name"),
    ("rule:\n    output: 'o'\n    shell: 'x'", 1, "rule has a name"),
    ("rule a:\n    output:\n    shell: 'x'", 2, "is empty"),
    ("include: 'other.smk'", 1, "not read: include"),
    ("checkpoint a:\n    output: 'o'\n    shell: 'x'", 1, "not read: checkpoint"),
    ("if x:\n    rule a:\n        output: 'o'\n        shell: 'x'", 1, "not read: if x"),
    ("def f(w):\n    return 1", 1, "not read: def"),
]


@pytest.mark.parametrize(("text", "line", "reason"), UNREADABLE, ids=[reason for *_, reason in UNREADABLE])
def test_what_can_t_be_read_is_named_by_its_line_and_left_out(folder: Path, text: str, line: int, reason: str) -> None:
    adopted = adopt(folder, f"{text}\n{HEAD}")
    assert any(each.line == line and reason in each.reason for each in adopted.left_out), reasons(adopted)
    assert [each.path for each in adopted.files if each.path.startswith("stages/")] == ["stages/head.yaml"]


@pytest.mark.parametrize("text", ["include: 'x.smk'", "rule a:\n    output: 'o'\n    script: 'x'"])
def test_no_workflow_is_written_where_an_input_may_come_from_what_is_left_out(folder: Path, text: str) -> None:
    adopted = adopt(folder, f"{text}\n{HEAD}")
    assert adopted.workflow == ""
    assert "no workflow" in reasons(adopted)


def test_nor_where_a_job_would_have_several_inputs(folder: Path) -> None:
    two = "rule a:\n    input: 'x', 'y'\n    output: 'o'\n    shell: 'cat {input} > {output}'\n"
    adopted = adopt(folder, two)
    assert "a job has one input" in reasons(adopted)
    command = project(folder, adopted).stage("a").command
    assert command is not None
    assert command.shell == "cat {input.file_1} {input.file_2} > {output.file}"


@pytest.mark.parametrize("conda", ["dependencies: 1\n", "[", "- x\n", None])
def test_a_conda_file_that_can_t_be_read_is_named_and_its_rules_are_left_out(folder: Path, conda: str | None) -> None:
    (folder / "envs/tools.yaml").unlink()
    if conda is not None:
        (folder / "envs/tools.yaml").write_text(conda)
    adopted = adopt(folder, SORT + HEAD)
    assert "tools.yaml" in reasons(adopted)
    assert adopted.workflow == ""
    assert [each.path for each in adopted.files if each.path.startswith("stages/")] == ["stages/head.yaml"]


def test_each_rule_has_its_own_names_for_wildcards(folder: Path) -> None:
    other = HEAD.replace("{sample}", "{name}")
    assert project(folder, adopt(folder, SORT + other)).workflow("snakefile").stages["head"].inputs == {
        "lines": "sort.file"
    }


def test_a_path_that_a_rule_may_make_is_not_taken_for_one_from_outside(folder: Path) -> None:
    some = "rule some:\n    input: 'sorted/A.txt'\n    output: 'some.txt'\n    shell: 'cp {input} {output}'\n"
    adopted = adopt(folder, SORT + some)
    assert adopted.workflow == ""
    assert "sorted/A.txt may be one of what sort makes" in reasons(adopted)


def test_nor_does_a_workflow_choose_among_rules_that_make_the_same_file(folder: Path) -> None:
    again = SORT.replace("rule sort", "rule again").replace("{sample}", "{x}")
    assert "several rules make sorted/{x}.txt" in reasons(adopt(folder, SORT + again))


def test_one_file_of_a_pattern_may_be_what_is_wanted(folder: Path) -> None:
    target = "rule all:\n    input: 'sorted/A.txt'\n"
    workflow = project(folder, adopt(folder, target + SORT + HEAD)).workflow("snakefile")
    assert [each.output for each in workflow.deliver] == ["sort.file"]


def test_marks_and_limits_change_nothing_of_a_command(folder: Path) -> None:
    rule = "rule a:\n    output: temp('o'), log=protected('p')\n    resources: mem_mb=4\n    shell: 'x {output}'\n"
    adopted = adopt(folder, rule)
    assert reasons(adopted) == "Snakefile:3: rule a: 'resources:' isn't taken over"
    assert project(folder, adopted).stage("a").outputs == {"file": "o", "log": "p"}


def test_params_that_the_command_does_not_use_are_told(folder: Path) -> None:
    rule = "rule a:\n    output: 'o'\n    params: 'y', a=1, b=2\n    shell: 'x {params.a} {output}'\n"
    adopted = adopt(folder, rule)
    assert [(each.line, name in each.reason) for each, name in zip(adopted.left_out, ("'b'", "'y'"), strict=True)] == [
        (3, True),
        (3, True),
    ]
    assert project(folder, adopted).stage("a").parameters == {"a": 1}


def test_lines_are_counted_as_python_counts_them(folder: Path) -> None:
    rule = "rule a:\n    message: 'a\u2028b \x0c'\n    output: 'o'\n    shell: 'x > {output}'\n"
    assert project(folder, adopt(folder, rule)).stage("a").outputs == {"file": "o"}


def test_a_value_that_a_shell_splits_or_reads_stays_a_part_of_the_command(folder: Path) -> None:
    text = "rule a:\n    output: 'o'\n    params: a='x y', b='$HOME', c='{z}', d=1.5, e='w'\n"
    with pytest.raises(UsageError):
        adopt(folder, text + "    shell: '{params.c} > {output}'\n")  # nothing is left
    command = project(
        folder, adopt(folder, text + "    shell: 'x {params.a} {params.b} {params.d} {params.e} > {output}'\n")
    ).stage("a")
    assert command.command is not None
    assert command.command.shell == "x x y $HOME {parameter.d} {parameter.e} > {output.file}"
    assert command.parameters == {"d": 1.5, "e": "w"}


def test_a_text_that_is_no_python_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match=r"Snakefile:\d+"):
        snakefile.read("rule a:\n    input: '''never closed", "Snakefile")


def test_every_beginning_of_a_file_is_read_or_refused() -> None:
    text = SORT + HEAD
    for end in range(len(text)):
        try:
            snakefile.read(text[:end], "Snakefile")
        except ConfigurationError:
            continue
