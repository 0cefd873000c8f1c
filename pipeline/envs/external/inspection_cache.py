"""Results of inspections of external environments, so that their interpreters aren't started for each use.

They lie in our own cache, one file for each environment's path. One counts only while the environment's fingerprint
is the same. They are best effort: where one can't be read or written, the environment is inspected again.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.digests import sha256_of_bytes
from pipeline.envs.external import inspection
from pipeline.envs.external.inspection import Facts
from pipeline.files import dump_json, write_at_once

SCHEMA = 1


@dataclass(frozen=True)
class InspectionRecord:
    """What one inspection gave."""

    fingerprint: Mapping[str, Any]  # identity.fingerprint
    facts: Facts
    key: str
    caveat: str | None  # why its content can change unseen
    proofs: frozenset[str] = frozenset()  # digests of the acceptance criteria that it has passed

    def with_proof(self, digest: str) -> "InspectionRecord":
        return replace(self, proofs=self.proofs | {digest})


class InspectionCache:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, prefix: Path) -> InspectionRecord | None:
        """``None`` where there is none for this path, or one that can't be understood."""
        try:
            value = json.loads(self._file(prefix).read_bytes())
            return _record(value) if [value["schema"], value["prefix"]] == [SCHEMA, _shown(prefix)] else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None

    def put(self, prefix: Path, record: InspectionRecord) -> None:
        """Raises nothing: on a read-only or full disk, the environment is inspected again the next time."""
        value = {
            "schema": SCHEMA,
            "prefix": _shown(prefix),
            "fingerprint": record.fingerprint,
            "facts": inspection.as_json(record.facts),
            "key": record.key,
            "caveat": record.caveat,
            "proved": sorted(record.proofs),
        }
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_at_once(self._file(prefix), dump_json(value))

    def _file(self, prefix: Path) -> Path:
        return self._folder / f"{sha256_of_bytes(_shown(prefix).encode('ascii'))[7:39]}.json"


class DeferredInspectionCache(InspectionCache):
    """Keeps records in memory until they are saved, for a command that writes nothing where it fails."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._unsaved: dict[Path, InspectionRecord] = {}

    def get(self, prefix: Path) -> InspectionRecord | None:
        return self._unsaved.get(prefix) or super().get(prefix)

    def put(self, prefix: Path, record: InspectionRecord) -> None:
        self._unsaved[prefix] = record

    def save(self) -> None:
        while self._unsaved:
            super().put(*self._unsaved.popitem())


def _record(value: Mapping[str, Any]) -> InspectionRecord:
    caveat = value["caveat"]
    if caveat is not None and not isinstance(caveat, str):
        raise TypeError(caveat)
    return InspectionRecord(
        fingerprint=dict(value["fingerprint"]),
        facts=inspection.from_json(value["facts"]),
        key=str(value["key"]),
        caveat=caveat,
        proofs=frozenset(map(str, value["proved"])),
    )


def _shown(prefix: Path) -> str:
    """ASCII, also for a path that isn't valid UTF-8."""
    return ascii(str(prefix))
