"""An environment's identity: everything that decides what is in it, and nothing else."""

from typing import TYPE_CHECKING, Any

from pipeline.digests import tagged_digest

if TYPE_CHECKING:
    from pipeline.envs.definition import Definition
    from pipeline.envs.interpreters import BaseInterpreter

SCHEMA = 1


def key_input(definition: "Definition", interpreter: "BaseInterpreter") -> dict[str, Any]:
    """What the key is taken over; kept beside the environment, so that a rebuild can say what changed."""
    import sysconfig

    return {
        "schema": SCHEMA,
        "lock": definition.lock_digest(),
        "python": interpreter.version,
        "abi": interpreter.abi,
        "platform": sysconfig.get_platform(),
        "accelerator": definition.variant or "any",
    }


def key_of(key_input: dict[str, Any]) -> str:
    return tagged_digest("environment", key_input)
