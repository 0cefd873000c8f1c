import contextlib
import os
import threading
from pathlib import Path

import pytest

from pipeline.cluster.content.errors import ContentDamaged, ContentUnknown, NoRoom
from pipeline.cluster.content.store import ContentStore, opened
from pipeline.digests import sha256_of_file
from pipeline.errors import NotReady
from tests.cluster.content.helpers import damage_quietly, file_with

DATA = bytes(range(256)) * 40


def test_a_file_is_found_by_its_digest(store: ContentStore, tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    assert store.put(file).digest == digest
    assert store.file(digest).read_bytes() == DATA
    assert store.size == len(DATA)


def test_it_may_be_known_by_either_kind_of_digest(store: ContentStore, tmp_path: Path) -> None:
    file, _ = file_with(tmp_path / "a", DATA)
    store.put(file, sha256_of_file(file))
    assert store.find(sha256_of_file(file)) is not None


def test_a_file_that_is_not_what_was_said_is_not_taken(store: ContentStore, tmp_path: Path) -> None:
    file, _ = file_with(tmp_path / "a", DATA)
    with pytest.raises(ContentDamaged):
        store.put(file, "blake3:" + "0" * 64)
    assert store.find("blake3:" + "0" * 64) is None
    assert not list((tmp_path / "here" / "parts").iterdir())


def test_it_is_there_after_the_process_and_belongs_to_one_at_a_time(tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    with opened(tmp_path / "here", 1 << 20) as store:
        store.put(file)
        with pytest.raises(NotReady), opened(tmp_path / "here", 1 << 20):
            pass
    with opened(tmp_path / "here", 1 << 20) as store:
        assert store.find(digest) is not None


def test_a_stage_gets_it_under_another_name_that_it_cannot_write_to(store: ContentStore, tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    store.put(file)
    store.place(digest, tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == DATA
    assert not (tmp_path / "film.mp4").stat().st_mode & 0o222


def test_what_is_not_there_cannot_be_placed(store: ContentStore, tmp_path: Path) -> None:
    with pytest.raises(ContentUnknown):
        store.place("blake3:" + "0" * 64, tmp_path / "film.mp4")


def test_what_comes_in_parts_is_there_when_it_is_whole(store: ContentStore, tmp_path: Path) -> None:
    _, digest = file_with(tmp_path / "a", DATA)
    with store.receive(digest, len(DATA)) as partial:
        assert partial is not None
        partial.write(DATA[:1000])
    assert store.find(digest) is None
    assert store.received(digest) == 1000
    with store.receive(digest, len(DATA)) as partial:
        assert partial is not None
        assert partial.offset == 1000
        partial.write(DATA[1000:])
    assert store.file(digest).read_bytes() == DATA
    assert store.received(digest) == 0


def test_a_break_leaves_what_has_come(store: ContentStore, tmp_path: Path) -> None:
    _, digest = file_with(tmp_path / "a", DATA)
    with contextlib.suppress(ConnectionError):
        _receive(store, digest, DATA[:1000], ConnectionError())
    assert store.received(digest) == 1000


def test_bytes_that_changed_while_nobody_wrote_are_noticed(store: ContentStore, tmp_path: Path) -> None:
    _, digest = file_with(tmp_path / "a", DATA)
    with store.receive(digest, len(DATA)) as partial:
        assert partial is not None
        partial.write(DATA[:1000])
    (part,) = (tmp_path / "here" / "parts").iterdir()
    (part / "content").write_bytes(b"x" * 1000)
    with pytest.raises(ContentDamaged):
        _receive(store, digest, DATA[1000:])
    assert store.received(digest) == 0
    assert store.find(digest) is None


def test_more_bytes_than_there_can_be_are_refused(store: ContentStore) -> None:
    with pytest.raises(ContentDamaged):
        _receive(store, "blake3:" + "0" * 64, DATA + b"x")


def test_of_two_who_want_it_one_gets_it_and_the_other_waits(store: ContentStore, tmp_path: Path) -> None:
    _, digest = file_with(tmp_path / "a", DATA)
    came: list[bool] = []

    def want() -> None:
        with store.receive(digest, len(DATA)) as partial:
            came.append(partial is not None)
            if partial is not None:
                partial.write(DATA)

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == [False] * 7 + [True]


def test_room_is_made_by_what_was_not_used_for_longest(tmp_path: Path) -> None:
    with opened(tmp_path / "here", 25, headroom=0) as store:
        digests = [store.put(file_with(tmp_path / name, name.encode() * 10)[0]).digest for name in "ab"]
        store.find(digests[0])
        third = store.put(file_with(tmp_path / "c", b"c" * 10)[0]).digest
        assert [store.find(each) is not None for each in (*digests, third)] == [True, False, True]


def test_what_is_held_stays_and_then_there_is_no_room(tmp_path: Path) -> None:
    with opened(tmp_path / "here", 15, headroom=0) as store:
        first = store.put(file_with(tmp_path / "a", b"a" * 10)[0]).digest
        with store.hold([first]), pytest.raises(NoRoom):
            store.put(file_with(tmp_path / "b", b"b" * 10)[0])
        store.put(file_with(tmp_path / "c", b"c" * 10)[0])
        assert store.find(first) is None


def test_parts_that_nobody_waits_for_go_first(tmp_path: Path) -> None:
    with opened(tmp_path / "here", 15, headroom=0) as store:
        with store.receive("blake3:" + "0" * 64, 12) as partial:
            assert partial is not None
            partial.write(b"x" * 10)
        with store.receive("blake3:" + "1" * 64, 14):
            assert store.received("blake3:" + "0" * 64) in {0, 10}
            with pytest.raises(NoRoom), store.receive("blake3:" + "2" * 64, 5):
                pass
        assert store.received("blake3:" + "0" * 64) == 0


def test_a_full_disk_takes_nothing_and_loses_nothing(
    store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    store.put(file)
    usage = type("Usage", (), {"free": 5})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with store.hold([digest]), pytest.raises(NoRoom), store.receive("blake3:" + "0" * 64, 10):
        pass
    assert store.find(digest) is not None


def test_a_damaged_content_is_removed_when_somebody_looks(store: ContentStore, tmp_path: Path) -> None:
    digest = store.put(file_with(tmp_path / "a", DATA)[0]).digest
    assert not store.drop_damaged(digest)
    times = store.file(digest).stat()
    _overwrite(store.file(digest), b"y" * len(DATA))
    os.utime(store.file(digest), ns=(times.st_atime_ns, times.st_mtime_ns))
    assert store.find(digest) is not None
    assert store.drop_damaged(digest)
    assert store.find(digest) is None


@pytest.mark.parametrize("left", [b"", b"y" * len(DATA), None])
def test_a_content_that_is_gone_or_written_to_is_not_there(
    store: ContentStore, tmp_path: Path, left: bytes | None
) -> None:
    file = file_with(tmp_path / "a", DATA)[0]
    digest = store.put(file).digest
    if left is None:
        store.file(digest).unlink()
    else:
        _overwrite(store.file(digest), left)
    assert store.find(digest) is None
    file.unlink()
    store.put(file_with(tmp_path / "b", DATA)[0])
    assert store.find(digest) is not None


def _receive(store: ContentStore, digest: str, data: bytes, error: Exception | None = None) -> None:
    with store.receive(digest, len(DATA)) as partial:
        assert partial is not None
        partial.write(data)
        if error:
            raise error


def _overwrite(file: Path, data: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(data)


def test_what_an_earlier_process_left_is_read_before_a_stage_gets_it(tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    other, sound = file_with(tmp_path / "b", DATA[1:])
    with opened(tmp_path / "here", 1 << 20) as store:
        store.put(file)
        store.put(other)
        damage_quietly(store.file(digest))
    with opened(tmp_path / "here", 1 << 20) as store:
        assert store.find(digest) is not None  # at first sight
        with pytest.raises(ContentDamaged, match="damaged on the disk"):
            store.place(digest, tmp_path / "film.mp4")
        assert not (tmp_path / "film.mp4").exists()
        assert store.find(digest) is None
        store.place(sound, tmp_path / "other.mp4")
        assert (tmp_path / "other.mp4").read_bytes() == DATA[1:]


def test_what_is_made_again_takes_the_place_of_what_an_earlier_process_left(tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    with opened(tmp_path / "here", 1 << 20) as store:
        store.put(file)
        damage_quietly(store.file(digest))
    again, _ = file_with(tmp_path / "b", DATA)
    with opened(tmp_path / "here", 1 << 20) as store:
        store.put(again)
        assert store.require(digest).read_bytes() == DATA
        assert store.size == len(DATA)


def test_it_is_read_once_and_after_a_day_again(
    store: ContentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, digest = file_with(tmp_path / "a", DATA)
    store.put(file)
    damage_quietly(store.file(digest))
    assert store.require(digest) == store.file(digest)  # its bytes were compared when it came
    monkeypatch.setattr("pipeline.cluster.content.content_eviction.COMPARED_SECONDS", 0.0)
    with pytest.raises(ContentDamaged):
        store.require(digest)


def test_of_many_who_want_what_is_damaged_none_gets_it(tmp_path: Path) -> None:
    file, digest = file_with(tmp_path / "a", os.urandom(1 << 20))
    with opened(tmp_path / "here", 1 << 22) as store:
        store.put(file)
        damage_quietly(store.file(digest))
    with opened(tmp_path / "here", 1 << 22) as store:
        got: list[str] = []

        def want() -> None:
            try:
                store.require(digest)
                got.append("it")
            except (ContentDamaged, ContentUnknown) as error:
                got.append(type(error).__name__)

        threads = [threading.Thread(target=want) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert got.count("ContentDamaged") == 1
        assert "it" not in got
