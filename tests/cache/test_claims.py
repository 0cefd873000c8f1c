"""Of two processes that need one result, one makes it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.cache.claims import Claims

ONE, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
HOLDS = """
import sys
from pathlib import Path
from pipeline.cache.claims import Claims
claims = Claims(Path(sys.argv[1]))
print(claims.take(sys.argv[2]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache/results.claims"


@contextmanager
def held_elsewhere(file: Path, key: str) -> Iterator[int]:
    command = [sys.executable, "-c", HOLDS, str(file), key]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "True\n"
        try:
            yield other.pid
        finally:
            other.kill()


def test_a_claim_excludes_other_processes_until_it_ends(spawning: None, file: Path) -> None:
    claims = Claims(file)
    with held_elsewhere(file, ONE):
        assert not claims.take(ONE)
        assert claims.take(OTHER)
    assert claims.take(ONE)  # it was killed


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux says who has a lock")
def test_who_has_a_claim_is_known(spawning: None, file: Path) -> None:
    claims = Claims(file)
    with held_elsewhere(file, ONE) as pid:
        assert not claims.take(ONE)
        assert (claims.maker(ONE), claims.maker(OTHER)) == (pid, None)


def test_what_is_given_back_another_process_may_take(spawning: None, file: Path) -> None:
    claims = Claims(file)
    assert claims.take(ONE)
    claims.give_back(ONE)
    with held_elsewhere(file, ONE):
        assert not claims.take(ONE)


def test_where_the_file_cannot_be_written_all_claims_are_granted(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    claims = Claims(tmp_path / "cache/results.claims")
    claims.give_back(ONE)
    assert [claims.take(ONE), claims.take(ONE)] == [True, True]
