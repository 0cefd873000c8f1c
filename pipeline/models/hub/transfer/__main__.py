"""Looks at a repository of a model hub, and fetches files, each hashed while it comes. Runs in the environment
``model-hub``, which has the hub's own client; nothing of ours is installed there.

``python transfer REQUEST.json`` prints one JSON object: ``{"result": …}``, or ``{"error": KIND, "message": …}`` with
one of ``KINDS`` in ``hub_answers``. A request is ``{"do": "look", "repository", "revision", "patterns"}``, or
``{"do": "fetch", "folder", "files": [{"name", "size", "sha256", "url"}], "repository", "revision"}``, where files
without a ``url`` are those of the repository, and those without a ``size`` or ``sha256`` are what the server sends.

A file that is being fetched is called ``NAME.partial`` and goes on from its last byte when it is fetched again.
"""

import json
import sys
from pathlib import Path

from file_download import fetch
from hub_answers import Refusal
from repository_files import look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> int:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answer: dict[str, Any]
    try:
        answer = {"result": look(request) if request["do"] == "look" else fetch(request)}
    except Refusal as refusal:
        answer = {"error": refusal.kind, "message": str(refusal)}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
