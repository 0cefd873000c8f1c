"""``pipeline hardware``: what this machine has, and what environments are built for on it."""

import os
import time
from collections.abc import Mapping
from typing import Any

import click

from pipeline.cli.context import json_option, project, root_option


@click.command("hardware")
@click.option("--refresh", is_flag=True, help="Look anew, also where what is known still fits.")
@json_option
@root_option
def command(refresh: bool, as_json: bool) -> None:
    """Show this machine's CPU, memory and GPUs, and the accelerator that environments with variants are built for.

    What was found is kept in config/hardware_cache.json, for each host, until it no longer fits. To build for other
    machines than this one, write 'accelerator: cu128' into config/pipeline.yaml, or set PIPELINE_ACCELERATOR.
    """
    from pipeline.cli.output import print_json
    from pipeline.config import settings
    from pipeline.host import hardware

    here = project()
    named = hardware.named_by(os.environ, settings.load(here).accelerator)
    data = _told(hardware.known(here, anew=refresh), named)
    if as_json:
        print_json("hardware", data)
    else:
        _show(data)


def _told(known: Any, named: tuple[str, str] | None) -> dict[str, Any]:
    from dataclasses import asdict

    from pipeline.host import machine

    usable = machine.detect(os.environ)
    return {
        **asdict(known.hardware),
        "usable_cpus": usable.cpus,
        "usable_memory": usable.memory,
        "accelerator": named[0] if named else known.hardware.accelerator,
        "accelerator_from": named[1] if named else "hardware",
        "looked_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(known.looked_at)),
        "unkept": known.problem,
    }


def _show(data: Mapping[str, Any]) -> None:
    from pipeline.cli.output import print_table
    from pipeline.sizes import show_size

    rows = [
        ["CPU", data["cpu"]],
        ["cores", _part(str(data["usable_cpus"]), str(data["cpus"]))],
        ["memory", _part(show_size(data["usable_memory"]), show_size(data["memory"]))],
        *(["GPU", " ".join([card["name"], *_size(card["memory"])])] for card in data["gpus"]),
        *([["slices", ", ".join(data["slices"])]] if data["slices"] else []),
        *([["driver", data["driver"]]] if data["driver"] else []),
        *([["CUDA", f"{data['cuda']} or older"]] if data["cuda"] else []),
        ["accelerator", f"{data['accelerator'] or 'unknown'}{_origin(data['accelerator_from'])}"],
    ]
    print_table(["", f"as of {data['looked_at']}"], rows, "")
    for problem in filter(None, [data["problem"], data["unkept"] and f"not kept: {data['unkept']}"]):
        click.echo(problem, err=True)


def _part(usable: str, there: str) -> str:
    return there if usable == there else f"{usable} of {there}"


def _size(memory: int | None) -> list[str]:
    from pipeline.sizes import show_size

    return [] if memory is None else [f"({show_size(memory)})"]


def _origin(source: str) -> str:
    return "" if source == "hardware" else f" (by {source})"
