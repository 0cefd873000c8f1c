"""The promises in a stage's block: read, checked, and told with their line."""

import json
import tomllib
from pathlib import Path

import pytest

from pipeline.config.blocks import lines_of
from pipeline.config.ensure import Count, Duration, Ensure, check, parse_promises
from pipeline.config.source import ConfigurationSource
from pipeline.errors import ConfigurationError
from pipeline.project import ProjectFolder

HEAD = 'inputs = ["media"]\noutputs = {movie = "*.mp4"}\n'


def source(text: str) -> ConfigurationSource:
    return ConfigurationSource(
        Path("stages/work.py"), "stages/work.py", tomllib.loads(text), {(): 1, **lines_of(text, 1)}
    )


def refusal(text: str, root: Path) -> ConfigurationError:
    """``root`` gets two files that are no schemas."""
    (root / "torn.json").write_text("{")
    (root / "odd.json").write_text('{"type": 3}')
    with pytest.raises(ConfigurationError) as refused:
        check(source(HEAD + text), ProjectFolder(root))
    return refused.value


def test_promises_are_read(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("{}")
    block = source(
        HEAD + '[ensure.movie]\nnon_empty = true\nschema = "s.json"\n'
        'count = {like = "media", of = "a", in = "b"}\nduration = {like = "media", within = 0.5}\n'
    )
    check(block, ProjectFolder(tmp_path))
    assert parse_promises(block.value["ensure"]) == {
        "movie": Ensure(True, "s.json", Count("media", "a", "b"), Duration("media", 0.5))
    }


def test_what_is_left_out_has_its_default() -> None:
    assert parse_promises({"x": {"duration": {"like": "y"}}}) == {"x": Ensure(duration=Duration("y", 1.0))}


def test_promises_survive_being_frozen_in_a_plan() -> None:
    table = source(HEAD + '[ensure.movie]\nduration = {like = "media", within = 2}\n').value["ensure"]
    assert parse_promises(json.loads(json.dumps(table))) == parse_promises(table)


def test_a_stage_that_promises_nothing_is_well(tmp_path: Path) -> None:
    check(source(HEAD), ProjectFolder(tmp_path))


WRONG = [
    ("[ensure.film]\nnon_empty = true\n", "3: ensure.film:"),
    ("[ensure.movi]\nnon_empty = true\n", "3: ensure.movi:"),
    ('[ensure.movie]\nnon_empty = true\nduration = {like = "medai"}\n', "5: ensure.movie.duration.like:"),
    ('[ensure.movie.count]\nlike = "x"\n', "4: ensure.movie.count.like:"),
    ("[ensure.movie]\nnon_emty = true\n", "4: ensure.movie.non_emty:"),
    ("[ensure.movie]\n", "3: ensure.movie:"),
    ('[ensure.movie]\nnon_empty = "yes"\n', "4: ensure.movie.non_empty:"),
    ("[ensure.movie]\ncount = {}\n", "4: ensure.movie.count:"),
    ('[ensure.movie.duration]\nlike = "media"\nwithin = -1\n', "5: ensure.movie.duration.within:"),
    ("ensure = 3\n", "3: ensure:"),
    *(
        (f"[ensure.movie]\nschema = '{path}'\n", "4: ensure.movie.schema:")
        for path in ("/etc/x.json", "../x.json", "a/../x.json", "a\\x.json", "x.txt", ".json/..")
    ),
    ("[ensure.movie]\nschema = 'none.json'\n", "4: ensure.movie.schema:"),
    ("[ensure.movie]\nschema = 'torn.json'\n", "4: ensure.movie.schema:"),
    ("[ensure.movie]\nschema = 'odd.json'\n", "4: ensure.movie.schema:"),
    ('[ensure.movie]\nat_least = {share = "most"}\n', "4: ensure.movie.at_least.share:"),
]


@pytest.mark.parametrize(("text", "where"), WRONG)
def test_a_wrong_promise_is_refused_with_file_and_line(tmp_path: Path, text: str, where: str) -> None:
    assert refusal(text, tmp_path).message.startswith(f"stages/work.py:{where} ")


def test_the_lowest_numbers_are_by_key() -> None:
    table = source(HEAD + '[ensure.movie]\nat_least = {"coverage.share" = 0.6}\n').value["ensure"]
    assert parse_promises(table)["movie"].at_least == {"coverage.share": 0.6}


@pytest.mark.parametrize(
    ("promise", "key"),
    [
        ("at_least = {coverage = 0.5}", "at_least"),
        ('duration = {like = "media"}', "duration"),
        ('count = {like = "media", of = "a"}', "count.of"),
    ],
)
def test_what_only_a_file_can_have_is_not_promised_of_a_folder(tmp_path: Path, promise: str, key: str) -> None:
    block = source(f'inputs = ["media"]\noutputs = {{tiles = "tiles/"}}\n[ensure.tiles]\n{promise}\n')
    with pytest.raises(ConfigurationError, match="is a folder") as refused:
        check(block, ProjectFolder(tmp_path))
    assert f"stages/work.py:4: ensure.tiles.{key}" in refused.value.message
