"""What a stage left on a node, taken into the node's store."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedFolder, OrderedItem, is_file
from pipeline.directories import tree_reader
from pipeline.directories.own_files import make_own
from pipeline.jobs import output_files


def take(
    folder: Path, declared: Mapping[str, str], inputs: Sequence[Path], store: ContentStore
) -> dict[str, OrderedItem]:
    """Each declared output; its bytes are on the disk.

    Raises ``OutputsMissing``, ``DirectoryUnusable``, ``NoRoom``, ``ContentDamaged`` and ``OSError``.
    """
    found = {name: output_files.find(folder, name, pattern, inputs) for name, pattern in declared.items()}
    output_files.detach(found.values())
    return {name: _folder(path, store) if path.is_dir() else _file(path, store) for name, path in found.items()}


def _file(path: Path, store: ContentStore) -> OrderedFile:
    content = store.put(path)
    return OrderedFile(path.name, content.digest, content.size)


def _folder(path: Path, store: ContentStore) -> OrderedFolder:
    entries = tree_reader.read(path, make_own(path)).manifest.entries
    for each in entries:
        if is_file(each):
            store.put(path / each.path, f"blake3:{each.content}")
    return OrderedFolder(path.name, entries)
