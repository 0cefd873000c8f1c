"""A node whose disk gets full: a file system of its own, as small as it must be."""

import errno
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cluster.content import store as content_store
from pipeline.cluster.content.errors import NoRoom
from pipeline.cluster.content.store import ContentStore
from tests.cluster.helpers import AgentProcess, Orders, agent_in

MIB = 1 << 20
SIZE = 160  # MiB: the store leaves 64 to others, and an environment takes some 40
MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


@pytest.fixture
def small(orders: Orders, tmp_path: Path) -> Iterator[AgentProcess]:
    """An agent that alone sees its disk."""
    (tmp_path / "disk").mkdir()
    apart = ["unshare", "-rm", "sh", "-c", MOUNT, "sh", f"{SIZE}m", str(tmp_path / "disk")]
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine mounts nothing for us")
    command = (*apart, sys.executable, "-m", "pipeline.cluster.node.agent_process")
    with agent_in(tmp_path / "disk" / "node", command=command) as agent:
        yield agent


def test_what_has_no_room_does_not_come_and_what_has_comes(orders: Orders, small: AgentProcess, tmp_path: Path) -> None:
    large, film = orders.file("large.mp4", bytes(SIZE * MIB)), orders.file("film.mp4", bytes(4 * MIB))
    with pytest.raises(NoRoom):
        small.client.push(orders.files[large.digest], large.digest)
    assert small.client.contents.received(large.digest) == 0
    order = orders.order(
        "Path(stage.output('file')).write_text('seen')", inputs={"film": (film,)}, outputs={"file": "out.txt"}
    )
    assert small.carry_out(order, orders.files).is_success


def test_contents_that_nobody_needs_make_room(orders: Orders, small: AgentProcess) -> None:
    several = [orders.file(f"{number}.mp4", bytes([number]) * (30 * MIB)) for number in range(5)]
    for film in several:
        small.client.push(orders.files[film.digest], film.digest)
    assert small.client.contents.received(several[-1].digest) is None
    assert small.client.contents.received(several[0].digest) == 0


def test_a_stage_that_fills_the_disk_ends_and_the_next_one_runs(orders: Orders, small: AgentProcess) -> None:
    body = "with open(stage.output('file'), 'wb') as file:\n    while True: file.write(bytes(1 << 20))"
    full = orders.order(body, outputs={"file": "out.bin"})
    outcome = small.carry_out(full, orders.files)
    assert outcome.returncode
    raised = [each.raised.message for each in small.heard.reports(full.id) if each.raised]
    assert any("No space left" in each for each in raised), small.heard.log(full.id)
    assert small.carry_out(orders.order("pass", stage="other"), orders.files).is_success


def test_a_disk_that_gets_full_while_a_content_comes_keeps_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = "blake3:" + "0" * 64
    with content_store.opened(tmp_path, 1 << 30, headroom=0) as store:
        with pytest.raises(NoRoom):
            _receive_on_full_disk(store, digest, monkeypatch)
        assert not list((tmp_path / "parts").iterdir())
        assert store.find(digest) is None


class FullFile:
    """A file on a disk that is full."""

    def __init__(self, file: object) -> None:
        self._file = file

    def write(self, _: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def _receive_on_full_disk(store: ContentStore, digest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.receive(digest, 100) as partial:
        assert partial is not None
        monkeypatch.setattr(partial, "_file", FullFile(partial._file))
        partial.write(bytes(50))
