"""Compiles modules to the bytecode that stands beside them. Run by an environment's interpreter, Python 3.8 and later.

Reads paths of sources from standard input, each with a zero byte after it. Bytecode that fits its source, by time and
size, stays. A source that can't be compiled gets none, and that is no failure: packages bring templates, and modules
for other versions of Python. What ends with another exit code than 0 is a disk that can't be written to.
"""

import importlib.util
import marshal
import os
import sys


def main() -> None:
    if sys.implementation.cache_tag is None:  # an interpreter that keeps no bytecode
        return
    for name in sys.stdin.buffer.read().split(b"\0"):
        if name:
            _compile(os.fsdecode(name))


def _compile(source: str) -> None:
    target = importlib.util.cache_from_source(source)
    status = os.stat(source)
    # https://peps.python.org/pep-0552/: no flags, so that the source's time and size decide whether it counts.
    numbers = (0, int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    head = importlib.util.MAGIC_NUMBER + b"".join(number.to_bytes(4, "little") for number in numbers)
    if _begins_with(target, head):
        return
    with open(source, "rb") as file:
        text = file.read()
    try:
        code = compile(text, source, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target):
        os.unlink(target)  # it may be a link that a package brings
    with open(target, "wb") as file:
        file.write(head + marshal.dumps(code))


def _begins_with(path: str, head: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(len(head)) == head
    except OSError:
        return False


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # of other people's sources
    main()
