import pytest

from pipeline.errors import UsageError
from pipeline.host.run_limits import RunLimits, parse_limits

GIB = 1 << 30


def test_limits_are_read() -> None:
    assert parse_limits(["cpus=4", "memory = 8GiB", "gpus=0"]) == RunLimits(cpus=4, memory=8 * GIB, gpus=0)


def test_no_limits_are_none() -> None:
    assert parse_limits([]) == RunLimits()


def test_a_later_limit_replaces_an_earlier_one() -> None:
    assert parse_limits(["cpus=4", "cpus=2"]) == RunLimits(cpus=2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cpu=4", "did you mean 'cpus'"),
        ("disk=4", "there are: cpus, gpus, memory"),
        ("cpus", "not NAME=AMOUNT"),
        ("cpus=", "not NAME=AMOUNT"),
        ("cpus=0", "whole number from 1"),
        ("cpus=-1", "whole number from 1"),
        ("cpus=1.5", "whole number from 1"),
        ("cpus=²", "whole number from 1"),
        ("gpus=x", "whole number from 0"),
        ("memory=much", "isn't a size"),
    ],
)
def test_a_limit_that_is_none_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_limits([text])
    assert text in caught.value.message
    assert said in caught.value.message
