"""An order's invocation on a node: its files laid out, and ``invocation.json`` as a run on one machine writes it."""

import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node.attempt_files import invocation_of, log_of
from pipeline.cluster.node.layout import lay_out
from pipeline.cluster.node.stage_sources import StageSource
from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.executors.base import Invocation
from pipeline.policy import Start
from pipeline.process import Interpreter
from pipeline.run.invocation_file import SCHEMA
from pipeline.values import encode, replace

RUN = "run"  # the folder of an attempt that its stage may write into


def laid_out_inputs(order: AttemptOrder, place: Path, store: ContentStore) -> dict[str, list[Path]]:
    """Raises as ``lay_out`` does, and so does ``written``."""
    return {
        slot: [lay_out(each, place / "inputs" / slot / str(number), store) for number, each in enumerate(items)]
        for slot, items in order.inputs.items()
    }


def written(  # noqa: PLR0913, PLR0917  # what an invocation is made of
    order: AttemptOrder,
    place: Path,
    interpreter: Interpreter,
    source: StageSource,
    inputs: Mapping[str, list[Path]],
    store: ContentStore,
) -> Invocation:
    """With what it may write to beside it. ``place``: isn't made unless something is to be in it."""
    models = {slot: lay_out(each, place / "models" / slot, store) for slot, each in order.models.items()}
    run = place / RUN
    if order.arguments["outputs"]:
        (run / "outputs").mkdir(parents=True)
    elif order.read_only:
        run.mkdir(parents=True)
    content = {
        "schema": SCHEMA,
        "arguments": order.arguments,
        "stage_file": os.fspath(source.stage_file),
        "modules": [os.fspath(each) for each in source.modules],
        "inputs": {slot: [os.fspath(each) for each in paths] for slot, paths in inputs.items()},
        "models": {slot: os.fspath(each) for slot, each in models.items()},
        "output_folder": os.fspath(run / "outputs"),
        "work": os.fspath(run / "work"),
        "cpus": max(1, order.cpus),
    }
    if order.command is not None:
        files = {name: os.fspath(path) for name, path in source.command_files.items()}
        content["command"] = replace(order.command, files=files)
    file = invocation_of(place)
    file.write_bytes(encode(content))
    return Invocation(
        id=place.name,
        interpreter=interpreter,
        stage_file=source.stage_file,
        source_digest=order.source_digest,
        file=file,
        log=log_of(place),
        start=_start(order),
        variables=order.variables,
        modules=source.modules,
        network=order.network,
        writable=run if order.read_only else None,
        secrets=order.secrets,
    )


def _start(order: AttemptOrder) -> Start:
    is_bound = bool(order.secrets or order.command or order.read_only or not order.network)
    return "cold" if is_bound else order.start
