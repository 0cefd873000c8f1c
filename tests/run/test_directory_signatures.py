"""A directory is looked through where that tells something, and never read for it."""

from pathlib import Path

import pytest

from pipeline.directories.scan import any_signature_of
from pipeline.directories.tree_reader import read
from pipeline.jobs.job import JobFolder
from pipeline.jobs.records import Output
from pipeline.run import output_signatures
from pipeline.run.output_signatures import OutputSignatures
from pipeline.signatures import Signature


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    return JobFolder(tmp_path / "job")


@pytest.fixture
def directory(job: JobFolder) -> Output:
    """A committed directory."""
    path = job.folder / "stages/draw/1/outputs/tiles"
    path.mkdir(parents=True)
    (path / "a.txt").write_text("a")
    found = read(path)
    return Output(path, found.manifest.digest, 1, found.signature.mtime_ns, found.signature)


def test_many_readers_of_a_directory_look_through_it_once(
    job: JobFolder, directory: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, signatures, look = list[Path](), OutputSignatures(job), any_signature_of

    def noted(path: Path) -> Signature:
        looks.append(path)
        return look(path)

    monkeypatch.setattr(output_signatures, "any_signature_of", noted)
    assert signatures.is_whole(directory)
    looks.clear()
    assert signatures.known(directory.path)
    for _ in range(100):
        assert signatures.known_of_late(directory.path)
    assert looks == [directory.path]
    (directory.path / "b.txt").touch()
    assert signatures.known(directory.path) is None  # as at the end of each


def test_another_directory_in_its_place_is_not_taken_for_it(job: JobFolder, directory: Output) -> None:
    signatures = OutputSignatures(job)
    assert signatures.is_whole(directory)
    assert signatures.known(directory.path)
    directory.path.rename(directory.path.with_name("elsewhere"))
    assert signatures.known_of_late(directory.path) is None
    directory.path.mkdir()
    assert signatures.known_of_late(directory.path) is None
    assert not signatures.is_whole(directory)


def test_what_is_known_of_a_directory_goes_to_the_next_run(
    job: JobFolder, directory: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_signatures = OutputSignatures(job)
    assert with_signatures.is_whole(directory)
    with_signatures.save()
    monkeypatch.setattr("pipeline.directories.tree_reader.file_digest", None)  # nothing may be read
    assert OutputSignatures(job).is_whole(directory)
