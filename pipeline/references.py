"""How a stage's inputs are named in a plan: ``job.input``, or ``STAGE.OUTPUT``."""

JOB_INPUT = "job.input"


def split(reference: str) -> tuple[str, str]:
    """A reference's stage and output."""
    stage, _, output = reference.partition(".")
    return stage, output
