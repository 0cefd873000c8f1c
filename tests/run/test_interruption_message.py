import pytest

from pipeline.run.interruption_message import interruption


@pytest.mark.parametrize(
    ("ids", "text", "command"),
    [
        ([], "the run was interrupted", "pipeline job list "),
        (["a"], "a was interrupted", "run-pipeline -j a "),
        (["a", "b"], "a, b were interrupted", "run-pipeline -j a -j b "),
    ],
)
def test_who_is_interrupted_is_told_a_command_that_works(ids: list[str], text: str, command: str) -> None:
    error = interruption(ids, "SIGINT")
    assert text in str(error)
    assert (error.next_step or "").startswith(command)
