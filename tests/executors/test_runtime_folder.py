"""The folder where servers are found."""

from pathlib import Path

import pytest

from pipeline.executors.runtime_folder import ensure


def test_a_folder_that_another_process_removes_meanwhile_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, mkdir = tmp_path / "folder", Path.mkdir
    removals = iter(range(3))

    def make_and_lose(self: Path, mode: int = 0o777) -> None:
        mkdir(self, mode)
        if next(removals, None) is not None:
            self.rmdir()

    monkeypatch.setattr(Path, "mkdir", make_and_lose)
    ensure(folder)
    assert folder.is_dir()
    assert next(removals, None) is None
