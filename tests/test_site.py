"""The documentation's site: it is built from the pages and the code, and no link in it is dead."""

import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import BIN, REPOSITORY


class Page(HTMLParser):
    """The addresses and anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in {"script", "img", "link"}:
            self.loaded += [values[name] for name in ("src", "href") if name in values]


@pytest.fixture(scope="module")
def site(spawning: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = ["--quiet", "--fail-on-warning", "--keep-going", "-c", str(REPOSITORY / "scripts" / "docs")]
    built = subprocess.run(
        [BIN / "sphinx-build", *words, "-d", folder / "doctrees", REPOSITORY / "docs", folder / "html"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (built.returncode, built.stderr) == (0, "")
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path.resolve(): Page(path) for path in site.rglob("*.html")}


def test_no_link_is_dead(pages: dict[Path, Page]) -> None:
    assert len(pages) > 5
    dead = [f"{path.name}: {link}" for path, page in pages.items() for link in page.links if is_dead(path, link, pages)]
    assert dead == []


def is_dead(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    """Addresses elsewhere aren't looked at."""
    found = urlsplit(link)
    if found.scheme or found.netloc:
        return False
    target = (path.parent / unquote(found.path)).resolve() if found.path else path
    if target not in pages:
        return not target.exists()
    return bool(found.fragment) and unquote(found.fragment) not in pages[target].anchors


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    assert [link for page in pages.values() for link in page.loaded if urlsplit(link).netloc] == []


def test_the_reference_has_each_command_file_and_exit_code(site: Path) -> None:
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    files = (site / "reference" / "files.html").read_text(encoding="utf-8")
    codes = (site / "reference" / "exit-codes.html").read_text(encoding="utf-8")
    assert {"pipeline-env-lock", "run-pipeline", "bootstrap"} <= Page(site / "reference" / "commands.html").anchors
    assert "--max-parallel" in commands
    assert "retries" in files
    assert "configuration file" in codes
