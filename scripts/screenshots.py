#!/usr/bin/env python
"""Make the pictures of the pages that the documentation shows, docs/pictures/*.png, of the sample film.

Needs this project's environments and the recognition model (./bootstrap.sh), and Chromium (Debian: apt-get install -y
chromium):

    .venv-dev/bin/python scripts/screenshots.py
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "bench"))

import page_editing  # noqa: E402  # found by the line above
from measuring import BIN, PROJECT, Failed, call  # noqa: E402
from page_server import chromium, serving  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = PROJECT / "docs" / "pictures"
WIDE, NARROW = (1200, 760), (400, 760)
READY = {"job": "#stages tbody tr", "editor": "#list [role=option]", "report": "#timeline"}


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    size: tuple[int, int]
    dark: bool
    wait: str = "main"


def main() -> int:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="films-") as folder:
        try:
            _make(Path(folder))
        except Failed as failed:
            print(failed, file=sys.stderr)
            return 3
    return 0


def _make(folder: Path) -> None:
    """Raises ``Failed``."""
    project, film = page_editing.own_project(folder), folder / "Two Cities.mp4"
    shutil.copyfile(PROJECT / "samples" / "two_cities.mp4", film)
    id = call(project, "prepare-job", str(film), "--subtitle", "-s", "en").strip()
    with serving(project, "--edit") as server, chromium() as page:
        page.goto(server.link)
        words: list[str | Path] = [BIN / "run-pipeline", "--root", project, "-j", id]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            page.goto(f"{server.address}/jobs/{id}")
            page.wait_for_selector("#stages .running")
            page.wait_for_timeout(1500)
            _take(page, Picture("job-running-dark", "", WIDE, dark=True, wait=READY["job"]), "")
            if run.wait():
                raise Failed(f"run-pipeline ended with {run.returncode}")
        for picture in _pictures(id):
            _take(page, picture, server.address)


def _pictures(id: str) -> list[Picture]:
    job, editor = f"/jobs/{id}", f"/jobs/{id}/subtitles/en"
    return [
        Picture("jobs", "/", WIDE, dark=False),
        Picture("job-narrow", job, NARROW, dark=False, wait="#files li"),
        Picture("report", f"{job}/report", WIDE, dark=False, wait=READY["report"]),
        Picture("report-narrow-dark", f"{job}/report", NARROW, dark=True, wait=READY["report"]),
        Picture("editor", editor, (1400, 900), dark=False, wait=READY["editor"]),
        Picture("editor-narrow-dark", editor, NARROW, dark=True, wait=READY["editor"]),
    ]


def _take(page: "Page", picture: Picture, address: str) -> None:
    page.emulate_media(color_scheme="dark" if picture.dark else "light")
    size: Mapping[str, int] = dict(zip(("width", "height"), picture.size, strict=True))
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    if address:
        page.goto(address + picture.path)
    page.wait_for_selector(picture.wait)
    page.wait_for_timeout(1500)  # for what comes by the event stream, and the film's first picture
    page.screenshot(path=PICTURES / f"{picture.name}.png")


if __name__ == "__main__":
    sys.exit(main())
