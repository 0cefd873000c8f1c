"""What a repository has: its files with their sizes, digests and beginnings."""

import base64
import fnmatch
import hashlib
from concurrent.futures import ThreadPoolExecutor

from hub_answers import CHUNK, NO_HUB, TIMEOUTS, Refusal, asked, require_good
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.utils import build_hf_headers, get_session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

AT_ONCE = 4  # small files that are read
SMALL = 32 << 20  # bytes of a file that a hub knows no SHA-256 of, so that it is read to know it
BEGINNING = 4096  # bytes that show what a file is
LARGEST_JSON = 1 << 20  # bytes


def look(request: "dict[str, Any]") -> "dict[str, Any]":
    """The commit, the license, whether it is gated, and each file with its size and SHA-256."""
    repository = request["repository"]
    try:
        info = asked(
            lambda: HfApi().model_info(
                repository, revision=request["revision"], files_metadata=True, timeout=float(TIMEOUTS[1])
            )
        )
    except (TypeError, LookupError, AttributeError, ValueError) as error:
        raise Refusal("refused", NO_HUB) from error
    chosen = [each for each in info.siblings or [] if _is_wanted(each.rfilename, request["patterns"])]
    card = info.card_data.to_dict() if info.card_data else {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        files = list(pool.map(lambda each: _described(repository, info.sha, each), chosen))
    return {
        "revision": info.sha,
        "license": card.get("license_name") or card.get("license") or "",
        "gated": bool(info.gated),
        "files": sorted(files, key=lambda each: each["name"]),
    }


def _is_wanted(name: str, patterns: "list[str]") -> bool:
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and (not patterns or any(fnmatch.fnmatchcase(name, each) for each in patterns))


def _described(repository: str, revision: str, sibling: "Any") -> "dict[str, Any]":
    """The hub knows the SHA-256 of large files alone; a small one is read."""
    name = sibling.rfilename
    try:
        described, begin = _read_beginning(sibling, hf_hub_url(repository, name, revision=revision))
    except Refusal as refusal:
        raise Refusal(refusal.kind, f"{name}: {refusal}") from refusal
    return {"name": name, **described, "beginning": base64.b64encode(begin).decode("ascii")}


def _read_beginning(sibling: "Any", url: str) -> "tuple[dict[str, Any], bytes]":
    """Size and SHA-256 of a file, and its first bytes."""
    name, size = sibling.rfilename, sibling.size
    if sibling.lfs:
        begin = asked(lambda: _read(url, BEGINNING)) if sibling.lfs["size"] else b""
        return {"size": sibling.lfs["size"], "sha256": sibling.lfs["sha256"]}, begin
    if size is None or size > SMALL:
        raise Refusal("refused", "the hub tells no SHA-256 of it")
    content = asked(lambda: _read(url, SMALL))
    if len(content) != size:
        raise Refusal("refused", f"it has {len(content)} bytes, and the hub says that it has {size}")
    described = {"size": size, "sha256": hashlib.sha256(content).hexdigest()}
    return described, content[: LARGEST_JSON if name.endswith(".json") else BEGINNING]


def _read(url: str, count: int) -> bytes:
    """The first ``count`` bytes of a file, or all where it has no more. The rest isn't waited for."""
    headers = {**build_hf_headers(), "Accept-Encoding": "identity", "Range": f"bytes=0-{count - 1}"}
    with get_session().get(url, headers=headers, stream=True, timeout=TIMEOUTS) as answer:
        if answer.status_code == 416:  # an empty file
            return b""
        require_good(answer)
        content = bytearray()
        for chunk in answer.iter_content(min(count, CHUNK)):
            content += chunk
            if len(content) >= count:
                break
        return bytes(content[:count])
