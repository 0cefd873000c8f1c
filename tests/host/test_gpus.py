import os
from pathlib import Path

import pytest

from pipeline import process
from pipeline.errors import NotReady
from pipeline.host import gpus
from pipeline.host.gpus import Gpu, detect, visible_cards

A = Gpu("GPU-aaaa1111-0000", "Test Card", 24 << 30)
B = Gpu("GPU-aaaa2222-0000", "Test Card", 24 << 30)
C = Gpu("GPU-cccc3333-0000", "Test Card Max", 48 << 30)
CARDS = (A, B, C)
LISTED = "".join(f"{card.uuid}, {card.name}, {(card.memory or 0) >> 20}\n" for card in CARDS)


def fake_tool(folder: Path, script: str) -> dict[str, str]:
    """Variables with which a shell script is found as nvidia-smi."""
    tool = folder / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    return {"PATH": f"{tool.parent}{os.pathsep}{os.environ['PATH']}"}


def listing(folder: Path, text: str = LISTED) -> dict[str, str]:
    (folder / "listed").write_text(text)
    return fake_tool(folder, f'[ "$1" = {gpus.QUERY[0]} ] && [ "$2" = {gpus.QUERY[1]} ] && cat {folder / "listed"}')


def test_cards_are_told_by_identity_name_and_bytes(tmp_path: Path, spawning: None) -> None:
    assert detect(listing(tmp_path)) == CARDS


def test_a_machine_without_the_tool_has_none(tmp_path: Path) -> None:
    assert detect({"PATH": str(tmp_path)}) == ()


def test_a_machine_with_the_tool_and_no_card_has_none(tmp_path: Path, spawning: None) -> None:
    assert detect(fake_tool(tmp_path, "echo No devices were found; exit 6")) == ()


def test_a_card_that_shares_the_machine_s_memory_has_no_size(tmp_path: Path, spawning: None) -> None:
    assert detect(listing(tmp_path, "GPU-1, Test Chip, [N/A]\n")) == (Gpu("GPU-1", "Test Chip", None),)


@pytest.mark.parametrize("visible", ["", "-1", "NoDevFiles", " ", ",0", "none"])
def test_where_all_are_hidden_nobody_is_asked(tmp_path: Path, visible: str) -> None:
    variables = fake_tool(tmp_path, "exit 1")  # and this test may not start it
    assert detect({**variables, gpus.VISIBLE: visible}) == ()


def test_a_choice_that_is_set_already_is_kept(tmp_path: Path, spawning: None) -> None:
    assert detect({**listing(tmp_path), gpus.VISIBLE: "2,0"}) == (C, A)


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("0", [A]),
        ("2,1", [C, B]),
        (" 1 , 0 ", [B, A]),
        ("+1", [B]),
        ("0,3,1", [A]),
        ("0,-1,1", [A]),
        ("0,,1", [A]),
        ("0,x", [A]),
        ("99999999999999999999", []),
        ("1,1", []),
        ("0,GPU-aaaa1111", []),
        ("GPU-aaaa2222-0000", [B]),
        ("GPU-cccc", [C]),
        ("GPU-aaaa", []),
        ("GPU-", []),
        ("GPU-cccc,GPU-dddd,GPU-aaaa1", [C]),
        ("MIG-12345678-90ab", [Gpu("MIG-12345678-90ab", "MIG slice", None)]),
    ],
)
def test_the_variable_is_read_as_cuda_reads_it(visible: str, expected: list[Gpu]) -> None:
    assert list(visible_cards(visible, CARDS)) == expected


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'GPU-1, Card'", "instead of UUID, name and MiB"),
        ("echo 'GPU-1, Card, many'", "instead of UUID, name and MiB"),
        ("echo '<html>'", "'<html>'"),
        ("printf '\\377\\376'", "instead of UUID"),
        ('echo "couldn\'t communicate with the driver"; exit 9', "couldn't communicate with the driver"),
        ("echo 'lost' >&2; exit 255", "lost"),
        ("exit 4", "it ended with code 4"),
    ],
)
def test_a_tool_that_does_not_work_is_a_clear_error(tmp_path: Path, spawning: None, script: str, said: str) -> None:
    with pytest.raises(NotReady, match="GPUs") as caught:
        detect(fake_tool(tmp_path, script))
    assert said in caught.value.message
    assert "CUDA_VISIBLE_DEVICES=" in (caught.value.next_step or "")


def test_a_tool_that_hangs_is_a_clear_error(tmp_path: Path, spawning: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "SECONDS", 0.2)
    with pytest.raises(NotReady, match="took longer"):
        detect(fake_tool(tmp_path, "exec sleep 600"))


def test_a_tool_that_can_not_be_started_is_a_clear_error(tmp_path: Path) -> None:
    def run(*_: object) -> process.CompletedProcess:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(NotReady, match="Permission denied"):
        detect(fake_tool(tmp_path, ""), run)
