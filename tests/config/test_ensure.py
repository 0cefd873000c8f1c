"""The promises in a stage's block: read, checked, and told with their line."""

import json
import tomllib
from pathlib import Path

import pytest

from pipeline.config.ensure import Count, Duration, Ensure, check, parsed
from pipeline.config.source import Source
from pipeline.config.toml_lines import lines_of
from pipeline.errors import ConfigurationError

HEAD = 'inputs = ["media"]\noutputs = {movie = "*.mp4"}\n'


def source(text: str) -> Source:
    return Source(Path("stages/work.py"), "stages/work.py", tomllib.loads(text), {(): 1, **lines_of(text, 1)})


def refusal(text: str, root: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        check(source(HEAD + text), root)
    return refused.value.message


def test_promises_are_read(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("{}")
    block = source(
        HEAD + '[ensure.movie]\nnon_empty = true\nschema = "s.json"\n'
        'count = {like = "media", of = "a", in = "b"}\nduration = {like = "media", within = 0.5}\n'
    )
    check(block, tmp_path)
    assert parsed(block.value["ensure"]) == {
        "movie": Ensure(True, "s.json", Count("media", "a", "b"), Duration("media", 0.5))
    }


def test_what_is_left_out_has_its_default() -> None:
    assert parsed({"x": {"duration": {"like": "y"}}}) == {"x": Ensure(duration=Duration("y", 1.0))}


def test_promises_survive_being_frozen_in_a_plan() -> None:
    table = source(HEAD + '[ensure.movie]\nduration = {like = "media", within = 2}\n').value["ensure"]
    assert parsed(json.loads(json.dumps(table))) == parsed(table)


def test_a_stage_that_promises_nothing_is_well(tmp_path: Path) -> None:
    check(source(HEAD), tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[ensure.film]\nnon_empty = true\n",
            "stages/work.py:3: ensure.film: the stage has no output 'film'; there are:",
        ),
        ("[ensure.movi]\nnon_empty = true\n", "the stage has no output 'movi'; did you mean 'movie'?"),
        (
            '[ensure.movie]\nnon_empty = true\nduration = {like = "medai"}\n',
            ("stages/work.py:5: ensure.movie.duration.like: the stage has no input 'medai'; did you mean 'media'?"),
        ),
        ('[ensure.movie.count]\nlike = "x"\n', "stages/work.py:4: ensure.movie.count.like: the stage has no input 'x'"),
        (
            "[ensure.movie]\nnon_emty = true\n",
            "ensure.movie.non_emty: unknown key 'non_emty'; did you mean 'non_empty'?",
        ),
        ("[ensure.movie]\n", "stages/work.py:3: ensure.movie: it is empty"),
        (
            '[ensure.movie]\nnon_empty = "yes"\n',
            "stages/work.py:4: ensure.movie.non_empty: 'yes' isn't of type boolean",
        ),
        ("[ensure.movie]\ncount = {}\n", "stages/work.py:4: ensure.movie.count: 'like' is missing"),
        (
            '[ensure.movie.duration]\nlike = "media"\nwithin = -1\n',
            "stages/work.py:5: ensure.movie.duration.within: -1",
        ),
        ("ensure = 3\n", "stages/work.py:3: ensure: 3 isn't of type object"),
        *(
            (f"[ensure.movie]\nschema = '{path}'\n", "doesn't fit: a .json file below the project's folder")
            for path in ("/etc/x.json", "../x.json", "a/../x.json", "a\\x.json", "x.txt", ".json/..")
        ),
        (
            "[ensure.movie]\nschema = 'none.json'\n",
            "stages/work.py:4: ensure.movie.schema: the schema can't be read: No",
        ),
        ("[ensure.movie]\nschema = 'torn.json'\n", "ensure.movie.schema: the schema isn't JSON: Expecting"),
        ("[ensure.movie]\nschema = 'odd.json'\n", "it isn't a JSON Schema: type: 3 is not valid"),
    ],
)
def test_a_wrong_promise_is_told_with_file_and_line(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "torn.json").write_text("{")
    (tmp_path / "odd.json").write_text('{"type": 3}')
    message = refusal(text, tmp_path)
    assert message.startswith("stages/work.py:")
    assert expected in message


def test_the_lowest_numbers_are_by_key() -> None:
    table = source(HEAD + '[ensure.movie]\nat_least = {"coverage.share" = 0.6}\n').value["ensure"]
    assert parsed(table)["movie"].at_least == {"coverage.share": 0.6}


def test_a_lowest_number_that_is_none_is_an_error_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"stages/work.py:4: ensure.movie.at_least"):
        check(source(HEAD + '[ensure.movie]\nat_least = {share = "most"}\n'), tmp_path)
