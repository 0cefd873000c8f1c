"""An invocation, as the order for a runner that it becomes."""

import os

from pipeline.executors.base import Invocation
from pipeline.sdk.protocol import RUN_VARIABLE, Order


def order_of(invocation: Invocation) -> Order:
    return Order(
        invocation.id,
        invocation.interpreter.variables.get(RUN_VARIABLE, ""),
        invocation.interpreter.prefix,
        invocation.stage_file,
        invocation.source_digest,
        invocation.file,
        invocation.log,
        _here(),
        invocation.modules,
    )


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was removed
        return os.path.abspath(os.sep)
