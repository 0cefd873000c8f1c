"""A signature beside a package, ``FILE.sig``, made and checked by OpenSSH's ``ssh-keygen``."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from pipeline import process
from pipeline.errors import InputError, NotReady, UsageError
from pipeline.process import CompletedProcess
from pipeline.text import printable

PROGRAM = "ssh-keygen"
NAMESPACE = "pipeline-package"  # a signature for anything else doesn't count
SECONDS = 600.0


def signature_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.sig")


def sign(file: Path, key: Path) -> Path:
    """Sign with a private key, and return the signature's file.

    Raises ``NotReady`` where there is no ``ssh-keygen``, and ``UsageError`` where the key can't be used.
    """
    signature = signature_of(file)
    signature.unlink(missing_ok=True)  # the program asks before it replaces one
    done = _run(["-Y", "sign", "-f", key, "-n", NAMESPACE, file])
    if done.returncode or not signature.is_file():
        raise UsageError(f"{file} can't be signed with {key}: {_reason(done)}", "ssh-add -l   lists the keys there are")
    return signature


def verify(file: Path, allowed: Path) -> str:
    """Who signed the file, as ``allowed`` (in the form of ssh-keygen's allowed signers) names them.

    Raises ``InputError`` where there is no valid signature of one of them, and ``NotReady`` where there is no
    ``ssh-keygen``.
    """
    signature = signature_of(file)
    if not signature.is_file():
        raise InputError(f"{file} has no signature: there is no {signature}", "get the signature beside it")
    with_signers: list[str | Path] = ["-f", allowed, "-s", signature]
    names = _run(["-Y", "find-principals", *with_signers]).stdout.decode("utf-8", "replace").splitlines()
    if names:
        done = _run(["-Y", "verify", *with_signers, "-I", names[0], "-n", NAMESPACE], stdin=file)
        if not done.returncode:
            return printable(names[0])
    raise InputError(
        f"{file} isn't signed by anybody whom {allowed} names",
        "get the package and its signature again, or ask whoever made it for their public key",
    )


def _run(words: Sequence[str | Path], stdin: Path | None = None) -> CompletedProcess:
    program = shutil.which(PROGRAM)
    if program is None:
        raise NotReady(f"{PROGRAM} isn't there, which makes and checks signatures", "install OpenSSH's client")
    if stdin is None:
        return process.run([program, *words], os.environ, SECONDS)
    with stdin.open("rb") as content:
        return process.run([program, *words], os.environ, SECONDS, stdin=content)


def _reason(done: CompletedProcess) -> str:
    return printable(done.error_text.splitlines()[-1]) if done.error_text else f"{PROGRAM} gives no reason"
