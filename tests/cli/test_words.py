"""The words of a command line: an empty one is never taken for a folder or for nothing."""

from pathlib import Path

import pytest

from pipeline.cli.words import require_no_blank
from pipeline.errors import UsageError
from tests.conftest import Sandbox, given_here

BLANK = ["", " ", "\t", "\n"]


@pytest.mark.parametrize("blank", BLANK)
@pytest.mark.parametrize(
    "words",
    [
        ["prepare-job", "{}", "--workflow", "tiny"],
        ["prepare-job", "--workflow", "tiny", "--", "{}"],
        ["prepare-job", "film.mp4", "{}", "--workflow", "tiny"],
        ["prepare-job", "film.mp4", "--workflow", "{}"],
        ["prepare-job", "film.mp4", "--workflow={}"],
        ["prepare-job", "film.mp4", "--subtitle", "-t", "{}"],
        ["prepare-job", "film.mp4", "--subtitle", "-t", ","],
        ["prepare-job", "film.mp4", "--subtitle", "--from-subtitles={}"],
        ["run-pipeline", "-j", "{}"],
        ["run-pipeline", "-j", "latest", "--force={}"],
        ["bootstrap", "--env", "{}"],
        ["bootstrap", "--from-bundle", "{}"],
        ["pipeline", "--root", "{}", "env", "list"],
        ["pipeline", "watch", "{}", "--workflow", "tiny", "--once"],
        ["pipeline", "watch", "--workflow", "tiny", "--once", "--", "{}"],
        ["pipeline", "env", "remove", "{}"],
        ["pipeline", "env", "lock", "--upgrade={}"],
        ["pipeline", "env", "sbom", "alpha", "-o", "{}"],
        ["pipeline", "subtitles", "check", "{}"],
        ["pipeline", "doctor", "--", "{}"],
    ],
    ids=" ".join,
)
def test_an_empty_word_is_a_mistake_and_nothing_is_done(
    sandbox: Sandbox, tmp_path: Path, words: list[str], blank: str
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (films / "film.mp4").write_bytes(b"no film")
    sandbox.workflow("tiny", "noop: {}")
    sandbox.workflow("subtitle", "noop: {}", "parameters: {target_languages: {type: languages, default: []}}")
    done = given_here(
        *(word.format(blank) for word in words), variables={"PIPELINE_ROOT": str(sandbox.root)}, folder=films
    )
    assert done.code == 2, done.err
    assert not (sandbox.root / "jobs").exists()
    assert done.next_step


def test_words_after_two_dashes_may_be_a_commands_own() -> None:
    require_no_blank("pipeline", ["env", "bisect", "--", "python", "-c", ""])
    with pytest.raises(UsageError, match="after --env is empty"):
        require_no_blank("bootstrap", ["--env", "", "--", "x"])
