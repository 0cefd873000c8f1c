"""A fan-out over a directory whose members take their own files, through the real commands."""

import json

import pytest

from tests.conftest import Sandbox
from tests.test_run_directories import outputs, run, write_stage

DRAW = """\
folder = stage.output("tiles")
for number in range(4):
    (folder / f"{number}.txt").write_text(f"tile {number}")
"""
READ = 'stage.output("text").write_text(stage.input("tile").read_text().upper())'
COUNT = 'stage.output("count").write_text(str(len(list(stage.input("tiles").iterdir()))))'


@pytest.fixture
def tiles(ready: Sandbox) -> Sandbox:
    """``read`` has a member for each file that ``draw`` makes; ``count`` reads the folder."""
    write_stage(ready, "draw", DRAW, parameters="{}")
    write_stage(ready, "read", READ, '["tile"]', '{text = "text.txt"}', "{}")
    write_stage(ready, "count", COUNT, '["tiles"]', '{count = "count.txt"}', "{}")
    ready.workflow(
        "tested",
        'draw: {}\nread: {for_each: draw.tiles, inputs: {tile: "draw[$each].tiles"}}\n'
        "count: {inputs: {tiles: draw.tiles}}",
        "deliver: [{output: read.text}, {output: count.count}]",
    )
    return ready


def started(sandbox: Sandbox, id: str) -> list[str]:
    return sorted(each["stage"] for each in sandbox.events(id) if each["event"] == "stage_started")


def again(sandbox: Sandbox, id: str, code: str) -> list[str]:
    """Run the job with another ``draw``; returns the stages that ran."""
    before = started(sandbox, id)
    write_stage(sandbox, "draw", code, parameters="{}")
    done = sandbox.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    now = started(sandbox, id)
    for each in before:
        now.remove(each)
    return now


def texts(sandbox: Sandbox, id: str, attempts: dict[str, int]) -> list[str]:
    return [(outputs(sandbox, id, name, number) / "text.txt").read_text() for name, number in attempts.items()]


def test_a_changed_file_runs_its_own_member_again_and_what_reads_the_folder(tiles: Sandbox) -> None:
    id, done = run(tiles)
    assert done.code == 0, done.err
    assert again(tiles, id, DRAW + '(folder / "2.txt").write_text("another")\n') == ["count", "draw", "read_0003"]
    assert texts(tiles, id, {"read_0002": 1, "read_0003": 2}) == ["TILE 1", "ANOTHER"]
    why = {each["stage"]: each for each in json.loads(tiles.run("pipeline", "job", "why", id, "--json").out)["data"]}
    assert [each["part"] for each in why["read_0003"]["changes"]] == ["inputs.tile"]
    assert "2.txt" in why["read_0003"]["changes"][0]["words"]
    assert why["read_0002"]["changes"] == []


def test_a_new_file_runs_one_member_although_the_places_of_the_others_change(tiles: Sandbox) -> None:
    id, _ = run(tiles)
    ran = again(tiles, id, DRAW + '(folder / "0a.txt").write_text("new")\n')
    assert ran == ["count", "draw", "read_0002"]
    assert texts(tiles, id, {"read_0002": 2, "read_0005": 1}) == ["NEW", "TILE 3"]


def test_another_job_takes_the_members_whose_files_are_the_same(tiles: Sandbox) -> None:
    run(tiles)
    write_stage(tiles, "draw", DRAW + '(folder / "1.txt").write_text("another")\n', parameters="{}")
    id, _ = run(tiles)
    assert started(tiles, id) == ["count", "draw", "read_0002"]


