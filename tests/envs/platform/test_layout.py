"""Where programs stand on which system."""

from pathlib import Path

import pytest

from pipeline.envs.platform import layout


def test_a_file_system_without_reflinks_says_so_and_keeps_nothing(tmp_path: Path) -> None:
    layout.clones(tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not layout.clones(Path("/proc"), tmp_path)


def test_the_names_of_a_platform_s_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "WINDOWS", True)
    assert layout.interpreter(Path("v")) == Path("v/Scripts/python.exe")
    assert layout.executable("uv") == "uv.exe"
    monkeypatch.setattr(layout, "WINDOWS", False)
    assert layout.interpreter(Path("v")) == Path("v/bin/python")
