"""What a project of one's own costs: against bare commands and other tools, in the same run.

example  from an empty folder to the result of two stages in two environments (numpy 1.26 and numpy 2), in four
         commands: init, env lock, bootstrap, run; uv's cache is warm, ours too, and every folder is new each time
         example           / uv venv, uv pip compile, uv pip sync and python by hand
         example_compiled  / the same with --compile-bytecode
         example_first     with an empty cache of ours, where bytecode of earlier builds is, / the commands by hand
         example_second    a second such project of the same user, / the commands by hand
         example_NAME      / another tool doing the same two steps as its manual has it; none where that can't run here
         example_NAME_by_hand  / the same tool with steps that make their environments by calling uv
directory  an output of 50,000 files of 1,000 bytes
         directory         its commit, with its place in the store of results / cp -r and sync of it
         directory_reuse   the same for another job, out of the store / cp -r and sync of it
         directory_reads   files that are read for that
python_api  the Python interface
         python_import_ms  import pipeline; Project(FOLDER), in milliseconds of processor time more than python
         python_api        1,000 stages that do nothing, prepared and run by a program / by the commands

Exit code 3: a figure that was asked for could not be measured; 1, with --check: a limit is missed.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import own_project_directory
import own_project_example
import own_project_python
from figures import Figures, add_options, stop
from measuring import Failed
from own_project_parts import OwnProjectBench

PARTS: Mapping[str, Callable[[OwnProjectBench], None]] = {
    "example": own_project_example.measure,
    "directory": own_project_directory.measure,
    "python_api": own_project_python.measure,
}
LIMITS = {**own_project_example.LIMITS, **own_project_directory.LIMITS, **own_project_python.LIMITS}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")))
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "pipeline-bench", help="their folder")
    arguments = parser.parse_args()
    figures = Figures(limits=dict(LIMITS))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        bench = OwnProjectBench(Path(folder), arguments.peers, arguments.pairs, figures)
        try:
            for name in arguments.only or PARTS:
                PARTS[name](bench)
        except Failed as failed:
            return stop(failed)
    return figures.end(arguments)


if __name__ == "__main__":
    sys.exit(main())
