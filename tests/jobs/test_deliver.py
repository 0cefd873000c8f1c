import errno
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.jobs import attempts, deliver
from pipeline.jobs.job import PlannedJob
from pipeline.jobs.records import Key
from pipeline.jobs.results import Results
from tests.jobs.helpers import a_stage, committed, stored

COPY = {"copy": "copy.txt"}


def with_results(tmp_path: Path, movie: str, **files: str) -> tuple[PlannedJob, Results]:
    """A job with a stage 'copy' that left files, all to be delivered."""
    described = {"size": 1, "mtime_ns": 1, "digest": "sha256:" + "0" * 64, "duration_s": None}
    outputs = {stem: f"{stem}.txt" for stem in files}
    job = stored(
        tmp_path / "jobs",
        input={"path": movie, **described},
        stages=[a_stage("copy", outputs=outputs)],
        deliver=[f"copy.{stem}" for stem in files],
    )
    results = Results()
    results.add("copy", committed(attempts.begin(job, "copy"), **files))
    return job, results


def delivered(job: PlannedJob) -> set[str]:
    return {path.name for path in job.output.iterdir() if path.is_file()}


def test_deliverables_are_named_after_the_input(tmp_path: Path) -> None:
    job, results = with_results(tmp_path, "/films/my movie.mp4", en="words")
    (placed,) = deliver.deliver(job, results, replaces=True)
    assert placed == job.output / "my movie.en.txt"
    assert placed.read_text() == "words"


@pytest.mark.parametrize("title", ["x" * 251, "é" * 125, "-", "a\nb", "\udcff", "字" * 83])
def test_a_name_always_fits_the_file_system(tmp_path: Path, title: str) -> None:
    job, results = with_results(tmp_path, f"/films/{title}.mp4", en="words")
    (placed,) = deliver.deliver(job, results, replaces=True)
    assert len(os.fsencode(placed.name)) <= 255
    assert placed.read_text() == "words"


def test_an_output_whose_name_leaves_no_room_keeps_it(tmp_path: Path) -> None:
    long = "y" * 251
    job, results = with_results(tmp_path, "/films/movie.mp4", **{long: "words"})
    (placed,) = deliver.deliver(job, results, replaces=True)
    assert placed.name == f"{long}.txt"


def test_outputs_of_one_name_from_two_stages_are_both_delivered(tmp_path: Path) -> None:
    job = stored(
        tmp_path / "jobs",
        stages=[a_stage("one", outputs=COPY), a_stage("two", outputs=COPY)],
        deliver=["one.copy", "two.copy"],
    )
    results = Results()
    for name in ("one", "two"):
        results.add(name, committed(attempts.begin(job, name), copy=name))
    placed = deliver.deliver(job, results, replaces=True)
    assert {path.name: path.read_text() for path in placed} == {
        "movie.one.copy.txt": "one",
        "movie.two.copy.txt": "two",
    }


def test_one_name_and_one_content_from_two_stages_are_one_file(tmp_path: Path) -> None:
    job = stored(
        tmp_path / "jobs",
        stages=[
            a_stage("one", outputs=COPY),
            a_stage("two", outputs=COPY),
            a_stage("three", outputs={"other": "other.txt"}),
        ],
        deliver=["one.copy", "two.copy", "three.other"],
    )
    results = Results()
    for name in ("one", "two"):
        results.add(name, committed(attempts.begin(job, name), copy="the same"))
    results.add("three", committed(attempts.begin(job, "three"), other="else"))
    placed = deliver.deliver(job, results, replaces=True)
    assert [path.name for path in placed] == ["movie.copy.txt", "movie.copy.txt", "movie.other.txt"]
    assert delivered(job) == {"movie.copy.txt", "movie.other.txt"}


def test_what_a_person_changed_stays_where_nothing_was_run_again(tmp_path: Path) -> None:
    job, results = with_results(tmp_path, "/films/movie.mp4", en="words")
    (placed,) = deliver.deliver(job, results, replaces=True)
    placed.write_text("better words")
    deliver.deliver(job, results, replaces=False)
    assert placed.read_text() == "better words"


def test_a_deleted_deliverable_comes_back(tmp_path: Path) -> None:
    job, results = with_results(tmp_path, "/films/movie.mp4", en="words")
    (placed,) = deliver.deliver(job, results, replaces=True)
    placed.unlink()
    deliver.deliver(job, results, replaces=False)
    assert placed.read_text() == "words"


