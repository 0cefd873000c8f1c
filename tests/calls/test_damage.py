"""A damaged environment is repaired, and the session begins once more."""

import os
from pathlib import Path

import pytest

import pipeline
from pipeline.calls.errors import RemoteError, WorkerLost
from tests.conftest import Sandbox, offline

READS = (
    "import quirk\ndef version(): return quirk.VERSION\ndef crashes():\n    import os\n    os.kill(os.getpid(), 11)\n"
)


@pytest.fixture
def own(sandbox: Sandbox, ended_workers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A project with a build of its own."""
    for name, value in offline(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert sandbox.give("bootstrap", "--env", "alpha").code == 0
    sandbox.write("reads.py", READS)
    return sandbox


def damage(project: Sandbox) -> None:
    """As a disk does it: nothing but the content is another one."""
    (module,) = (project.root / "venv/alpha/lib").glob("python*/site-packages/quirk.py")
    before, folder = module.stat(), module.parent.stat()
    module.unlink()  # it may be a link to uv's own
    module.write_text("import no".ljust(before.st_size))
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(module.parent, ns=(folder.st_atime_ns, folder.st_mtime_ns))
    for cached in module.parent.glob("__pycache__/quirk*"):
        cached.write_bytes(b"")


def test_a_session_that_can_t_import_begins_again_in_the_repaired_environment(own: Sandbox) -> None:
    damage(own)
    told: list[str] = []
    environment = pipeline.environment("alpha", own.root)
    with environment.open(own.root / "reads.py", progress=lambda _, note: told.append(note)) as session:
        assert session.version() == "1.0"
    assert any("repairing" in each for each in told)


def test_a_whole_environment_is_looked_at_once_for_one_symptom(own: Sandbox) -> None:
    own.write("reads.py", "import nowhere\n")
    told: list[str] = []
    environment = pipeline.environment("alpha", own.root)
    for _ in range(2):
        with pytest.raises(RemoteError):
            environment.open(own.root / "reads.py", progress=lambda _, note: told.append(note)).start()
    assert len([each for each in told if "checking" in each]) == 1


def test_a_crash_in_a_damaged_environment_says_that_it_was_repaired(own: Sandbox) -> None:
    environment = pipeline.environment("alpha", own.root)
    with environment.open(own.root / "reads.py") as session:
        damage(own)
        with pytest.raises(WorkerLost) as caught:
            session.crashes()
        assert any("repaired" in note for note in caught.value.__notes__)
        assert session.restart().version() == "1.0"
