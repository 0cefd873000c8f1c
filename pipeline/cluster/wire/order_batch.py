"""Orders as a node reads them: their version first, then their form. Pure."""

from pipeline.cluster.wire.attempt_order import SCHEMA
from pipeline.cluster.wire.node_events import OrderBatch
from pipeline.errors import UsageError
from pipeline.values import Struct, ValidationError, decode


class _Version(Struct, frozen=True):
    schema: int


class _Versions(Struct, frozen=True):
    orders: tuple[_Version, ...]


def decode_batch(data: bytes) -> OrderBatch:
    """Whether their names lead elsewhere isn't looked at.

    Raises ``UsageError`` for orders of another version, and ``ValueError`` for what is no batch of orders.
    """
    try:
        _require_version(decode(data, _Versions))
        return decode(data, OrderBatch)
    except ValidationError as error:
        raise ValueError(f"they are no orders: {error}") from error


def _require_version(batch: _Versions) -> None:
    for order in batch.orders:
        if order.schema != SCHEMA:
            raise UsageError(
                f"the run sends orders of version {order.schema}, and this node takes {SCHEMA}",
                "install the same version of pipeline on both",
            )
