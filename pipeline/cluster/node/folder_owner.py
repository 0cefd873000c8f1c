"""Whose a node's folder is: one project's, of one user."""

from pipeline.cluster.node.node_folder import NodeFolder
from pipeline.errors import NotReady
from pipeline.files import write_whole


def require_owner(folder: NodeFolder, owner: str) -> None:
    """Let it be the owner's from now on. The caller has the folder for itself.

    Raises ``NotReady`` where it is another user's, and ``OSError``.
    """
    try:
        known = folder.owner.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        known = ""
    if known and known != owner:
        raise NotReady(
            f"{folder.root} is the folder of a node that works for {known}, and not for {owner or 'this project'}",
            "name another folder for this node",
        )
    if owner and not known:
        write_whole(folder.owner, f"{owner}\n".encode())
