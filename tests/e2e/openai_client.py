"""Runs with the package ``openai``: what its client makes of the answers of the speech server.

Arguments: the server's address, its key, a recording, a file that is none. Prints an object of JSON.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai

address, key, recording, other = sys.argv[1:]
client = openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0, timeout=300)


def transcribed(form: str, **more: Any) -> Any:
    with open(recording, "rb") as file:
        return client.audio.transcriptions.create(model="whisper-1", file=file, response_format=form, **more)


def refused(ask: Callable[[], object]) -> dict[str, Any]:
    """The class of the error, and what it says."""
    try:
        ask()
    except openai.APIStatusError as error:
        return {"class": type(error).__name__, "status": error.status_code, "field": error.param, "code": error.code}
    raise AssertionError("nothing was refused")


def uploaded(name: str, content: bytes, **more: Any) -> object:
    return client.audio.transcriptions.create(**{"model": "whisper-1", **more}, file=(name, content))


def at_a_time() -> list[str]:
    """Several requests, which wait for one another."""
    with ThreadPoolExecutor(3) as pool:
        return [each.text for each in pool.map(lambda _: transcribed("json", language="en"), range(3))]


verbose = transcribed("verbose_json", timestamp_granularities=["word", "segment"])
stranger = openai.OpenAI(base_url=f"{address}/v1", api_key="another", max_retries=0)
found = {
    "openai": openai.__version__,
    "models": [each.id for each in client.models.list()],
    "model": client.models.retrieve("whisper-base").id,
    "json": transcribed("json").text,
    "text": transcribed("text"),
    "srt": transcribed("srt", language="en"),
    "vtt": transcribed("vtt"),
    "verbose": {
        "language": verbose.language,
        "duration": float(verbose.duration),
        "text": verbose.text,
        "words": [(word.word, word.start, word.end) for word in verbose.words],
        "segments": [(segment.start, segment.end, segment.text) for segment in verbose.segments],
    },
    "at_a_time": at_a_time(),
    "translated": client.audio.translations.create(model="whisper-1", file=Path(recording)).text,
    "refused": {
        "key": refused(lambda: list(stranger.models.list())),
        "model": refused(lambda: uploaded("a.wav", b"RIFF", model="another")),
        "language": refused(lambda: uploaded("a.wav", b"RIFF", language="xx")),
        "form": refused(lambda: uploaded("a.wav", b"RIFF", response_format="xml")),
        "sound": refused(lambda: uploaded("a.txt", Path(other).read_bytes())),
        "empty": refused(lambda: uploaded("a.wav", b"")),
        "large": refused(lambda: uploaded("a.wav", bytes(41 << 20))),
        "address": refused(lambda: client.images.generate(prompt="a tree")),
    },
}
print(json.dumps(found))