def test_a_large_output_is_linked_and_a_small_one_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "COPY_UP_TO", 10)
    job, results = with_results(tmp_path, "/films/movie.mp4", small="few", large="more than ten")
    small, large = deliver.deliver(job, results, replaces=True)
    assert small.stat().st_nlink == 1
    assert large.samefile(results.outputs("copy.large")["copy"].path)


@pytest.mark.parametrize("by_person", [True, False])
def test_a_link_whose_bytes_were_changed_by_another_name_is_delivered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_person: bool
) -> None:
    """A person who edits it makes it writable."""
    monkeypatch.setattr(deliver, "COPY_UP_TO", 0)
    monkeypatch.setattr(deliver, "reflink", lambda *_: False)
    job, results = with_results(tmp_path, "/films/movie.mp4", en="words")
    (placed,) = deliver.deliver(job, results, replaces=True)
    source = results.outputs("copy.en")["copy"].path
    source.unlink()
    source.write_text("words")  # made again
    placed.chmod(0o644)
    placed.write_text("w0rds")
    placed.chmod(0o644 if by_person else 0o444)
    deliver.deliver(job, results, replaces=True)
    assert placed.read_text() == ("w0rds" if by_person else "words")


def test_without_links_a_large_output_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(deliver, "COPY_UP_TO", 0)
    monkeypatch.setattr(os, "link", refuse)
    job, results = with_results(tmp_path, "/films/movie.mp4", en="words")
    assert deliver.deliver(job, results, replaces=True)[0].read_text() == "words"


def test_a_full_disk_leaves_no_half_deliverable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(source: Path, target: Path) -> None:
        target.write_text("ha")
        raise OSError(errno.ENOSPC, "No space left on device")

    job, results = with_results(tmp_path, "/films/movie.mp4", en="words")
    monkeypatch.setattr(deliver, "copy", fill)
    with pytest.raises(OSError, match="No space left"):
        deliver.deliver(job, results, replaces=True)
    assert list(job.output.iterdir()) == []


def test_what_a_killed_run_left_half_placed_is_replaced(tmp_path: Path) -> None:
    job, results = with_results(tmp_path, "/films/movie.mp4", en="words")
    job.output.mkdir()
    (job.output / ".placing.tmp").write_text("ha")
    deliver.deliver(job, results, replaces=True)
    assert delivered(job) == {"movie.en.txt"}


def test_a_fan_out_is_delivered_in_the_order_of_its_list(tmp_path: Path) -> None:
    job = stored(tmp_path / "jobs", stages=[a_stage("part", outputs=COPY)], deliver=["part.copy"])
    results, names = Results(), [f"part_{number:04d}" for number in (1, 2, 3)]
    for name in reversed(names):
        results.add(name, committed(attempts.begin(job, name), copy=name))
    results.gather("part", names)
    placed = deliver.deliver(job, results, replaces=True)
    assert [path.name for path in placed] == [f"movie.{name}.copy.txt" for name in names]


def test_what_an_earlier_run_delivered_and_this_one_does_not_is_removed(tmp_path: Path) -> None:
    job, results = with_results(tmp_path, "/films/movie.mp4", en="words")
    job.output.mkdir()
    for name in ("movie.es.txt", "notes.txt"):
        (job.output / name).touch()
    deliver.deliver(job, results, replaces=True, before=["movie.es.txt"])
    assert delivered(job) == {"movie.en.txt", "notes.txt"}


def test_a_film_takes_the_room_of_one_and_a_text_is_a_file_of_its_own(tmp_path: Path) -> None:
    job = stored(
        tmp_path / "jobs",
        stages=[a_stage("copy", outputs={"movie": "movie.mkv", "text": "text.srt"})],
        deliver=["copy.movie", "copy.text"],
    )
    attempt = attempts.begin(job, "copy")
    for name in ("movie.mkv", "text.srt"):
        (attempt.outputs / name).write_bytes(b"x" * (2 << 20))
    results = Results()
    found = {name: attempt.outputs / name for name in ("movie.mkv", "text.srt")}
    outputs = {"movie": found["movie.mkv"], "text": found["text.srt"]}
    results.add("copy", attempt.commit(outputs, Key("sha256:" + "0" * 64, {}), 1.0))
    movie, text = deliver.deliver(job, results, replaces=True)
    assert not text.samefile(outputs["text"])
    assert os.access(text, os.W_OK)
    assert movie.samefile(outputs["movie"]) or movie.stat().st_blocks  # shared by a link, or by a reflink
    if movie.samefile(outputs["movie"]):
        assert not movie.stat().st_mode & 0o222
    assert all(each.is_unchanged(read=True) for each in results.of("copy")["copy"].outputs.values())
