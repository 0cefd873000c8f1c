"""A command line is read by a table of options."""

from typing import Any

import pytest

from pipeline.cli.options import Option, click_command, parse
from pipeline.cli.run_options import NAME, OPTIONS, TEXT
from pipeline.errors import UsageError

READ: list[tuple[list[str], dict[str, Any]]] = [
    ([], {"jobs": [], "keep_going": True, "force": None, "all": None}),
    (["-j", "latest"], {"jobs": ["latest"]}),
    (["-jlatest"], {"jobs": ["latest"]}),
    (["--job=a", "-j", "b"], {"jobs": ["a", "b"]}),
    (["--root", "folder", "-j", "a", "--max-parallel", "2"], {"jobs": ["a"], "max_parallel": 2}),
    (["-j", "a", "--force"], {"force": "*"}),
    (["-j", "a", "--force", "asr"], {"force": "asr"}),
    (["--force=asr", "-j", "a"], {"force": "asr", "jobs": ["a"]}),
    (["--force", "-j", "a"], {"force": "*", "jobs": ["a"]}),
    (["--fail-fast"], {"keep_going": False}),
    (["--fail-fast", "--keep-going"], {"keep_going": True}),
    (["--start", "worker", "--timeout", "1e2"], {"start": "worker", "timeout": 100.0}),
    (["--limit", "cpus=4", "--limit=memory=8GiB"], {"limits": ["cpus=4", "memory=8GiB"]}),
]
REFUSED = {
    "--max-parallel 0": "at least 1",
    "--max-parallel two": "at least 1",
    "--max-parallel ²": "at least 1",
    "--start hot": "cold or worker",
    "--timeout -1": "needs a value",
    "--timeout nan": "more than 0",
    "-j": "needs a value",
    "-j --force": "needs a value",
    "--verify=yes": "takes no value",
    "job-1": "is no option",
    "--max-paralel 2": "--max-parallel",  # with a suggestion
    "-x": "-x",
}


@pytest.mark.parametrize(("words", "values"), READ, ids=lambda each: " ".join(map(str, each)))
def test_words_become_values(words: list[str], values: dict[str, Any]) -> None:
    read = parse(NAME, words, OPTIONS)
    assert {name: read[name] for name in values} == values


@pytest.mark.parametrize("line", REFUSED)
def test_what_can_not_be_read_is_refused_with_the_next_command(line: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(NAME, line.split(), OPTIONS)
    assert REFUSED[line] in refused.value.message
    assert refused.value.next_step == "run-pipeline --help"


def test_an_empty_value_is_a_value() -> None:
    option = Option(flags=("--name",), name="name", metavar="TEXT", help="")
    assert parse("any", ["--name", ""], [option]) == {"name": ""}


def test_the_help_has_every_option() -> None:
    shown = {flag for param in click_command(NAME, TEXT, OPTIONS).params for flag in param.opts}
    assert shown >= {flag for option in OPTIONS for flag in option.flags}
