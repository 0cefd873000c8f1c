"""How long is the short loop? `scripts/test.sh --loop`, and beside it as many empty tests in as many files.

The empty ones are run by the same command, so that the ratio says what our tests add to pytest on this machine. Both
take turns; shown are the medians of all pairs. A loop with a failed test is no figure: then the exit code is 1.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from measuring import PROJECT, Failed, Spent, output, spend

# The short loop's profile is registered by the conftest of our own tests, which the empty ones don't have.
CONFTEST = 'from hypothesis import settings\n\nsettings.register_profile("loop")\n'


def main() -> None:
    arguments = _arguments()
    try:
        figures = _measure(arguments.pairs, arguments.tests)
    except Failed as failed:
        sys.exit(str(failed))
    if arguments.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):20}{value:>10}")


def _measure(count: int, tests: Sequence[str]) -> Mapping[str, float]:
    numbers = _tests_of_files(tests)
    with tempfile.TemporaryDirectory() as folder:
        empty = _make_empty(Path(folder), numbers)
        _loop(tests), _loop(empty)  # once for their bytecode
        pairs = [_pair(tests, empty, begins_empty=number % 2 == 1) for number in range(count)]
    ours, others = zip(*pairs, strict=True)
    return {
        "tests": sum(numbers),
        "files": len(numbers),
        "seconds": _median(each.seconds for each in ours),
        "cpu_seconds": _median(each.cpu for each in ours),
        "empty_seconds": _median(each.seconds for each in others),
        "empty_cpu_seconds": _median(each.cpu for each in others),
        "ratio": _median(own.seconds / other.seconds for own, other in pairs),
        "cpu_ratio": _median(own.cpu / other.cpu for own, other in pairs),
    }


def _tests_of_files(tests: Sequence[str]) -> Sequence[int]:
    """How many tests of the loop each file has."""
    shown = output(_command("--collect-only", "-q", *tests))
    return [*Counter(line.partition("::")[0] for line in shown.splitlines() if "::" in line).values()]


def _make_empty(folder: Path, numbers: Sequence[int]) -> Sequence[str]:
    """Files with so many tests each; returns the words that have them run."""
    (folder / "conftest.py").write_text(CONFTEST)
    for place, number in enumerate(numbers):
        tests = (f"def test_{each}():\n    pass\n" for each in range(number))
        (folder / f"test_file_{place}.py").write_text("\n\n".join(tests))
    return _options(folder)


def _options(folder: Path) -> Sequence[str]:
    """Tests that aren't the project's own are run with its settings."""
    return f"--config-file={PROJECT}/pyproject.toml", f"--rootdir={folder}", str(folder)


def _pair(tests: Sequence[str], empty: Sequence[str], begins_empty: bool) -> tuple[Spent, Spent]:
    if begins_empty:
        other = _loop(empty)
        return _loop(tests), other
    return _loop(tests), _loop(empty)


def _loop(words: Sequence[str]) -> Spent:
    return spend(_command(*words))


def _command(*words: str) -> list[str | Path]:
    return [PROJECT / "scripts" / "test.sh", "--loop", *words]


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("tests", nargs="*", help="files or folders in place of all tests")
    return parser.parse_args()


if __name__ == "__main__":
    main()
