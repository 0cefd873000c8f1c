"""An order's invocation on a node: its files laid out, and ``invocation.json`` as a run on one machine writes it."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.cluster.content.store import ContentStore
from pipeline.cluster.node.layout import lay_out
from pipeline.cluster.node.node_attempt import LOG
from pipeline.cluster.wire.attempt_order import AttemptOrder
from pipeline.executors.base import Invocation
from pipeline.files import try_remove_tree, write_at_once
from pipeline.policy import Start
from pipeline.process import Interpreter
from pipeline.run.command_files import RUNNER, WORDS
from pipeline.run.invocation_file import SCHEMA, CommandInvocation
from pipeline.values import encode, replace

RUN = "run"  # the folder of an attempt that its stage may write into


def laid_out_inputs(order: AttemptOrder, place: Path, store: ContentStore) -> dict[str, list[Path]]:
    """Raises as ``lay_out`` does, and so does ``written``."""
    return {
        slot: [lay_out(each, place / "inputs" / slot / str(number), store) for number, each in enumerate(items)]
        for slot, items in order.inputs.items()
    }


def clear_parts(place: Path) -> None:
    """What is of no use after an attempt's end."""
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                try_remove_tree(Path(entry.path))


def written(
    order: AttemptOrder, place: Path, interpreter: Interpreter, inputs: Mapping[str, list[Path]], store: ContentStore
) -> Invocation:
    """With what it may write to beside it."""
    stage_file, modules = _sources(order, place, store)
    models = {slot: lay_out(each, place / "models" / slot, store) for slot, each in order.models.items()}
    (place / RUN / "outputs").mkdir(parents=True)
    content = {
        "schema": SCHEMA,
        "arguments": order.arguments,
        "stage_file": os.fspath(stage_file),
        "modules": [os.fspath(each) for each in modules],
        "inputs": {slot: [os.fspath(each) for each in paths] for slot, paths in inputs.items()},
        "models": {slot: os.fspath(each) for slot, each in models.items()},
        "output_folder": os.fspath(place / RUN / "outputs"),
        "work": os.fspath(place / RUN / "work"),
        "cpus": max(1, order.cpus),
    }
    if order.command is not None:
        content["command"] = _command(order, order.command, place, store)
    file = place / RUN / "invocation.json"
    write_at_once(file, encode(content))
    return Invocation(
        id=place.name,
        interpreter=interpreter,
        stage_file=stage_file,
        source_digest=order.source_digest,
        file=file,
        log=place / LOG,
        start=_start(order),
        variables=order.variables,
        modules=modules,
        network=order.network,
        writable=place / RUN if order.read_only else None,
        secrets=order.secrets,
    )


def _sources(order: AttemptOrder, place: Path, store: ContentStore) -> tuple[Path, tuple[Path, ...]]:
    """Our own runner carries out a command."""
    if order.command is not None:
        return RUNNER, (WORDS,)
    modules = tuple(lay_out(each, place / "source" / "modules", store) for each in order.modules)
    return lay_out(order.stage_file, place / "source", store), modules


def _command(order: AttemptOrder, command: CommandInvocation, place: Path, store: ContentStore) -> CommandInvocation:
    """With its files where they are here, each in a folder of its own."""
    files = {
        name: os.fspath(lay_out(each, place / "source" / str(number), store))
        for number, (name, each) in enumerate(order.command_files.items())
    }
    return replace(command, files=files)


def _start(order: AttemptOrder) -> Start:
    is_bound = bool(order.secrets or order.command or order.read_only or not order.network)
    return "cold" if is_bound else order.start
