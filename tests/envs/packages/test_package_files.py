"""Which of the files that uv names is taken for a pin."""

import pytest

from pipeline.envs.interpreters import BaseInterpreter
from pipeline.envs.lockfiles.lockfile import Pin
from pipeline.envs.packages.package_files import NoFileList, PackageFile, chosen, parsed, preferred

PYLOCK = 'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "quirk"\nversion = "1.0"\n'
DIGEST = "a" * 64
WHEEL, SOURCE = "quirk-1.0-py3-none-any.whl", "quirk-1.0.tar.gz"


@pytest.fixture
def python() -> BaseInterpreter:
    from pipeline.envs import interpreters

    return interpreters._own()


def found(python: BaseInterpreter, entry: str) -> PackageFile | None:
    return chosen(Pin("quirk", "1.0", 1, hashes=(f"sha256:{DIGEST}",)), parsed((PYLOCK + entry).encode()), python)


def test_a_name_that_leads_out_of_the_folder_is_refused(python: BaseInterpreter) -> None:
    file = f'name = "../../{WHEEL}", url = "https://far/x", hashes = {{ sha256 = "{DIGEST}" }}'
    with pytest.raises(NoFileList, match="Invalid wheel filename"):
        found(python, f"wheels = [{{ {file} }}]\n")


def test_an_archive_s_name_is_the_last_part_of_its_address(python: BaseInterpreter) -> None:
    file = f'url = "https://far/..%5C..%2F.quirk-1.0.tar.gz?x=/y", hashes = {{ sha256 = "{DIGEST}" }}'
    file_found = found(python, f"archive = {{ {file} }}\n")
    assert file_found is not None
    assert file_found.name == SOURCE


def test_a_file_whose_hash_is_not_in_the_lock_is_not_chosen(python: BaseInterpreter) -> None:
    file = f'url = "https://far/{WHEEL}", hashes = {{ sha256 = "' + "b" * 64 + '" }'
    assert found(python, f"wheels = [{{ {file} }}]\n") is None


@pytest.mark.parametrize(
    ("pin", "name"),
    [
        (Pin("quirk", "1.0", 1), WHEEL),
        (Pin("quirk", "1.0", 1, may_be_wheel=False), SOURCE),
        (Pin("quirk", "2.0", 1, may_be_source=False), None),
    ],
)
def test_a_lock_says_whether_it_is_a_wheel(python: BaseInterpreter, pin: Pin, name: str | None) -> None:
    assert preferred([SOURCE, WHEEL], pin, python) == name
