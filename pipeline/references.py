"""How a stage's inputs are named: ``job.input`` or ``STAGE.OUTPUT``.

Of a fan-out, ``STAGE[VALUE].OUTPUT`` is the member for one value, ``STAGE[$each].OUTPUT`` the one for the same value.
In a fan-out over a directory, ``STAGE[$each].OUTPUT`` of that directory is the member's own file; once the names are
known, it is ``STAGE[NAME].OUTPUT``.
"""

from collections.abc import Iterable, Mapping

JOB_INPUT = "job.input"
OR = " | "  # between references of which the first counts that is in the plan
PAIRED = "[$each]"  # after a fan-out's name: its member for the same value, where the bare name means all members


def alternatives(text: str) -> list[str]:
    return text.split(OR)


def split(reference: str) -> tuple[str, str]:
    """A reference's stage and output; what stands in brackets is left out."""
    stage, bracket, rest = reference.partition("[")
    if bracket:
        return stage, rest.rpartition("].")[2]
    stage, _, output = reference.partition(".")
    return stage, output


def part(reference: str) -> str | None:
    """The value in brackets: only that member of the fan-out is meant. ``None`` where all are, or a pair."""
    value = reference.partition("[")[2].rpartition("].")[0]
    return value if value and not is_paired(reference) else None


def is_paired(reference: str) -> bool:
    return f"{PAIRED}." in reference


def paired_stages(inputs: Mapping[str, Iterable[str]]) -> list[str]:
    """The fan-outs whose members go with those of the stage that has these inputs."""
    return [split(reference)[0] for references in inputs.values() for reference in references if is_paired(reference)]


def of_value(reference: str, value: str) -> str:
    """A paired reference with a value in the place of ``$each``."""
    stage, output = split(reference)
    return f"{stage}[{value}].{output}"


def member_name(stage: str, index: int) -> str:
    """Of a fan-out over a list: by place, since a value can be anything; four digits sort like the list."""
    return f"{stage}_{index + 1:04d}"


def is_member_name(name: str, stage: str) -> bool:
    number = name.removeprefix(f"{stage}_")
    return number != name and len(number) >= 4 and number.isdecimal()
