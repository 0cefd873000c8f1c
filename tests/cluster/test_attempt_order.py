from typing import Any

import pytest

from pipeline.cluster.wire.attempt_order import SCHEMA, AttemptId, AttemptOrder, EnvironmentRecipe, require_safe_order
from pipeline.cluster.wire.node_events import OrderBatch
from pipeline.cluster.wire.order_batch import decode_batch
from pipeline.cluster.wire.ordered_items import OrderedFile, OrderedFolder
from pipeline.directories.manifest import TreeEntry
from pipeline.errors import UsageError
from pipeline.run import invocation_file
from pipeline.values import decode, encode, replace

DIGEST = "blake3:" + "0a" * 32
LOCK = OrderedFile("requirements/alpha.lock", DIGEST, 9)


def order(**changes: Any) -> AttemptOrder:
    recipe = EnvironmentRecipe(name="alpha", key="sha256:1", python="", lock=LOCK.name, files=(LOCK,))
    whole = AttemptOrder(
        id=AttemptId("run0", "film", "recognise", 2),
        environment=recipe,
        stage_file=OrderedFile("recognise.py", "sha256:" + "1" * 64, 5),
        source_digest="sha256:2",
        arguments={"inputs": {"sound": ["a.flac"]}, "parameters": {"beam": 1.0, "n": 10**15}, "outputs": {}},
        inputs={"sound": (OrderedFile("a.flac", "blake3:" + "2" * 64, 7),)},
        models={"model": OrderedFolder("small", (TreeEntry("sub", "folder"), TreeEntry("sub/a", "file", 3, "3" * 64)))},
    )
    return replace(whole, **changes)


def sent(order: AttemptOrder) -> AttemptOrder:
    """As it is on the other side."""
    (one,) = decode_batch(encode(OrderBatch((order,)))).orders
    return one


def test_an_order_is_the_same_on_the_other_side() -> None:
    assert sent(order()) == order()


def test_the_arguments_have_the_bytes_that_the_stage_s_key_is_made_of() -> None:
    assert encode(sent(order()).arguments) == encode(order().arguments)


def test_it_says_which_contents_must_be_there() -> None:
    digests = {DIGEST: 9, "sha256:" + "1" * 64: 5, "blake3:" + "2" * 64: 7, "blake3:" + "3" * 64: 3}
    assert order().contents() == digests


def test_an_order_of_another_version_is_told_from_what_is_none() -> None:
    with pytest.raises(UsageError):
        sent(order(schema=SCHEMA + 1))
    with pytest.raises(UsageError):
        decode_batch(b'{"orders": [{"schema": 1}]}')
    for text in (b'{"orders": [{"schema": 3}]}', b'{"orders": [{}]}', b"{}", b"[]", b"{"):
        with pytest.raises(ValueError, match=r".+"):
            decode_batch(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": {"../sound": ()}},
        {"inputs": {"sound": (OrderedFile("../a", DIGEST, 1),)}},
        {"inputs": {"sound": (OrderedFile("a", "blake3:../../a", 1),)}},
        {"models": {"model": OrderedFolder("small", (TreeEntry("../a", "file", 3, "3" * 64),))}},
        {"modules": (OrderedFile("/etc/passwd", DIGEST, 1),)},
        {"id": AttemptId("run0", "film", "recognise", 0)},
        {"environment": EnvironmentRecipe(name="a", key="../..", python="", lock=LOCK.name, files=(LOCK,))},
        {"environment": EnvironmentRecipe(name="a", key="sha256:1", python="", lock="../a", files=(LOCK,))},
        {"environment": EnvironmentRecipe(name="a", key="sha256:1", python="", place="elsewhere")},
        {"environment": EnvironmentRecipe(name="a", key="sha256:1", python="")},
        {"command_files": {"script": OrderedFile("../a", DIGEST, 1)}},
        {"command_files": {"../script": OrderedFile("a", DIGEST, 1)}},
    ],
)
def test_what_leads_elsewhere_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        require_safe_order(sent(order(**changes)))


def test_a_node_writes_what_a_stage_reads_as_a_run_on_one_machine_does() -> None:
    """Both write ``invocation.json``; a new field there has to be thought of here."""
    assert invocation_file.SCHEMA == 2
    known = {"schema", "arguments", "stage_file", "modules", "inputs", "models", "output_folder", "work", "cpus"}
    only_here = {"services", "command"}  # of stages that aren't sent to nodes
    assert set(invocation_file.InvocationFile.__struct_fields__) == known | only_here


def test_the_form_of_an_order_is_stated_by_its_version() -> None:
    """Whoever changes a field of it changes ``SCHEMA``, too: nodes may have another version."""
    fields = sorted(decode(encode(order()), dict[str, Any]))
    assert fields == [
        "arguments", "cards", "command", "command_files", "cpus", "environment", "fresh", "gpu_memory", "id", "inputs",
        "locale", "models", "modules", "network", "predecessors", "read_only", "schema", "seconds", "secrets",
        "source_digest", "stage_file", "start", "tools", "variables",
    ]  # fmt: skip
