"""Hashes that uv leaves out of a lock: of packages from a page of links (``--find-links``) on a server, where the page
names hashes.

Where the page names a file's SHA-256, that is taken; other files are downloaded for it. uv names only those that this
machine can use, so that another kind of machine needs a lock that is made there.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.envs import interpreters
from pipeline.envs.credentials import Credentials, credentials
from pipeline.envs.definition import Definition
from pipeline.envs.lockfiles import package_settings
from pipeline.envs.packages import package_files
from pipeline.envs.packages.download import DownloadFailed, download
from pipeline.envs.packages.package_files import NoFileList
from pipeline.envs.variables import OwnVariables, no_variables
from pipeline.errors import NotReady

if TYPE_CHECKING:
    from packaging.pylock import Package

# A pin that no hash follows.
BARE = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==[^\s\\]+(?: ;[^\\\n]*)?$", re.MULTILINE)


@dataclass(frozen=True)
class MissingHashes:
    """Puts them into the text of a lock."""

    uv: Path
    time_limit: float  # seconds, for uv and for each download
    own: OwnVariables = no_variables

    def __call__(self, definition: Definition, lock: str) -> str:
        """Raises ``NotReady`` where a file can't be reached."""
        if not BARE.search(lock):
            return lock
        with tempfile.TemporaryDirectory(prefix="pipeline-lock-") as folder:
            try:
                found = self._hashes(definition, lock, Path(folder))
            except (NoFileList, DownloadFailed, OSError) as error:
                raise _unknown(definition, str(error)) from error
        return BARE.sub(lambda match: _with_hashes(definition, match, found), lock)

    def _hashes(self, definition: Definition, lock: str, folder: Path) -> dict[str, list[str]]:
        file = folder / definition.locked.name
        file.write_text("".join(f"{match[0]}\n" for match in BARE.finditer(lock)), encoding="utf-8")
        bare = replace(definition, lock=file)
        own = self.own(definition, folder)
        known = credentials(package_settings.for_locking(definition, os.environ, own).addresses, os.environ)
        python = interpreters.find(definition, self.uv)
        packages = package_files.located(self.uv, bare, python, own, self.time_limit)
        return {each.name: self._of_package(each, known, folder) for each in packages}

    def _of_package(self, package: "Package", known: Credentials, folder: Path) -> list[str]:
        files = [file for _, file in package_files.files_of(package)]
        return sorted(
            {file.hashes.get("sha256") or self._downloaded(file.url, known, folder) for file in files if file.url}
        )

    def _downloaded(self, url: str, known: Credentials, folder: Path) -> str:
        target = folder / "file"
        download(url, target, None, self.time_limit, known)
        with target.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _with_hashes(definition: Definition, match: "re.Match[str]", found: dict[str, list[str]]) -> str:
    from packaging.utils import canonicalize_name

    hashes: Sequence[str] = found.get(canonicalize_name(match["name"]), ())
    if not hashes:
        raise _unknown(definition, f"{match['name']} has no file with a hash")
    return " \\\n".join([match[0], *(f"    --hash=sha256:{each}" for each in hashes)])


def _unknown(definition: Definition, reason: str) -> NotReady:
    return NotReady(
        f"environment '{definition.name}' can't be locked: a page of links gives no hashes, and {reason}",
        f"pipeline env lock {definition.name}",
    )
