"""What was found out about environments that aren't ours, so that it isn't asked of them each time.

The notes lie in our own cache, one file for each environment's place. They count only while its fingerprint is the
same, and they are best effort: where one can't be read or written, the environment is asked again.
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
class Note:
    fingerprint: Mapping[str, Any]
    facts: Facts
    key: str
    caveat: str | None  # why its content can change unseen
    proved: frozenset[str] = frozenset()  # digests of what was asked of it and held

    def with_proof(self, digest: str) -> "Note":
        return replace(self, proved=self.proved | {digest})


class Notes:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, prefix: Path) -> Note | None:
        """``None`` where there is none, or none that we wrote for this place."""
        try:
            value = json.loads(self._file(prefix).read_bytes())
            return _note(value) if [value["schema"], value["prefix"]] == [SCHEMA, _shown(prefix)] else None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None

    def keep(self, prefix: Path, note: Note) -> None:
        value = {
            "schema": SCHEMA,
            "prefix": _shown(prefix),
            "fingerprint": note.fingerprint,
            "facts": inspection.as_json(note.facts),
            "key": note.key,
            "caveat": note.caveat,
            "proved": sorted(note.proved),
        }
        with contextlib.suppress(OSError):  # a read-only or full disk: it is asked again the next time
            self._folder.mkdir(parents=True, exist_ok=True)
            write_at_once(self._file(prefix), dump_json(value))

    def _file(self, prefix: Path) -> Path:
        return self._folder / f"{sha256_of_bytes(_shown(prefix).encode('ascii'))[7:39]}.json"


class DeferredNotes(Notes):
    """Notes that are kept in memory until they are saved, for a command that writes nothing where it fails."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._unsaved: dict[Path, Note] = {}

    def recall(self, prefix: Path) -> Note | None:
        return self._unsaved.get(prefix) or super().recall(prefix)

    def keep(self, prefix: Path, note: Note) -> None:
        self._unsaved[prefix] = note

    def save(self) -> None:
        while self._unsaved:
            super().keep(*self._unsaved.popitem())


def _note(value: Mapping[str, Any]) -> Note:
    caveat = value["caveat"]
    if caveat is not None and not isinstance(caveat, str):
        raise TypeError(caveat)
    facts = inspection.from_json(value["facts"])
    return Note(dict(value["fingerprint"]), facts, str(value["key"]), caveat, frozenset(map(str, value["proved"])))


def _shown(prefix: Path) -> str:
    """ASCII, whatever bytes the name is made of."""
    return ascii(str(prefix))
