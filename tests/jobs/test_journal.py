import json
from pathlib import Path

import pytest

from pipeline.errors import ExitCode
from pipeline.jobs.events import RunFailed, StageExpanded
from pipeline.jobs.journal import NAME, Journal, JournalDamaged


def expanded(number: int) -> StageExpanded:
    """An event with a number."""
    return StageExpanded("one", number)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Three events on the disk."""
    journal = Journal(tmp_path)
    for number in range(3):
        journal.append(expanded(number))
    journal.close()
    return journal


@pytest.fixture
def file(journal: Journal, tmp_path: Path) -> Path:
    return tmp_path / NAME


def numbers(journal: Journal) -> list[int]:
    return [event.members for event in journal.read() if isinstance(event, StageExpanded)]


def test_events_come_back_in_order(journal: Journal) -> None:
    assert numbers(journal) == [0, 1, 2]


def test_each_line_is_json_with_the_time_of_the_event(journal: Journal, file: Path) -> None:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert all(line["at"].endswith("Z") for line in lines)


@pytest.mark.parametrize("cut", [1, 2, 20])
def test_a_torn_last_line_is_ignored(journal: Journal, file: Path, cut: int) -> None:
    file.write_bytes(file.read_bytes()[:-cut])
    assert numbers(journal) == [0, 1]


def test_an_event_after_a_torn_line_begins_a_line_of_its_own(journal: Journal, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])
    journal.append(expanded(9))
    assert numbers(journal) == [0, 1, 9]


def test_zeros_that_a_power_cut_left_at_the_end_are_cut_off(journal: Journal, file: Path) -> None:
    file.write_bytes(file.read_bytes() + bytes(100))
    journal.append(expanded(9))
    assert numbers(journal) == [0, 1, 2, 9]


@pytest.mark.parametrize("line", [0, 1])
def test_a_flipped_byte_before_the_last_line_is_named_with_file_and_line(
    journal: Journal, file: Path, line: int
) -> None:
    data = bytearray(file.read_bytes())
    place = data.index(b'"members"') if line == 0 else data.index(b'"members":1')
    data[place + 1] ^= 1
    file.write_bytes(data)
    with pytest.raises(JournalDamaged, match=rf"{NAME}:{line + 1}: ") as caught:
        journal.read()
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.next_step


def test_a_damaged_whole_line_before_a_torn_one_is_named(journal: Journal, file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[data.index(b'"members":2') + 1] ^= 1
    file.write_bytes(bytes(data) + b'{"torn')
    with pytest.raises(JournalDamaged, match=f"{NAME}:3: "):
        journal.read()


def test_a_flipped_newline_is_named(journal: Journal, file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[data.index(b"\n")] ^= 1
    file.write_bytes(data)
    with pytest.raises(JournalDamaged, match=f"{NAME}:1: "):
        journal.read()


def test_a_damaged_journal_gets_no_further_line(journal: Journal, file: Path) -> None:
    damaged = file.read_bytes().replace(b'"members":1', b'"members":7')
    file.write_bytes(damaged)
    with pytest.raises(JournalDamaged):
        journal.append(expanded(3))
    assert file.read_bytes() == damaged


def test_values_that_are_not_utf8_survive(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(RunFailed("\udcff\n\u2028"))
    journal.close()
    (event,) = journal.read()
    assert isinstance(event, RunFailed)
    assert event.reason == "\udcff\n\u2028"
