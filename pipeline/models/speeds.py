"""How fast each model was on this machine when it last worked on something long enough to say."""

import contextlib
import math
import platform
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.files import pack_json, read_json, write_at_once
from pipeline.project import ProjectFolder

LONG_ENOUGH = 60.0  # seconds of input: of less, most of the time goes into loading the model
HOSTS = 64  # that are noted; containers may have a new name each time


class ModelSpeeds:
    """By stage and model: a model's speed depends on what a stage does with it.

    An estimate, as durations are: it may be lost or another's, and only what is told or chosen depends on it.
    """

    def __init__(self, project: ProjectFolder, host: str = "") -> None:
        self._file = project.cache / "model-speeds.json"
        self._host = host or platform.node()
        self._changed: dict[str, list[float]] = {}
        self._known = _of_host(_read(self._file), self._host)

    def times(self, stage: str, model: str) -> float | None:
        """Seconds of input a second; ``None`` where it never worked here on anything long enough."""
        known = self._known.get(f"{stage}/{model}")
        return known[1] / known[0] if known else None

    def took(self, stage: str, models: Iterable[str], seconds: float, seconds_of_input: float | None) -> None:
        """Note it, unless it was much shorter than what is noted already."""
        if seconds <= 0 or not seconds_of_input or seconds_of_input < LONG_ENOUGH:
            return
        for model in models:
            known = self._known.get(f"{stage}/{model}")
            if known is None or seconds_of_input >= known[1] / 2:
                self._changed[f"{stage}/{model}"] = [round(seconds, 3), round(seconds_of_input, 3)]

    def save(self) -> None:
        if not self._changed:
            return
        with contextlib.suppress(OSError):  # a folder that can't be written to costs an estimate
            hosts = _read(self._file)
            noted = {**_of_host(hosts, self._host), **self._changed}
            others = [(host, each) for host, each in hosts.items() if host != self._host]
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_at_once(self._file, pack_json(dict([*others[1 - HOSTS :], (self._host, noted)])))


def _read(file: Any) -> dict[str, Any]:
    try:
        found = read_json(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_host(hosts: Mapping[str, Any], host: str) -> dict[str, list[float]]:
    known = hosts.get(host)
    return {name: each for name, each in known.items() if _is_speed(each)} if isinstance(known, dict) else {}


def _is_speed(value: Any) -> bool:
    """Two numbers above nothing: seconds, and seconds of input."""
    is_pair = isinstance(value, list) and len(value) == 2
    return is_pair and all(isinstance(each, int | float) and 0 < each < math.inf for each in value)
