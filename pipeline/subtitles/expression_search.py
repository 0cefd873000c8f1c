"""A program of its own that searches texts: JSON on the standard input, JSON on the standard output.

An expression such as ``(a+)+b`` takes for ever on some texts, and Python can't stop it, so it is in a process that can
be ended. Standard library only.

Input: ``pattern``, ``is_expression``, ``is_case_sensitive``, ``replacement`` (or ``null``), ``texts`` by name.
Output: ``found``, the places as pairs of numbers of characters, and ``texts``, those that a replacement changes, both
by name; or ``problem``.
"""

import json
import re
import sys
from typing import Any

MOST = 10_000  # places that are told


def main() -> None:
    wish = json.load(sys.stdin)
    try:
        done = _searched(wish)
    except (re.error, IndexError, OverflowError, RecursionError) as error:
        done = {"problem": str(error)}
    json.dump(done, sys.stdout)


def _searched(wish: dict[str, Any]) -> dict[str, Any]:
    text = wish["pattern"] if wish["is_expression"] else re.escape(wish["pattern"])
    pattern = re.compile(text, 0 if wish["is_case_sensitive"] else re.IGNORECASE)
    found: dict[str, list[tuple[int, int]]] = {}
    changed: dict[str, str] = {}
    count = 0
    for name, each in wish["texts"].items():
        places = [match.span() for match in pattern.finditer(each) if match[0]]
        if not places or count >= MOST:
            continue
        count += len(places)
        found[name] = places
        if wish["replacement"] is not None:
            new = _replaced(pattern, wish["replacement"], each, wish["is_expression"])
            if new != each:
                changed[name] = new
    return {"found": found, "texts": changed}


def _replaced(pattern: "re.Pattern[str]", replacement: str, text: str, is_expression: bool) -> str:
    """Where nothing is found, nothing is put in: ``x*`` is found between all letters."""

    def new(match: "re.Match[str]") -> str:
        if not match[0]:
            return ""
        return match.expand(replacement) if is_expression else replacement

    return pattern.sub(new, text)


if __name__ == "__main__":
    main()
