"""An environment's identity: everything that decides what is in it, and nothing else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.digests import tagged_digest
from pipeline.values import Struct, field, plain

if TYPE_CHECKING:
    from pipeline.envs.definition import Definition
    from pipeline.envs.interpreters import BaseInterpreter

SCHEMA = 1


class KeyInput(Struct, frozen=True, omit_defaults=True):
    """What the key is a digest of. It is kept in the build's marker, to say later what has changed.

    Fields with a default are left out of the digest where they have it, so that older keys stay what they are.
    """

    schema: int
    lock: str  # its digest
    python: str  # the exact version
    abi: str
    platform: str
    accelerator: str  # the variant, or "any"
    build_variables: Mapping[str, str] = field(default_factory=dict)  # steer builds from source
    build_after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # package to what its build needs
    preferred: tuple[str, ...] = ()  # packages, where several install the same file
    inherited: str = ""  # the digest of all that its builds saw of the caller's variables, where that was asked for


def key_input(
    definition: "Definition", interpreter: "BaseInterpreter", base: Mapping[str, str], inherits: bool = False
) -> KeyInput:
    """``base``: the caller's variables. ``inherits``: whether builds see all of them.

    Raises ``OSError`` where the lock can't be read.
    """
    import sysconfig

    from pipeline.envs import build_inheritance, build_variables

    return KeyInput(
        schema=SCHEMA,
        lock=definition.lock_digest(),
        python=interpreter.version,
        abi=interpreter.abi,
        platform=sysconfig.get_platform(),
        accelerator=definition.variant or "any",
        build_variables={**build_variables.of_caller(base), **dict(definition.variables)},
        build_after=dict(definition.build_after),
        preferred=definition.preferred,
        inherited=build_inheritance.digest_of_all(base) if inherits else "",
    )


def key_of(key_input: KeyInput) -> str:
    """A build's key: sha256: and 64 hexadecimal digits."""
    return tagged_digest("environment", plain(key_input))
