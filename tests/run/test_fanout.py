"""A list's items as stages, without a run."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.run.fanout import ListUnusable, members, own_needs, read_list
from tests.run.helpers import fan_out, paired


@pytest.mark.parametrize("items", [[], [1], ["a", None, {"b": [1, 2]}]])
def test_a_list_is_read(tmp_path: Path, items: list[Any]) -> None:
    file = tmp_path / "list.json"
    file.write_text(json.dumps(items))
    assert read_list(file) == items


def test_a_list_may_be_in_any_encoding_of_unicode(tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    for encoding in ("utf-8-sig", "utf-16"):
        file.write_text('["ä"]', encoding=encoding)
        assert read_list(file) == ["ä"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "holds no list, but dict"),
        ('"text"', "holds no list, but str"),
        ("null", "holds no list, but NoneType"),
        ("", "can't be read as JSON"),
        ("[1, 2", "can't be read as JSON"),
        ("\xff", "can't be read as JSON"),
        ("[1, NaN]", "NaN isn't a value that JSON has"),
        ('[{"a": -Infinity}]', "-Infinity isn't a value that JSON has"),
        ('[{"v": 1e400}]', "1e400 isn't a value that JSON has"),
        ("[-1e400]", "-1e400 isn't a value that JSON has"),
        ("[" + "9" * 5000 + "]", "can't be read as JSON"),
        ("[" * 100_000, "can't be read as JSON"),
    ],
)
def test_what_is_no_list_is_named(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "list.json"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(ListUnusable, match=message):
        read_list(file)


def test_a_list_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListUnusable, match=r"list\.json"):
        read_list(tmp_path / "list.json")


def test_each_item_becomes_a_stage_named_by_its_place() -> None:
    made = members(fan_out("part"), ["x", "x", 3])
    assert [stage.name for stage in made] == ["part_0001", "part_0002", "part_0003"]
    assert [stage.parameters for stage in made] == [{"item": "x"}, {"item": "x"}, {"item": 3}]
    assert all(stage.planned_name == "part" and stage.for_each is None for stage in made)


def test_a_part_of_an_item_is_a_parameter() -> None:
    parameters = {"from": "$each.span.start", "to": "$each.span.end", "whole": ["$each"], "rate": 16000}
    item = {"span": {"start": 1, "end": 2}}
    (made,) = members(fan_out("part", parameters=parameters), [item])
    assert made.parameters == {"from": 1, "to": 2, "whole": [item], "rate": 16000}


def test_an_item_that_looks_like_a_reference_is_only_text() -> None:
    (made,) = members(fan_out("part"), ["$each"])
    assert made.parameters == {"item": "$each"}


@pytest.mark.parametrize("item", [{}, {"span": {}}, {"span": 3}, "text", None, [1]])
def test_an_item_without_what_is_asked_of_it_is_named_by_its_place(item: Any) -> None:
    planned = fan_out("part", parameters={"start": "$each.span.start"})
    with pytest.raises(ListUnusable, match="item 2: "):
        members(planned, [{"span": {"start": 1}}, item])


def test_members_of_a_pair_read_what_their_own_has_written() -> None:
    planned = paired("then", "part", inputs={"file": ["part[$each].file", "job.input"], "all": ["part.file"]})
    _, second = members(planned, [1, 2])
    assert second.inputs == {"file": ("part_0002.file", "job.input"), "all": ("part.file",)}
    assert own_needs(second, planned)[0] == "part_0002"


def test_members_without_a_pair_need_nothing_of_their_own() -> None:
    planned = fan_out("part")
    (made,) = members(planned, [1])
    assert own_needs(made, planned) == []


def test_an_item_of_megabytes_is_not_shown_whole() -> None:
    with pytest.raises(ListUnusable) as unusable:
        members(fan_out("part", parameters={"from": "$each.start"}), ["x" * 1_000_000])
    assert len(str(unusable.value)) < 400
