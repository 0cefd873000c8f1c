"""How commands show passages of subtitles."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from pipeline.text import printable


def tell_clashes(clashes: Sequence[Mapping[str, Any]]) -> None:
    for each in clashes:
        click.echo(clash(each), err=True)


def clash(each: Mapping[str, Any]) -> str:
    return printable(f"clash {at(each)}: {text(each['after'])} stays; now it would be {text(each['now'])}")


def change(each: Mapping[str, Any], who: str) -> str:
    before, after = text(each["before"]), text(each["after"])
    if before == after and times(each["before"]) != times(each["after"]):
        return f"{at(each)}, {who}: {before}: {times(each['before'])} -> {times(each['after'])}"
    return f"{at(each)}, {who}: {before} -> {after}"


def times(cues: Sequence[Mapping[str, Any]]) -> str:
    """From when to when each of them is shown."""
    return ", ".join(f"{clock(cue['start'])} to {clock(cue['end'])}" for cue in cues)


def text(cues: Sequence[Mapping[str, Any]]) -> str:
    return repr(" / ".join(cue["text"].replace("\n", " | ") for cue in cues)) if cues else "nothing"


def at(each: Mapping[str, Any]) -> str:
    seconds = min(cue["start"] for cues in (each["before"], each["after"]) for cue in cues)
    return f"at {clock(seconds)}"


def clock(seconds: float) -> str:
    """``0:01:02.500``"""
    return f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{seconds % 60:06.3f}"
