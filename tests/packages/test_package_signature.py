"""Signatures beside packages, by the real ssh-keygen."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import InputError, NotReady, UsageError
from pipeline.packages import package_signature

pytestmark = pytest.mark.skipif(shutil.which(package_signature.PROGRAM) is None, reason="there is no ssh-keygen here")


@pytest.fixture
def key(tmp_path: Path, spawning: None) -> Path:
    return new_key(tmp_path / "key")


def new_key(file: Path) -> Path:
    subprocess.run([package_signature.PROGRAM, "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    return file


def allowed(key: Path) -> Path:
    file = key.with_name("allowed")
    file.write_text(f"anna@example.org {key.with_suffix('.pub').read_text()}")
    return file


def test_a_signature_tells_who_made_it(package: Path, key: Path) -> None:
    assert (
        package_signature.sign(package, key)
        == package_signature.sign(package, key)
        == package.with_name("tested.pkg.sig")
    )
    assert package_signature.verify(package, allowed(key)) == "anna@example.org"


def test_a_changed_package_another_key_and_no_signature_are_refused(package: Path, key: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no signature"):
        package_signature.verify(package, allowed(key))
    package_signature.sign(package, new_key(tmp_path / "other"))
    with pytest.raises(InputError, match="isn't signed by anybody"):
        package_signature.verify(package, allowed(key))
    package_signature.sign(package, key)
    package.write_bytes(package.read_bytes() + b"x")
    with pytest.raises(InputError, match="isn't signed by anybody"):
        package_signature.verify(package, allowed(key))


def test_a_file_that_is_no_key_is_told(package: Path, spawning: None) -> None:
    with pytest.raises(UsageError, match="can't be signed"):
        package_signature.sign(package, package)


def test_without_the_program_it_says_what_to_install(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotReady, match="ssh-keygen"):
        package_signature.sign(package, package)
