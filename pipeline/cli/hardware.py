"""``pipeline hardware``: this machine's hardware, and the accelerator that environments are built for."""

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.context import json_option, project, root_option

if TYPE_CHECKING:
    from pipeline.host.hardware import HardwareReport


@click.command("hardware")
@click.option("--refresh", is_flag=True, help="Detect the hardware again, also where the cache still fits.")
@json_option
@root_option
def command(refresh: bool, as_json: bool) -> None:
    """Show this machine's CPU, memory and GPUs, and the accelerator that environments with variants are built for.

    The result is kept in config/hardware_cache.json, for each host, until the hardware changes. To build for other
    machines than this one, write 'accelerator: cu128' into config/pipeline.yaml, or set PIPELINE_ACCELERATOR.
    """
    from pipeline.cli.output import print_json
    from pipeline.config import settings
    from pipeline.host import hardware

    here = project()
    named = hardware.named_by(os.environ, settings.load(here).accelerator)
    data = _data(hardware.saved_report(here, refresh=refresh), named)
    if as_json:
        print_json("hardware", data)
    else:
        _show(data)


def _data(report: "HardwareReport", named: tuple[str, str] | None) -> dict[str, Any]:
    from pipeline.host import machine
    from pipeline.values import plain

    usable = machine.detect(os.environ)
    return {
        **plain(report.hardware),
        "usable_cpus": usable.cpus,
        "usable_memory": usable.memory,
        "accelerator": named[0] if named else report.hardware.accelerator,
        "accelerator_from": named[1] if named else "hardware",
        "looked_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(report.detected_at)),
        "unkept": report.problem,
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
    for problem in filter(None, [data["problem"], data["unkept"] and f"not cached: {data['unkept']}"]):
        click.echo(problem, err=True)


def _part(usable: str, there: str) -> str:
    return there if usable == there else f"{usable} of {there}"


def _size(memory: int | None) -> list[str]:
    from pipeline.sizes import show_size

    return [] if memory is None else [f"({show_size(memory)})"]


def _origin(source: str) -> str:
    return "" if source == "hardware" else f" (by {source})"
