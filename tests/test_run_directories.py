"""Directories between stages, through the real commands."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.cache.store import ResultStore
from pipeline.project import ProjectFolder
from tests.conftest import Result, Sandbox

BLOCK = """\
# /// script
# [tool.pipeline.stage]
# environment = "alpha"
# inputs = {inputs}
# outputs = {outputs}
# parameters = {parameters}
{more}# ///
import os
import shutil
from pathlib import Path

def run(stage):
{code}
"""
DRAW = """\
folder = stage.output("tiles")
for number in range(stage.parameters["count"]):
    (folder / f"{number // 10}").mkdir(exist_ok=True)
    (folder / f"{number // 10}/{number}.txt").write_text(f"{stage.parameters['text']} {number}")
"""
COUNT = """\
names = sorted(path.name for path in stage.input("tiles").rglob("*.txt"))
stage.output("count").write_text(str(len(names)))
"""


def write_stage(
    sandbox: Sandbox,
    name: str,
    code: str,
    inputs: str = "[]",
    outputs: str = '{tiles = "tiles/"}',
    parameters: str = '{count = 25, text = "tile"}',
    more: str = "",
) -> None:
    body = "\n".join(f"    {line}" for line in code.splitlines())
    lines = "".join(f"# {line}\n" for line in more.splitlines())
    sandbox.write(
        f"stages/{name}.py", BLOCK.format(inputs=inputs, outputs=outputs, parameters=parameters, more=lines, code=body)
    )


@pytest.fixture
def tiles(ready: Sandbox) -> Sandbox:
    """``draw`` makes a directory, ``number`` reads it; the directory is delivered."""
    write_stage(ready, "draw", DRAW)
    write_stage(ready, "number", COUNT, '["tiles"]', '{count = "count.txt"}', "{}")
    ready.workflow(
        "tested",
        "draw: {parameters: {count: $count, text: $text}}\nnumber: {inputs: {tiles: draw.tiles}}",
        "parameters: {count: {type: integer, default: 25}, text: {type: string, default: tile}}\n"
        "deliver: [{output: draw.tiles}, {output: number.count}]",
    )
    return ready


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "none", folder], check=False, capture_output=True, timeout=60
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True, timeout=60)


def run(sandbox: Sandbox, *words: str) -> tuple[str, Result]:
    id = sandbox.prepare("tested", *words)
    return id, sandbox.run("run-pipeline", "-j", id)


def outputs(sandbox: Sandbox, id: str, stage: str, attempt: int = 1) -> Path:
    return sandbox.job(id) / f"stages/{stage}/{attempt}/outputs"


def test_a_directory_goes_from_stage_to_stage_and_is_delivered_as_a_folder(tiles: Sandbox) -> None:
    id, done = run(tiles)
    assert done.code == 0, done.err
    assert (outputs(tiles, id, "number") / "count.txt").read_text() == "25"
    delivered = tiles.job(id) / "output/input.tiles"
    assert len(list(delivered.rglob("*.txt"))) == 25
    about = json.loads((tiles.job(id) / "output/about/input.tiles.json").read_bytes())
    assert about["digest"].startswith("blake3-tree:")
    manifest = json.loads((outputs(tiles, id, "draw").parent / "manifests/tiles.json").read_bytes())
    assert len(manifest["entries"]) == 25 + 3
    again = tiles.run("run-pipeline", "-j", id)
    assert again.code == 0
    assert [each["event"] for each in tiles.events(id)].count("stage_started") == 2


def test_another_job_takes_it_from_the_store(tiles: Sandbox) -> None:
    run(tiles)
    tiles.write("other.txt", "another input\n")
    done = tiles.give("prepare-job", tiles.root / "other.txt", "--workflow", "tested")
    id = done.out.strip()
    assert tiles.run("run-pipeline", "-j", id).code == 0
    assert [each["event"] for each in tiles.events(id)].count("stage_started") == 0
    assert len(list((tiles.job(id) / "output/other.tiles").rglob("*.txt"))) == 25


def test_job_why_names_the_entries_that_changed(tiles: Sandbox) -> None:
    write_stage(tiles, "draw", DRAW + '(folder / "extra").write_text(stage.parameters["text"])\n')
    assert run(tiles)[1].code == 0
    write_stage(tiles, "draw", DRAW + 'for name in "ab":\n    (folder / name).write_text("new")\n')
    id, done = run(tiles)
    assert done.code == 0, done.err
    why = tiles.give("pipeline", "job", "why", id)
    assert "3 of 30 names differ: a (new), b (new), extra (gone)" in " ".join(why.out.split())


CHANGES = {
    "adds": '(tiles / "new.txt").touch()',
    "removes": '(tiles / "0/3.txt").unlink()',
    "replaces": '(tiles / "0/3.txt").unlink()\n(tiles / "0/3.txt").write_text("another")',
    "moves_away": 'tiles.rename(tiles.with_name("elsewhere"))',
    "links": 'tiles.rename(tiles.with_name("elsewhere"))\ntiles.symlink_to("elsewhere")',
    "empties": "shutil.rmtree(tiles)",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_stage_that_changes_a_directory_which_it_reads_fails_and_the_directory_is_put_back(
    tiles: Sandbox, change: str
) -> None:
    write_stage(
        tiles,
        "number",
        f'tiles = stage.input("tiles")\n{CHANGES[change]}\n' + COUNT.replace("names", "names", 1)
        if change not in {"moves_away", "empties"}
        else f'tiles = stage.input("tiles")\n{CHANGES[change]}\nstage.output("count").write_text("0")',
        '["tiles"]',
        '{count = "count.txt"}',
        "{}",
    )
    id, done = run(tiles)
    assert done.code == 4, done.err
    assert "'draw'" in done.error
    if change in {"adds", "removes", "replaces"}:
        assert "(changed)" in done.error or "(new)" in done.error or "(gone)" in done.error
    write_stage(tiles, "number", COUNT, '["tiles"]', '{count = "count.txt"}', "{}")
    assert tiles.run("run-pipeline", "-j", id).code == 0
    assert (outputs(tiles, id, "number", 2) / "count.txt").read_text() == "25"
    assert [each["stage"] for each in tiles.events(id) if each["event"] == "stage_started"].count("draw") == 1


def test_what_is_written_into_a_file_of_it_by_force_is_told_and_the_directory_is_made_again(tiles: Sandbox) -> None:
    code = 'file = stage.input("tiles") / "0/3.txt"\nfile.chmod(0o644)\nfile.write_text("forced")\n'
    write_stage(tiles, "number", code + COUNT, '["tiles"]', '{count = "count.txt"}', "{}")
    id, done = run(tiles)
    assert done.code == 4
    assert "0/3.txt (changed)" in done.error
    write_stage(tiles, "number", COUNT, '["tiles"]', '{count = "count.txt"}', "{}")
    assert tiles.run("run-pipeline", "-j", id).code == 0
    assert (outputs(tiles, id, "draw", 2) / "tiles/0/3.txt").read_text() == "tile 3"


def test_a_file_that_a_person_changes_later_is_noticed(tiles: Sandbox) -> None:
    id, _ = run(tiles)
    file = outputs(tiles, id, "draw") / "tiles/1/12.txt"
    status = file.stat()
    file.unlink()
    file.write_text("tile 99")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    done = tiles.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    fresh = max((tiles.job(id) / "stages/draw").iterdir(), key=lambda each: int(each.name)) / "outputs/tiles"
    assert (fresh / "1/12.txt").read_text() == "tile 12"


REFUSED = {
    "a pipe": ('os.mkfifo(folder / "pipe")', "pipe"),
    "a link that leads out": ('(folder / "secret").symlink_to("/etc/hostname")', "secret"),
    "nothing": ("shutil.rmtree(folder)", "isn't there"),
    "no file": ("shutil.rmtree(folder)\nfolder.mkdir()\n(folder / 'empty').mkdir()", "non_empty = false"),
    "a file": ("shutil.rmtree(folder)\nfolder.write_text('x')", "isn't a directory"),
    "a link": (
        "shutil.rmtree(folder)\n(stage.work / 'real').mkdir()\nfolder.symlink_to(stage.work / 'real')",
        "isn't a directory",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_t_be_an_output_is_told(tiles: Sandbox, what: str) -> None:
    code, words = REFUSED[what]
    write_stage(tiles, "draw", f"{DRAW}{code}")
    _, done = run(tiles)
    assert done.code == 4
    assert "'tiles'" in done.error
    assert words in done.error


@pytest.mark.parametrize("allowed", [True, False])
def test_an_empty_directory_is_a_result_where_the_stage_says_so(tiles: Sandbox, allowed: bool) -> None:
    more = f"[tool.pipeline.stage.ensure.tiles]\nnon_empty = {str(not allowed).lower()}"
    write_stage(tiles, "draw", DRAW, more=more)
    id, done = run(tiles, "--param", "count=0")
    assert done.code == (0 if allowed else 4), done.err
    if allowed:
        assert (tiles.job(id) / "output/input.tiles").is_dir()
        shutil.rmtree(tiles.job(id))
        assert run(tiles, "--param", "count=0")[1].code == 0


@pytest.mark.parametrize("promised", [True, False])
def test_files_without_a_byte_are_enough_unless_more_is_promised(tiles: Sandbox, promised: bool) -> None:
    code = 'for number in range(3):\n    (stage.output("tiles") / f"{number}.txt").touch()'
    more = "[tool.pipeline.stage.ensure.tiles]\nnon_empty = true" if promised else ""
    write_stage(tiles, "draw", code, more=more)
    assert run(tiles)[1].code == (4 if promised else 0)


def test_a_fan_out_over_a_directory_has_a_member_for_each_name(tiles: Sandbox) -> None:
    write_stage(
        tiles,
        "one",
        'stage.output("text").write_text(stage.parameters["name"])',
        '["tiles"]',
        '{text = "one.txt"}',
        '{name = ""}',
    )
    tiles.workflow(
        "tested",
        "draw: {}\none: {for_each: draw.tiles, inputs: {tiles: draw.tiles}, parameters: {name: $each}}",
        "deliver: [{output: one.text}]",
    )
    id, done = run(tiles)
    assert done.code == 0, done.err
    texts = [(outputs(tiles, id, f"one_000{number}") / "one.txt").read_text() for number in (1, 2, 3)]
    assert texts == ["0", "1", "2"]
    assert sorted(path.name for path in (tiles.job(id) / "output").glob("*.txt")) == [
        f"input.one_{number}.one.txt" for number in (0, 1, 2)
    ]


def test_damage_in_the_store_is_found_by_name(tiles: Sandbox) -> None:
    run(tiles)
    for file in (tiles.root / "cache/results").rglob("outputs/tiles/2/24.txt"):
        file.chmod(0o644)
        file.write_text("damaged")
    done = tiles.give("pipeline", "cache", "verify")
    assert "2/24.txt (changed)" in done.out + done.err


def test_a_run_that_is_killed_while_it_commits_leaves_nothing_that_counts(tiles: Sandbox) -> None:
    id = tiles.prepare("tested", "--param", "count=3000")
    process = tiles.start("run-pipeline", "-j", id)
    part = outputs(tiles, id, "draw") / "tiles/299/2999.txt"
    while not part.exists() and process.poll() is None:
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    done = tiles.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    assert len(list((tiles.job(id) / "output/input.tiles").rglob("*.txt"))) == 3000
    assert not any(tiles.events(id)[-1].get(word) for word in ("reason",))
    store = ResultStore(ProjectFolder(tiles.root).results)
    assert [store.problem(entry.key) for entry in store.entries()] == [None, None]


def delivering(sandbox: Sandbox) -> tuple[str, subprocess.Popen[bytes]]:
    """A job, and the process that has begun to deliver its directory."""
    id = sandbox.prepare("tested", "--param", "count=3000")
    process = sandbox.start("run-pipeline", "-j", id)
    part = sandbox.job(id) / "output/.placing.tmp"
    while not part.exists() and process.poll() is None:
        pass
    return id, process


def test_a_run_that_is_killed_while_it_delivers_is_gone_on_with(tiles: Sandbox) -> None:
    id, process = delivering(tiles)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert not (tiles.job(id) / "output/input.tiles").exists()
    done = tiles.run("run-pipeline", "-j", id)
    assert done.code == 0, done.err
    assert len(list((tiles.job(id) / "output/input.tiles").rglob("*.txt"))) == 3000
    assert not (tiles.job(id) / "output/.placing.tmp").exists()
    assert [each["event"] for each in tiles.events(id)].count("stage_started") == 2


def test_ctrl_c_while_all_that_is_left_is_to_deliver_lets_that_end(tiles: Sandbox) -> None:
    id, process = delivering(tiles)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert f"{tiles.job(id)}/output/input.tiles" in out.decode()
    assert tiles.events(id)[-1]["event"] == "run_finished"


def test_two_runs_at_once_make_it_once(tiles: Sandbox) -> None:
    tiles.write("other.txt", "another input\n")
    ids: list[Any] = [tiles.prepare("tested", "--param", "count=500")]
    done = tiles.give("prepare-job", tiles.root / "other.txt", "--workflow", "tested", "--param", "count=500")
    ids.append(done.out.strip())
    processes = [tiles.start("run-pipeline", "-j", id) for id in ids]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    started = [each for id in ids for each in tiles.events(id) if each["event"] == "stage_started"]
    assert len(started) == 2


def test_a_full_disk_in_the_middle_of_a_directory_leaves_nothing_and_the_run_goes_on_later(
    tiles: Sandbox, small_disk: Path
) -> None:
    tiles.write("config/pipeline.yaml", f"default_workflows: []\ngrace_seconds: 1\npaths: {{jobs: {small_disk}}}\n")
    write_stage(tiles, "draw", '(stage.output("tiles") / "large").write_bytes(os.urandom(3 << 20))\n' + DRAW)
    ballast = small_disk / "ballast"
    id = tiles.prepare("tested")
    ballast.write_bytes(b"x" * (5 << 20))
    done = tiles.run("run-pipeline", "-j", id)
    assert done.code != 0
    assert "No space left" in done.err or "disk" in done.err
    ballast.unlink()
    again = tiles.run("run-pipeline", "-j", id)
    assert again.code == 0, again.err
    assert (small_disk / id / "output/input.tiles/large").stat().st_size == 3 << 20


def test_a_command_leaves_a_folder_and_a_command_reads_one(tiles: Sandbox) -> None:
    tiles.write("input.txt", "one\ntwo\nthree\n")
    tiles.write(
        "stages/parts.yaml",
        "environment: alpha\ninputs: [text]\noutputs: {parts: parts/}\n"
        'command: [split, -l, "1", "{input.text}", "{output.parts}/part-"]\n',
    )
    tiles.write(
        "stages/names.yaml",
        "environment: alpha\ninputs: [parts]\noutputs: {names: names.txt}\n"
        'command: [ls, "{input.parts}"]\nstdout: names\n',
    )
    tiles.workflow(
        "tested",
        "parts: {inputs: {text: job.input}}\nnames: {inputs: {parts: parts.parts}}",
        "deliver: [{output: names.names}, {output: parts.parts}]",
    )
    id, done = run(tiles)
    assert done.code == 0, done.err
    assert (outputs(tiles, id, "names") / "names.txt").read_text().split() == ["part-aa", "part-ab", "part-ac"]
    assert (tiles.job(id) / "output/input.parts/part-ab").read_text() == "two\n"


def test_a_folder_takes_no_standard_output(tiles: Sandbox) -> None:
    tiles.write("stages/parts.yaml", "environment: alpha\noutputs: {parts: parts/}\ncommand: [ls]\nstdout: parts\n")
    tiles.workflow("tested", "parts: {}", "deliver: [{output: parts.parts}]")
    tiles.write("input.txt", "any")
    done = tiles.give("prepare-job", tiles.root / "input.txt", "--workflow", "tested")
    assert done.code == 2
    assert "is a folder" in done.error
