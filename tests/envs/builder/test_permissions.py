"""Rights of files in environments that a group shares."""

import os
import stat
from pathlib import Path

import pytest

from pipeline.envs.builder import permissions


@pytest.mark.parametrize(
    ("folder", "file"), [(0o755, 0o644), (0o775, 0o664), (0o2770, 0o660), (0o700, 0o600), (0o777, 0o664)]
)
def test_what_is_made_in_a_folder_has_the_rights_that_the_folder_gives(tmp_path: Path, folder: int, file: int) -> None:
    tmp_path.chmod(folder)
    made = tmp_path / "made"
    made.write_text("")
    made.chmod(0o600)
    permissions.share(made)
    assert stat.S_IMODE(os.stat(made).st_mode) == file
