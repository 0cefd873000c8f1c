"""Locks as they stand in their files."""

import sys

import pytest

from pipeline.envs.lockfiles.lockfile import NotALock, parse

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def test_a_pin_has_its_line_its_marker_and_who_asked_for_it() -> None:
    lines = [
        "# locked for Python >=3.11",
        "NumPy==2.2.0 ; python_full_version < '3.12' \\",
        f"    --hash={A} \\",
        f"    --hash={B}",
        "    # via",
        "    #   -r requirements/alpha.txt",
        "    #   scipy",
        f"scipy[extra_one]==1.0 --hash={A}",
        "    # via numpy",
    ]
    lock = parse("\n".join(lines))
    numpy, scipy = lock.pins
    assert lock.python == ">=3.11"
    assert (numpy.name, numpy.version, numpy.line, str(numpy)) == ("numpy", "2.2.0", 2, "numpy 2.2.0")
    assert str(numpy.marker) == 'python_full_version < "3.12"'
    assert numpy.via == ("-r requirements/alpha.txt", "scipy")
    assert (scipy.line, set(scipy.extras), scipy.via) == (8, {"extra-one"}, ("numpy",))


def test_a_lock_of_another_tool_says_no_range() -> None:
    assert parse(f"numpy==2.2.0 --hash={A}\n").python is None


def test_a_pin_has_all_its_hashes_and_says_which_are_of_the_usual_kind() -> None:
    long = f"sha512:{'c' * 128}"
    (pin,) = parse(f"numpy==2.1 \\\n    --hash={A} \\\n    --hash={long}\n").pins
    assert pin.hashes == (A, long)
    assert pin.sha256 == {"a" * 64}


def on(python: str, *lines: str) -> list[str]:
    return [str(pin) for pin in parse("".join(f"{line} --hash={A}\n" for line in lines)).on(python)]


def test_markers_are_asked_with_the_python_that_is_meant() -> None:
    lines = (
        "a==1 ; python_full_version < '3.12'",
        "b==1 ; python_full_version >= '3.12'",
        "c==1 ; python_version == '3.12'",
    )
    assert on("3.12.4", *lines) == ["b 1", "c 1"]


def test_markers_are_asked_with_this_platform() -> None:
    assert on("3.12.4", f"a==1 ; sys_platform == '{sys.platform}'", "b==1 ; sys_platform == 'none'") == ["a 1"]


def test_options_and_comments_between_pins_are_no_pins() -> None:
    assert on("3.12.4", "a==1") == ["a 1"]
    assert [pin.name for pin in parse(f"# by hand\n--index-url https://x\n\na==1 --hash={A}\n").pins] == ["a"]


def test_a_lock_of_nothing_has_no_pins() -> None:
    assert parse("").pins == ()
    assert parse("# locked for Python >=3.11\n").pins == ()


def test_the_line_ends_of_windows_are_read() -> None:
    assert parse(f"numpy==2.2.0 \\\r\n    --hash={A}\r\n").pins[0].version == "2.2.0"


def test_a_package_from_an_address_has_it_as_its_version() -> None:
    assert parse(f"x @ https://host/x-1.whl --hash={A}\n").pins[0].version == "https://host/x-1.whl"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (f"a==1 --hash={A}\nb==1\n", 2, "b has no hash"),
        ("a==1 \\\n    --hash=sha256:12\n", 1, "a has the hash 'sha256:12', which isn't a whole one"),
        ("a==1 \\\n    --hash=md5:0123\n", 1, "a has the hash 'md5:0123'"),
        (f"a>=1 --hash={A}\n", 1, "'a>=1' leaves the version open"),
        (f"a --hash={A}\n", 1, "'a' leaves the version open"),
        (f"a==1.* --hash={A}\n", 1, "'a==1.*' leaves the version open"),
        (f"a==1,<2 --hash={A}\n", 1, "leaves the version open"),
        ("<<<<<<< HEAD\n", 1, "'<<<<<<< HEAD' isn't a pin such as numpy==2.2.0"),
        (f"a==1 \\\n    --hash={A} \\", 1, "it breaks off"),
        (f"a==1 \\\n    --hash={A}\nb==\\", 3, "it breaks off"),
        (f"\n\n--hash={A}\n", 3, "'' isn't a pin"),
        (f"a==1 \\\n    --hash={A}\n    --hash={B}\n", 3, "'' isn't a pin"),
    ],
)
def test_a_line_that_was_edited_is_told_with_its_number(text: str, line: int, reason: str) -> None:
    with pytest.raises(NotALock) as refused:
        parse(text)
    assert refused.value.line == line
    assert reason in refused.value.reason
