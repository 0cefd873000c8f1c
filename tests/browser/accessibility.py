"""What axe-core finds on a page. It is installed by npm, at the digest that ``axe/package-lock.json`` has."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page

from pipeline.locks import exclusive
from tests.conftest import REPOSITORY

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
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with exclusive(INSTALLED / ".lock", on_wait=lambda _: None):
        wanted = (LOCK / "package-lock.json").read_bytes()
        stamp = INSTALLED / "installed-from.json"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            _install()
            stamp.write_bytes(wanted)
    return (INSTALLED / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm on PATH: apt-get install -y npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCK / name, INSTALLED / name)
    words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(INSTALLED)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"axe-core can't be installed: {done.stderr[-300:]}")
