import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.errors import NotReady
from pipeline.host import gpu_leases, gpus
from pipeline.host.gpu_leases import FOLDER_VARIABLE, FileLease, LeaseFolder, shared_folder
from pipeline.host.gpus import Gpu
from tests.conftest import REPOSITORY
from tests.host.test_gpus import CARDS, listing
from tests.test_process import eventually

GIB = 1 << 30
SMALL, BIG = Gpu("GPU-small", "Small", 8 * GIB), Gpu("GPU-big", "Big", 24 * GIB)

# Takes cards, says which, and has them until it is killed.
HOLDER = """
import os, sys
from pathlib import Path
from pipeline.host import gpus
from pipeline.host.gpu_leases import LeaseFolder
cards, allocator = gpus.detect(os.environ), LeaseFolder(Path(sys.argv[1]))
lease = allocator.lease(cards, int(sys.argv[2]), None)
print(lease.variables["CUDA_VISIBLE_DEVICES"] if lease else "none", flush=True)
sys.stdin.read()
"""
# Takes two cards twenty times, and fails where another has one of them meanwhile.
COMPETITOR = """
import os, sys, time
from pathlib import Path
from pipeline.host import gpus
from pipeline.host.gpu_leases import LeaseFolder
cards, allocator, folder = gpus.detect(os.environ), LeaseFolder(Path(sys.argv[1])), Path(sys.argv[2])
done = 0
while done < 20:
    lease = allocator.lease(cards, 2, None)
    if lease is None:
        time.sleep(0.001)
        continue
    for card in lease.cards:
        (folder / card).touch(exist_ok=False)  # another one here would be another process with this card
    time.sleep(0.001)
    for card in lease.cards:
        (folder / card).unlink()
    lease.release()
    done += 1
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(spawning: None) -> Iterator[Start]:
    children: list[subprocess.Popen[str]] = []

    def go(code: str, *words: object, variables: dict[str, str], **options: object) -> "subprocess.Popen[str]":
        child: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
            [sys.executable, "-c", code, *map(str, words)],
            env={**os.environ, **variables},
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )
        children.append(child)
        return child

    yield go
    for child in children:
        child.kill()
        child.communicate(timeout=60)


def said(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def lease(folder: Path, count: int = 1, memory: int | None = None, cards: tuple[Gpu, ...] = CARDS) -> FileLease:
    given = LeaseFolder(folder).lease(cards, count, memory)
    assert given is not None
    return given


def test_a_lease_names_its_cards_for_cuda(tmp_path: Path) -> None:
    held = lease(tmp_path / "leases", 2)
    assert held.variables == {"CUDA_VISIBLE_DEVICES": f"{CARDS[0].uuid},{CARDS[1].uuid}"}
    held.release()


def test_what_is_leased_is_not_leased_again_until_it_is_released(tmp_path: Path) -> None:
    held = lease(tmp_path, 3)
    assert LeaseFolder(tmp_path).lease(CARDS, 1, None) is None
    held.release()
    lease(tmp_path, 3).release()
    assert list(tmp_path.glob("*.lease")) == []


def test_only_cards_that_we_may_see_are_leased(tmp_path: Path) -> None:
    held = lease(tmp_path, cards=CARDS[2:])
    assert held.cards == (CARDS[2].uuid,)
    assert LeaseFolder(tmp_path).lease(CARDS[2:], 1, None) is None
    held.release()


def test_a_card_is_shared_by_memory_up_to_its_size(tmp_path: Path) -> None:
    held = [lease(tmp_path, memory=4 * GIB, cards=(SMALL,)) for _ in range(2)]
    assert LeaseFolder(tmp_path).lease((SMALL,), 1, 1) is None
    held.pop().release()
    assert LeaseFolder(tmp_path).lease((SMALL,), 1, None) is None, "a whole card, while a part is in use"
    held.pop().release()
    lease(tmp_path, cards=(SMALL,)).release()


def test_a_part_is_cut_from_the_fullest_card_that_has_room(tmp_path: Path) -> None:
    parts = [lease(tmp_path, memory=4 * GIB, cards=(BIG, SMALL)) for _ in range(3)]
    assert [part.cards for part in parts] == [("GPU-small",), ("GPU-small",), ("GPU-big",)]
    for part in parts:
        part.release()


def test_a_card_without_a_size_is_leased_as_a_whole(tmp_path: Path) -> None:
    cards = (Gpu("MIG-1", "MIG slice", None),)
    held = lease(tmp_path, memory=GIB, cards=cards)
    assert LeaseFolder(tmp_path).lease(cards, 1, GIB) is None
    held.release()


def test_a_lease_is_not_inherited(tmp_path: Path, spawning: None) -> None:
    held = lease(tmp_path, 3)
    child = subprocess.Popen(["sleep", "600"], close_fds=False)
    os.close(held.descriptor)
    lease(tmp_path, 3).release()
    child.kill()
    child.wait()


def test_a_killed_process_gives_its_cards_back(tmp_path: Path, start: Start) -> None:
    variables = listing(tmp_path)
    holder = start(HOLDER, tmp_path / "leases", 3, variables=variables)
    assert said(holder).count("GPU-") == 3
    assert said(start(HOLDER, tmp_path / "leases", 1, variables=variables)) == "none"
    holder.send_signal(signal.SIGKILL)
    holder.wait(60)
    assert len(list((tmp_path / "leases").glob("*.lease"))) == 1
    lease(tmp_path / "leases", 3).release()
    assert list((tmp_path / "leases").glob("*.lease")) == [], "what the dead one left is still there"


def test_a_stopped_process_keeps_its_cards(tmp_path: Path, start: Start) -> None:
    holder = start(HOLDER, tmp_path / "leases", 3, variables=listing(tmp_path))
    said(holder)
    holder.send_signal(signal.SIGSTOP)
    assert LeaseFolder(tmp_path / "leases").lease(CARDS, 1, None) is None


def test_processes_that_compete_never_have_the_same_card(tmp_path: Path, start: Start) -> None:
    (tmp_path / "cards").mkdir()
    variables = listing(tmp_path)
    all_ = [start(COMPETITOR, tmp_path / "leases", tmp_path / "cards", variables=variables) for _ in range(5)]
    assert [child.wait(120) for child in all_] == [0] * 5
    assert list((tmp_path / "leases").glob("*.lease")) == []


def test_one_that_is_killed_among_others_costs_them_nothing(tmp_path: Path, start: Start) -> None:
    """Killed wherever it is: while it decides, while it writes, while it holds."""
    variables = listing(tmp_path)
    for number in range(6):
        victims, cards = tmp_path / f"victims{number}", tmp_path / f"cards{number}"
        victims.mkdir()
        cards.mkdir()
        doomed = start(COMPETITOR, tmp_path / "leases", victims, variables=variables)
        assert eventually(lambda: any(victims.iterdir()) or doomed.poll() is not None)  # noqa: B023  # called at once
        time.sleep(number / 1000)
        doomed.kill()
        doomed.wait(60)
        assert start(COMPETITOR, tmp_path / "leases", cards, variables=variables).wait(120) == 0


def test_the_folder_is_everybodys_and_sticky_and_leases_can_be_read(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        held = lease(tmp_path / "leases")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "leases").stat().st_mode) == 0o1777
    assert stat.S_IMODE(held.file.stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "leases" / "deciding.lock").stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["leases"]
    held.release()


@contextmanager
def another_user(number: int, folder: Path, count: int) -> Iterator[list[str]]:
    """The cards that a process of another user gets, which it has for as long as the block lasts."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:  # a copy of this process, since the other user may not be able to read the interpreter's folder
        try:
            os.setgroups([])
            os.setgid(number)
            os.setuid(number)
            held = LeaseFolder(folder).lease(CARDS, count, None)
            os.write(write, json.dumps(held.cards if held else []).encode())
            time.sleep(600)
        finally:
            os._exit(1)
    os.close(write)
    with open(read, "rb", buffering=0) as answer:
        yield json.loads(answer.read(1000) or b"")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become another user")
