import pytest

from pipeline.cluster.content.byte_range import announced, wanted


@pytest.mark.parametrize(
    ("header", "bytes_"),
    [
        (None, (0, 10)),
        ("bytes=0-", (0, 10)),
        ("bytes=4-", (4, 10)),
        ("bytes=4-5", (4, 6)),
        ("bytes=4-99", (4, 10)),
        ("bytes=10-", (10, 10)),
    ],
)
def test_a_range_is_a_part_of_the_content(header: str | None, bytes_: tuple[int, int]) -> None:
    assert wanted(header, 10) == bytes_


@pytest.mark.parametrize("header", ["bytes=11-", "bytes=-3", "bytes=5-3", "bytes=0-1,3-4", "lines=1-"])
def test_another_range_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="range"):
        wanted(header, 10)


def test_bytes_that_come_say_where_they_belong() -> None:
    assert announced("bytes 3-9/20", 7) == (3, 10, 20)
    assert announced(None, 7) == (0, 7, 7)


@pytest.mark.parametrize("header", ["bytes 3-9/9", "bytes 3-9/20x", "bytes 3-8/20"])
def test_bytes_that_do_not_fit_are_refused(header: str) -> None:
    with pytest.raises(ValueError, match="range"):
        announced(header, 7)
