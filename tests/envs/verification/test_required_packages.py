from pathlib import Path

import pytest

from pipeline.envs.verification import required_packages

HERE = {"sys_platform": "linux", "python_version": "3.11", "python_full_version": "3.11.7"}


def told(requirement: str, **versions: str) -> str:
    """Of a package ``asking`` with this requirement beside packages of these versions."""
    packages = {"asking": ("1.0", (requirement,)), **{name: (version, ()) for name, version in versions.items()}}
    return required_packages.sentence(required_packages.unmet(packages, HERE))


def test_a_package_that_is_missing_or_of_another_version_is_named() -> None:
    assert told("Other_Name") == "asking needs Other_Name, which isn't there"
    assert told("quirk>=2", quirk="1.0") == "asking needs quirk>=2, and 1.0 is there"


@pytest.mark.parametrize(
    "requirement",
    [
        "quirk",
        "quirk==1.0",  # which a local version is
        "quirk (>=0.9)",
        "lacked; sys_platform == 'win32'",
        "lacked; extra == 'more'",
        "quirk[more]; python_version >= '3.8'",
        "quirk @ file:///elsewhere/quirk.whl",
        "what is this?",
    ],
)
def test_what_is_met_or_is_not_asked_for_is_not_named(requirement: str) -> None:
    assert told(requirement, quirk="1.0+cpu") == ""


def test_only_the_head_of_the_metadata_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "Big_Quirk-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: big-quirk\nRequires-Dist: other>=2\n\nRequires-Dist: no field\n")
    (tmp_path / "empty-1.0.dist-info").mkdir()
    assert required_packages.declared(tmp_path) == {"big-quirk": ("1.0", ("other>=2",))}
