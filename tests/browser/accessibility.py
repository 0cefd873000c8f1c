"""What axe-core finds on a page. It is installed by npm, at the digest that ``axe/package-lock.json`` has."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

from pipeline.locks import exclusive
from tests.conftest import REPOSITORY
from tests.e2e.conftest import REAL_VARIABLES

LOCK = Path(__file__).parent / "axe"
INSTALLED = REPOSITORY / ".tools" / "axe"
CHECK = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations
    .filter((each) => ["serious", "critical"].includes(each.impact))
    .flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.html} (${node.failureSummary})`));
}"""


def serious_findings(page: Page, axe: str) -> list[str]:
    """Each finding of the two upper levels, with the element that it is about. ``axe``: the library's source."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(CHECK)
    return found


def source() -> str:
    """The library, installed once for each lock. Skips the test where that isn't possible."""
    if problem := _problem():
        pytest.skip(problem)
    return (INSTALLED / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@cache
def _problem() -> str | None:
    """Why the library can't be had, after one try: a registry that doesn't answer is waited for once."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with exclusive(INSTALLED / ".lock", on_wait=lambda _: None):
        wanted = (LOCK / "package-lock.json").read_bytes()
        stamp = INSTALLED / "installed-from.json"
        if stamp.exists() and stamp.read_bytes() == wanted:
            return None
        problem = _installed()
        if problem is None:
            stamp.write_bytes(wanted)
        return problem


def _installed() -> str | None:
    npm = shutil.which("npm")
    if npm is None:
        return "no npm on PATH: apt-get install -y npm"
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCK / name, INSTALLED / name)
    words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(INSTALLED)]
    try:
        done = subprocess.run(words, env=REAL_VARIABLES, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "axe-core can't be installed: npm's registry doesn't answer"
    return f"axe-core can't be installed: {done.stderr[-300:]}" if done.returncode else None
