"""A workflow of the sandbox as a package, and packages that somebody has changed."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.bundles import archive
from pipeline.config.catalog import Catalog
from pipeline.config.paths import with_settings
from pipeline.digests import sha256_of_bytes
from pipeline.packages import make
from pipeline.project import find
from tests.conftest import Sandbox

Manifest = dict[str, Any]


def made(sandbox: Sandbox, target: Path, workflow: str = "tested") -> Path:
    make.make(Catalog(with_settings(find(sandbox.root, sandbox.root))), workflow, target, lambda _: None)
    return target


@pytest.fixture
def package(sandbox: Sandbox, tmp_path: Path) -> Path:
    sandbox.workflow("tested", "report_alpha: {}", "deliver: [report_alpha.report]")
    return made(sandbox, tmp_path / "tested.pkg")


def content_of(package: Path) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest, and all other files."""
    with tarfile.open(package) as tar:
        files = {each.name: tar.extractfile(each).read() for each in tar.getmembers()}  # type: ignore[union-attr]
    return json.loads(files.pop(archive.MANIFEST)), files


def write(file: Path, manifest: Mapping[str, Any], files: Mapping[str, "bytes | tarfile.TarInfo"]) -> Path:
    """An archive as it stands here, whatever is wrong in it."""
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in ((archive.MANIFEST, json.dumps(manifest).encode()), *files.items()):
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file


def changed(package: Path, change: Callable[[Manifest, dict[str, Any]], None]) -> Path:
    """The package with something changed in its manifest or its files; both still agree in digests of bytes."""
    manifest, files = content_of(package)
    change(manifest, files)
    return write(package.with_name("changed.pkg"), manifest, files)


def described(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha256": sha256_of_bytes(data)}
