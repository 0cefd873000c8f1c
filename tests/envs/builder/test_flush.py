"""A build is on the disk before it counts: its own disk is flushed, and no other one is waited for."""

import errno
import os
import sys
from pathlib import Path

import pytest

from pipeline import files
from pipeline.envs.build import Build
from pipeline.envs.builder import proof
from pipeline.envs.builder.builder import Builder
from pipeline.envs.definition import Definition
from pipeline.envs.registry import MARKER
from pipeline.progress import quiet
from tests.conftest import build_folders


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can flush one disk alone")
def test_the_build_s_own_disk_is_flushed_before_its_marker_is_there(
    builder: Builder, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[tuple[Path, bool]] = []

    def sync_disk(folder: Path) -> None:
        (build,) = build_folders(builder.registry.builds)
        flushed.append((folder, (build / MARKER).exists()))
        files.sync_disk(folder)

    monkeypatch.setattr(proof, "sync_disk", sync_disk)
    monkeypatch.setattr(os, "sync", lambda: pytest.fail("every disk of the machine was waited for"))
    build = builder.ensure(definition, quiet)
    assert [folder for folder, _ in flushed] == [build.site_packages, build.prefix]
    assert not any(is_ready for _, is_ready in flushed)


def test_a_disk_that_could_not_be_written_makes_no_build(
    builder: Builder, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path) -> Build:
        raise OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(folder))

    monkeypatch.setattr(proof, "sync_disk", fail)
    with pytest.raises(OSError, match="Input/output error"):
        builder.ensure(definition, quiet)
    assert build_folders(builder.registry.builds) == []
    assert builder.registry.live("alpha") is None
