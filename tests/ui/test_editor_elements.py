"""Elements that the editor's scripts reach for without asking for them: a page that only shows has them, too."""

import re

from pipeline.ui import pages

EDITING = re.compile(r"{% if access\.edits %}.*?{% (?:else|endif) %}", re.DOTALL)
REACHED = re.compile(r'getElementById\("([\w-]+)"\)\.')
ONLY_EDITING = {"accept", "retry", "replacement", "replace-one", "replace-all"}
GUARDED = {"retry", "replacement"}  # in what only runs after an edit


def test_a_page_that_only_shows_has_all_that_is_reached_when_it_begins() -> None:
    template = EDITING.sub("", (pages.TEMPLATES / "editor.html").read_text(encoding="utf-8"))
    known = set(re.findall(r'id="([\w-]+)"', template))
    assert not known & ONLY_EDITING
    reached = {
        name
        for script in (pages.STATIC / "editor").glob("*.js")
        for name in REACHED.findall(script.read_text(encoding="utf-8"))
    }
    assert reached - known - GUARDED == set()
    main = (pages.STATIC / "editor" / "editor.js").read_text(encoding="utf-8")
    assert 'getElementById("retry")?.addEventListener' in main
