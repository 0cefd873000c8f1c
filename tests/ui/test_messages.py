"""What the server gets: paths, ranges and cookies."""

import pytest

from pipeline.ui.messages import ByteRange, Denial, byte_range, request


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", ()),
        ("/jobs/a", ("jobs", "a")),
        ("/jobs//a/", ("jobs", "a")),
        ("/jobs/%2e%2e%2fsecret", ("jobs", "../secret")),
        ("/jobs/../secret?x=1#y", ("jobs", "..", "secret")),
    ],
)
def test_each_part_of_a_path_is_decoded_by_itself(target: str, path: tuple[str, ...]) -> None:
    assert request("GET", target, {}).path == path


@pytest.mark.parametrize("target", ["http://elsewhere.example/", "//elsewhere.example/", "*", ""])
def test_what_is_no_path_here_is_refused(target: str) -> None:
    with pytest.raises(Denial):
        request("GET", target, {})


def test_headers_are_found_whatever_their_case() -> None:
    found = request("GET", "/", {"COOKIE": 'a=1; pipeline_1="x"; b=2'})
    assert (found.cookie("pipeline_1"), found.cookie("c")) == ("x", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("bytes=0-", (0, 10)),
        ("bytes=4-5", (4, 2)),
        ("bytes=4-400", (4, 6)),
        ("bytes=-3", (7, 3)),
        ("bytes=-300", (0, 10)),
        ("bytes=9-", (9, 1)),
    ],
)
def test_one_range_is_read(text: str, expected: tuple[int, int] | None) -> None:
    found = byte_range(text, 10)
    assert found == (ByteRange(*expected, 10) if expected else None)


@pytest.mark.parametrize(
    "text",
    [
        "bytes=10-",
        "bytes=5-4",
        "bytes=-0",
        "bytes=0-1,3-4",
        "bytes=-",
        "lines=0-1",
        "bytes=a-b",
        "bytes=²-",
        "bytes=" + "9" * 99,
    ],
)
def test_other_ranges_are_refused(text: str) -> None:
    with pytest.raises(Denial) as refusal:
        byte_range(text, 10)
    assert refusal.value.status == 416


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(Denial):
        byte_range("bytes=0-", 0)
