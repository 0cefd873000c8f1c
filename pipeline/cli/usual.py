"""``run-pipeline -j ID`` and its few usual options, read without click, whose import takes longer than a small job.

Whatever else is written goes to click, and so does every mistake: there is one place for help and for complaints.
"""

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TAKEN = {"-j": "job", "--job": "job", "--root": "root", "--max-parallel": "max_parallel", "--start": "start"}
STARTS = ("cold", "worker")


@dataclass(frozen=True)
class Usual:
    """What ``run-pipeline`` was asked for."""

    jobs: tuple[str, ...]
    root: Path | None = None
    max_parallel: int | None = None
    start: str | None = None


def read(words: Sequence[str]) -> Usual | None:
    """``None`` where the words are for click."""
    pairs = list(_pairs(words))
    given = dict(pairs)
    jobs = tuple(value for name, value in pairs if name == "job")
    parallel, start, root = given.get("max_parallel"), given.get("start"), given.get("root")
    if "" in given or not jobs or len(pairs) - len(jobs) != len(given) - 1:
        return None
    if start not in (None, *STARTS) or not (parallel is None or (parallel.isdecimal() and int(parallel) > 0)):
        return None
    return Usual(jobs, Path(root) if root else None, int(parallel) if parallel else None, start)


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with their values; the name is empty for what isn't one of ours."""
    rest = iter(words)
    for word in rest:
        value = next(rest, "")
        yield (TAKEN.get(word, ""), value) if value and not value.startswith("-") else ("", value)


def main() -> None:
    gc.disable()  # nothing that is imported is garbage; the run itself enables it
    from pipeline.cli import handler

    usual = read(sys.argv[1:])
    if usual is None:
        from pipeline.cli.run_pipeline import command

        handler.run(command)
    else:
        # Taking the interpreter down in order takes longer than a small job's whole work.
        os._exit(handler.code_of(lambda: _run(usual)))


def _run(usual: Usual) -> None:
    from pipeline.cli import running
    from pipeline.cli.location import locate
    from pipeline.run.bounds import Bounds
    from pipeline.run.execute import Options

    options = Options(bounds=Bounds(usual.max_parallel), start=usual.start)  # type: ignore[arg-type]  # one of STARTS
    here = locate(usual.root)
    running.run(here, running.named(here, usual.jobs), options)
