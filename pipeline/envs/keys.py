"""An environment's identity: everything that decides what is in it, and nothing else."""

from typing import TYPE_CHECKING, Any

from pipeline.digests import tagged_digest

if TYPE_CHECKING:
    from pipeline.envs.definition import Definition
    from pipeline.envs.interpreters import BaseInterpreter

SCHEMA = 1


def key_input(definition: "Definition", interpreter: "BaseInterpreter") -> dict[str, Any]:
    """What the key is a digest of, as JSON values. It is kept in the build's marker, to say later what has changed.

    Raises ``OSError`` where the lock can't be read.
    """
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
    """A build's key: sha256: and 64 hexadecimal digits."""
    return tagged_digest("environment", key_input)