def test_users_see_each_others_leases_and_cannot_take_them() -> None:
    folder = Path(f"/tmp/pipeline-test-{os.getpid()}-{os.urandom(4).hex()}")
    a, b, c = (card.uuid for card in CARDS)
    try:
        with another_user(65534, folder, 2) as first:
            assert first == [a, b]
            assert folder.stat().st_uid == 65534
            ours = lease(folder)
            assert ours.cards == (c,)
            with another_user(65533, folder, 1) as second:
                assert second == []
            os.close(ours.descriptor)  # as if we had died: another user can't remove the file, and needs not to
            with another_user(65533, folder, 1) as second:
                assert second == [c]
            assert ours.file.exists()
        with another_user(65533, folder, 3) as third:
            assert third == [a, b, c]
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"[1]", b'{"GPU-aaaa1111-0000": "all"}', b"{" * 70000])
def test_a_live_file_that_is_no_lease_takes_nothing(tmp_path: Path, garbage: bytes) -> None:
    held = lease(tmp_path, 1)
    held.file.write_bytes(garbage)
    lease(tmp_path, 3).release()
    held.release()


def test_things_that_somebody_put_into_the_folder_are_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "folder.lease").mkdir()
    (tmp_path / "link.lease").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe.lease")
    lease(tmp_path, 3).release()
    assert not (tmp_path / "elsewhere").exists()


def test_an_allocator_that_is_stuck_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_leases, "DECIDING_SECONDS", 0.01)
    lease(tmp_path).release()
    descriptor = os.open(tmp_path / "deciding.lock", os.O_RDONLY)
    gpu_leases._lock(descriptor)
    assert LeaseFolder(tmp_path).lease(CARDS, 1, None) is None
    os.close(descriptor)
    lease(tmp_path).release()


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(NotReady, match="link"):
        LeaseFolder(tmp_path / "link").lease(CARDS, 1, None)


def test_a_folder_that_can_not_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotReady, match="leases") as caught:
        LeaseFolder(tmp_path / "file" / "leases").lease(CARDS, 1, None)
    assert FOLDER_VARIABLE in (caught.value.next_step or "")


def test_a_full_disk_leaves_no_half_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.write", full)
        with pytest.raises(NotReady, match="No space left"):
            LeaseFolder(tmp_path).lease(CARDS, 1, None)
    assert list(tmp_path.glob("*.lease")) == []
    lease(tmp_path, 3).release()


def test_the_folder_does_not_depend_on_who_asks(tmp_path: Path) -> None:
    assert shared_folder({}) == shared_folder({"TMPDIR": str(tmp_path), "HOME": "/elsewhere"})
    assert shared_folder({FOLDER_VARIABLE: str(tmp_path)}) == tmp_path


def test_a_lease_of_a_shared_card_says_how_much_and_of_a_whole_one_nothing(tmp_path: Path) -> None:
    part, whole = lease(tmp_path, memory=GIB), lease(tmp_path, 2)
    assert json.loads(part.file.read_text()) == {CARDS[0].uuid: GIB}
    assert json.loads(whole.file.read_text()) == {CARDS[1].uuid: None, CARDS[2].uuid: None}
    assert gpus.VISIBLE in part.variables
    part.release()
    whole.release()