def test_folders_and_links_are_files_of_their_own_too(tiles: Sandbox) -> None:
    write_stage(
        tiles,
        "draw",
        'folder = stage.output("tiles")\nfor name in "ab":\n    (folder / name).mkdir()\n'
        '    (folder / name / "in.txt").write_text(name)\n(folder / "c").symlink_to("a/in.txt")\n',
        parameters="{}",
    )
    code = (
        'at = stage.input("tile")\ntext = (at / "in.txt" if at.is_dir() else at).read_text()\n'
        'stage.output("text").write_text(at.name + text)'
    )
    write_stage(tiles, "read", code, '["tile"]', '{text = "text.txt"}', "{}")
    id, done = run(tiles)
    assert done.code == 0, done.err
    members = dict.fromkeys(["read_0001", "read_0002", "read_0003"], 1)
    assert texts(tiles, id, members) == ["aa", "bb", "in.txta"]
    changed = (
        'folder = stage.output("tiles")\nfor name in "ab":\n    (folder / name).mkdir()\n'
        '    (folder / name / "in.txt").write_text(name * (1 + (name == "b")))\n(folder / "c").symlink_to("a/in.txt")\n'
    )
    assert again(tiles, id, changed) == ["count", "draw", "read_0002"]


def test_a_file_that_somebody_changed_is_put_back_before_its_member_reads_it(tiles: Sandbox) -> None:
    id, _ = run(tiles)
    file = outputs(tiles, id, "draw") / "tiles/1.txt"
    file.unlink()
    file.write_text("mine")
    write_stage(tiles, "read", READ + "\nprint()", '["tile"]', '{text = "text.txt"}', "{}")
    done = tiles.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    attempt = max(int(each.name) for each in (tiles.job(id) / "stages/read_0002").iterdir())
    assert texts(tiles, id, {"read_0002": attempt}) == ["TILE 1"]


def test_a_member_that_changes_its_file_fails_and_the_file_is_put_back(tiles: Sandbox) -> None:
    code = (
        'at = stage.input("tile")\nif at.name == "0.txt":\n    at.unlink()\n    at.write_text("mine")\n'
        'stage.output("text").write_text("x")'
    )
    write_stage(tiles, "read", code, '["tile"]', '{text = "text.txt"}', "{}")
    id, done = run(tiles)
    assert done.code != 0
    assert "0.txt" in done.err
    assert (outputs(tiles, id, "draw") / "tiles/0.txt").read_text() == "tile 0"


def test_a_second_fan_out_over_the_folder_goes_with_the_first(tiles: Sandbox) -> None:
    join = 'stage.output("both").write_text(stage.input("text").read_text() + stage.input("tile").read_text())'
    write_stage(tiles, "join", join, '["text", "tile"]', '{both = "both.txt"}', "{}")
    tiles.workflow(
        "tested",
        'draw: {}\nread: {for_each: draw.tiles, inputs: {tile: "draw[$each].tiles"}}\n'
        'join: {for_each: draw.tiles, inputs: {text: "read[$each].text", tile: "draw[$each].tiles"}}',
        "deliver: [{output: join.both}]",
    )
    id, done = run(tiles)
    assert done.code == 0, done.err
    assert (outputs(tiles, id, "join_0003") / "both.txt").read_text() == "TILE 2tile 2"
    about = json.loads(next((tiles.job(id) / "output/about").glob("*.json")).read_bytes())
    assert about
    assert again(tiles, id, DRAW + '(folder / "2.txt").write_text("z")\n') == ["draw", "join_0003", "read_0003"]


@pytest.mark.parametrize("reference", ["draw[$each].tiles", "read[$each].text"])
@pytest.mark.parametrize("for_each", ["", "for_each: draw.list, "])
def test_only_a_fan_out_over_the_folder_has_own_files(tiles: Sandbox, reference: str, for_each: str) -> None:
    write_stage(tiles, "draw", DRAW, outputs='{tiles = "tiles/", list = "list.json"}', parameters="{}")
    write_stage(tiles, "last", READ, '["tile"]', '{text = "last.txt"}', "{}")
    tiles.workflow(
        "tested",
        'draw: {}\nread: {for_each: draw.tiles, inputs: {tile: "draw[$each].tiles"}}\n'
        f'last: {{{for_each}inputs: {{tile: "{reference}"}}}}',
    )
    tiles.write("input.txt", "one\n")
    done = tiles.run("prepare-job", str(tiles.root / "input.txt"), "--workflow", "tested")
    assert done.code == 2
    assert "for_each" in done.err
