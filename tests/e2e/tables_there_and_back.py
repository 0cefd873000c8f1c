"""In a program: tables of Arrow into another environment and back, or an array of more than 2 GiB."""

import gc
import sys
from typing import Any

import numpy as np

import pipeline

environment, file, what = sys.argv[1:]


def tables(session: Any) -> None:
    import pyarrow as pa

    nested = pa.array([{"a": 1, "b": [1.5]}, None, {"a": None, "b": []}])
    columns = {
        "whole": pa.array([1, None, 3]),
        "text": pa.array(["a", "ä", None]),
        "named": pa.array(["x", "y", "x"]).dictionary_encode(),
        "times": pa.array([0, 1, None], pa.timestamp("us", "UTC")),
        "nested": nested,
        "parts": pa.chunked_array([[1.0], [2.0, 3.0]]),
    }
    table = pa.table(columns).replace_schema_metadata({"key": "value"})
    batch = table.combine_chunks().to_batches()[0]
    for value in (table, table.slice(1, 1), table.slice(0, 0), pa.table({}), batch, batch.slice(1)):
        back = session.echo(value)
        assert type(back) is type(value), type(back)
        assert back.equals(value)
        assert back.schema.equals(value.schema, check_metadata=True)
        assert session.kind(value) == type(value).__name__
    both = session.echo({"table": [table], "array": np.arange(5)})
    assert both["table"][0].equals(table)

    large = pa.table({"x": np.arange(100_000)})
    column = session.echo(large).column("x").chunk(0)  # holds the shared memory, and nothing else does
    gc.collect()
    for _ in range(5):
        session.echo(pa.table({"x": np.zeros(100_000)}))
    assert column.equals(large.column("x").chunk(0))


def large(session: Any) -> None:
    size = (1 << 31) + (1 << 28) + 5
    array = np.zeros(size, np.uint8)
    array[[0, -1]] = 1, 200
    assert session.ends(array) == [1, 200, size]
    back = session.of_size(size)
    assert back.shape == (size,)
    assert list(back[[0, -1]]) == [7, 9]


with pipeline.environment(environment).open(file) as session:
    globals()[what](session)
    print(session.versions())
