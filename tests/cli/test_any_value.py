"""Whatever a person types as a value of an option is used or refused, and never a bug."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from pipeline.cli import bootstrap, main, prepare_job, run_options
from pipeline.errors import ExitCode
from tests.conftest import Sandbox, given_here, offline

USUAL = ["", " ", "nan", "-1", "1e400", "9" * 400, "a" * 5000, "\udcff", "x=\udcff", "/etc/passwd/x", "\x1b[31m"]
RARE = ["\t", "inf", "0", "9" * 5000, "a" * 240, "../..", "/", ".", "-", "--", "a/b", "~", "*", "[", "%s", "é", "a=b"]
RARE += ["=", ",", ":", "null", "²", "x=", "x=NaN", "x=1e400", "a\nb", "/proc/self/mem", "@", "1e400GiB"]
RARE += [f"{'9' * 30}GiB", "cpus=nan", "cpus=1e400", "memory=-1", "infd", "1e400d"]
PARAMETERS = {
    "string": "''",
    "integer": "1",
    "number": "1",
    "boolean": "true",
    "language": "en",
    "languages": "[]",
    "words": "[]",
    "audio_track": "''",
    "glossary": "''",
    "subtitles": "''",
}
NOT_TRIED = {"completion", "init", "watch"}  # it takes a few words alone; it writes into any folder; it stays


class Place(NamedTuple):
    """Where a value may stand: the command's words before it and after it."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    attached: bool  # to an option, by an equals sign


def places(job: str, film: str) -> Iterator[Place]:
    for first, command in (
        ("pipeline", main.command),
        ("prepare-job", prepare_job.command),
        ("bootstrap", bootstrap.command),
    ):
        for words, leaf in leaves(command, (first,)):
            yield from places_of(words, leaf, film)
    for option in run_options.OPTIONS:
        if option.metavar:
            yield Place(("run-pipeline", "-j", job, option.flags[-1]), (), attached=True)
    for kind in PARAMETERS:
        yield Place(("prepare-job", film, "--workflow", "any", "--param", f"p_{kind}"), (), attached=True)


def leaves(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield words, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if inner is not None and name not in NOT_TRIED:
            yield from leaves(inner, (*words, name))


def places_of(words: tuple[str, ...], leaf: click.Command, film: str) -> Iterator[Place]:
    workflow = ("--workflow", "any") if words == ("prepare-job",) else ()
    arguments = [each for each in leaf.params if isinstance(each, click.Argument)]
    usual = tuple(film if each.name in ("media", "file", "files") else "alpha" for each in arguments)
    for option in leaf.params:
        if isinstance(option, click.Option) and not option.is_flag:
            flag = next((each for each in option.opts if each.startswith("--")), None)
            if flag:
                yield Place((*words, *workflow, flag), ("--", *usual), attached=True)
            else:
                yield Place((*words, *workflow, option.opts[0]), ("--", *usual), attached=False)
    for number in range(len(arguments)):
        yield Place((*words, *workflow, "--", *usual[:number]), usual[number + 1 :], attached=False)


@pytest.mark.parametrize(
    "value",
    [*USUAL, *(pytest.param(each, marks=pytest.mark.exhaustive) for each in RARE)],
    ids=lambda value: ascii(value)[:20],
)
def test_no_value_is_a_bug(spawning: None, sandbox: Sandbox, tmp_path: Path, value: str) -> None:
    parameters = "".join(f"\n  p_{kind}: {{type: {kind}, default: {each}}}" for kind, each in PARAMETERS.items())
    sandbox.workflow("any", "noop: {}", f"parameters:{parameters}")
    film = sandbox.write("input.txt", "some input\n")
    variables = {"PIPELINE_ROOT": str(sandbox.root), **offline(tmp_path)}
    (tmp_path / "folder").mkdir()
    for place in places("nowhere", str(film)):
        typed = [f"{place.before[-1]}={value}"] if place.attached else [place.before[-1], value]
        words = [*place.before[:-1], *typed, *place.after]
        done = given_here(*words, variables=variables, folder=tmp_path / "folder")
        assert done.code != ExitCode.BUG, (words, done.err)
        assert "Traceback" not in done.err, (words, done.err)
