"""Every key of the editor does what the page's own list of keys says of it."""

import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import serving
from tests.browser.editing import (
    FIRST,
    FOURTH,
    ROW,
    SECOND,
    TEXTS,
    THIRD,
    choose,
    cues,
    expect_saved,
    job_with,
    listed,
    opened,
    silence,
    write,
)
from tests.conftest import Sandbox
from tests.test_process import eventually

FILM = "document.getElementById('player')"
LISTED = "async () => (await import('/static/editor/keys.js')).KEYS.flatMap((each) => each.keys)"
ADDED = "…"  # the text of a new cue


@pytest.fixture
def job(ready: Sandbox) -> str:
    """Whose film Chromium can play."""
    return job_with(ready, cues(TEXTS), silence(ready.root / "film.wav"))


@pytest.fixture
def second(editor: Page) -> Page:
    """The editor with its second cue, at whose start the film stands."""
    assert eventually(lambda: editor.evaluate(f"{FILM}.readyState >= 1"))
    editor.locator("#list").focus()
    editor.keyboard.press("j")
    expect_at(editor, 2)
    expect_chosen(editor, SECOND)
    return editor


def at(page: Page) -> float:
    """Where the film is, in seconds."""
    return float(page.evaluate(f"{FILM}.currentTime"))


def is_paused(page: Page) -> bool:
    return bool(page.evaluate(f"{FILM}.paused"))


def seek(page: Page, seconds: float) -> None:
    page.evaluate(f"(seconds) => {{ {FILM}.currentTime = seconds; }}", seconds)
    expect_at(page, seconds)


def expect_at(page: Page, seconds: float) -> None:
    assert eventually(lambda: abs(at(page) - seconds) < 0.02)


def expect_chosen(page: Page, text: str) -> None:
    expect(page.locator("#list [aria-selected=true] .text")).to_have_text(text)


def expect_texts(page: Page, *texts: str) -> None:
    parts = [re.compile(r"\s*".join(map(re.escape, each.split()))) for each in texts]
    expect(page.locator("#list .text")).to_have_text(parts)
    expect_saved(page)


def plays(page: Page, key: str) -> None:
    page.keyboard.press(key)
    assert eventually(lambda: at(page) > 2.1)
    page.keyboard.press(key)
    assert eventually(lambda: is_paused(page))


def plays_the_cue(page: Page, key: str) -> None:
    seek(page, 3)
    page.keyboard.press(key)
    assert eventually(lambda: is_paused(page) and at(page) > 3.4)
    assert at(page) < 4
    expect_chosen(page, SECOND)


def moves_the_film(seconds: float) -> Callable[[Page, str], None]:
    def check(page: Page, key: str) -> None:
        page.keyboard.press(key)
        expect_at(page, 2 + seconds)

    return check


def chooses(text: str) -> Callable[[Page, str], None]:
    def check(page: Page, key: str) -> None:
        page.keyboard.press(key)
        expect_chosen(page, text)

    return check


def goes_to_the_next_place(page: Page, key: str) -> None:
    expect(page.locator("#attention-count")).to_have_text("2 places")
    for text in (THIRD, FOURTH, THIRD):
        page.keyboard.press(key)
        expect_chosen(page, text)


def goes_to_the_place_before(page: Page, key: str) -> None:
    expect(page.locator("#attention-count")).to_have_text("2 places")
    seek(page, 7)
    for text in (FOURTH, THIRD, FOURTH):
        page.keyboard.press(key)
        expect_chosen(page, text)


def begins_to_type(page: Page, key: str) -> None:
    page.keyboard.press(key)
    expect(page.locator("#text")).to_be_focused()


def leaves(*texts: str, before: str = "") -> Callable[[Page, str], None]:
    """The film has these cues then; ``before``: a key that is pressed first."""

    def check(page: Page, key: str) -> None:
        if before:
            count = len(listed(page))
            page.keyboard.press(before)
            expect(page.locator(ROW)).not_to_have_count(count)
        page.keyboard.press(key)
        expect_texts(page, *texts)

    return check


def does_it_again(page: Page, key: str) -> None:
    page.keyboard.press("Delete")
    expect_texts(page, FIRST, THIRD, FOURTH)
    page.keyboard.press("z")
    expect_texts(page, FIRST, SECOND, THIRD, FOURTH)
    page.keyboard.press(key)
    expect_texts(page, FIRST, THIRD, FOURTH)


def adds_a_cue(page: Page, key: str) -> None:
    seek(page, 8)
    page.keyboard.press(key)
    expect(page.locator("#text")).to_be_focused()
    expect_texts(page, FIRST, SECOND, THIRD, FOURTH, ADDED)
    assert times(page)[-1] == (8000, 10000)


def times(page: Page) -> list[tuple[int, int]]:
    """Of each cue, as the server has them: its start and end in milliseconds."""
    ask = "async (address) => (await (await fetch(address)).json()).cues.map((cue) => [cue.start, cue.end])"
    address = page.evaluate("location.pathname + '/cues'")
    return [(start, end) for start, end in page.evaluate(ask, address)]


def moves_the_ends(start: int, end: int, film: float = 2) -> Callable[[Page, str], None]:
    """By so many milliseconds, where the film stands at ``film``."""

    def check(page: Page, key: str) -> None:
        seek(page, film)
        page.keyboard.press(key)
        expect(page.locator("#saved")).to_have_text("Saved. Not in the film yet")
        assert times(page)[1] == (2000 + start, 3500 + end)

    return check


def sets_the_speed(speed: float) -> Callable[[Page, str], None]:
    def check(page: Page, key: str) -> None:
        page.keyboard.press(key)
        expect(page.get_by_label("Speed")).to_have_value(str(speed))
        assert page.evaluate(f"{FILM}.playbackRate") == speed

    return check


def opens_the_search(page: Page, key: str) -> None:
    page.keyboard.press(key)
    expect(page.get_by_role("textbox", name="Find", exact=True)).to_be_focused()
    page.keyboard.type("fourth")
    page.keyboard.press("Enter")
    expect_chosen(page, FOURTH)


def shows_the_keys(page: Page, key: str) -> None:
    page.keyboard.press(key)
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


KEYS: Mapping[str, Callable[[Page, str], None]] = {
    **dict.fromkeys([" ", "k"], plays),
    "p": plays_the_cue,
    "ArrowLeft": moves_the_film(-2),
    "ArrowRight": moves_the_film(2),
    **dict.fromkeys(["ArrowDown", "j"], chooses(THIRD)),
    **dict.fromkeys(["ArrowUp", "h"], chooses(FIRST)),
    "n": goes_to_the_next_place,
    "N": goes_to_the_place_before,
    "Enter": begins_to_type,
    "s": leaves(FIRST, "Second", "& more", THIRD, FOURTH),
    "m": leaves(FIRST, f"{SECOND}\n{THIRD}", FOURTH),
    "a": adds_a_cue,
    "Delete": leaves(FIRST, THIRD, FOURTH),
    "q": moves_the_ends(-40, 0),
    "w": moves_the_ends(40, 0),
    "e": moves_the_ends(0, -40),
    "r": moves_the_ends(0, 40),
    "Q": moves_the_ends(-100, 0),
    "W": moves_the_ends(100, 0),
    "E": moves_the_ends(0, -100),
    "R": moves_the_ends(0, 100),
    "i": moves_the_ends(600, 0, film=2.6),
    "o": moves_the_ends(0, -500, film=3),
    "z": leaves(FIRST, SECOND, THIRD, FOURTH, before="Delete"),
    **dict.fromkeys(["Z", "y"], does_it_again),
    "-": sets_the_speed(0.75),
    **dict.fromkeys(["+", "="], sets_the_speed(1.25)),
    **dict.fromkeys(["f", "/"], opens_the_search),
    "?": shows_the_keys,
}
WITH_CONTROL: Mapping[str, Callable[[Page, str], None]] = {
    "Control+z": KEYS["z"],
    "Control+y": does_it_again,
    "Control+Shift+Z": does_it_again,
}


@pytest.mark.parametrize("key", [*KEYS, *WITH_CONTROL])
def test_a_key_does_what_the_page_says_of_it(second: Page, key: str) -> None:
    {**KEYS, **WITH_CONTROL}[key](second, key)


def test_each_key_of_the_page_has_a_test(editor: Page) -> None:
    found: Sequence[str] = editor.evaluate(LISTED)
    assert sorted(found) == sorted(KEYS)


def test_a_page_that_only_shows_has_no_key_that_edits(context: BrowserContext, ready: Sandbox, job: str) -> None:
    with serving(ready) as shown:
        page = context.new_page()
        page.goto(shown.link)
        opened(page, shown, job)
        choose(page, "Second")
        for key in ("Delete", "m", "s", "Q", "z"):
            page.keyboard.press(key)
        page.keyboard.press("j")
        expect_chosen(page, THIRD)
        assert listed(page) == [FIRST, SECOND, THIRD, FOURTH]


def test_a_split_where_one_types_is_at_the_caret(editor: Page) -> None:
    choose(editor, "First")
    for key in ("Enter", "Home", *["ArrowRight"] * 6, "Control+Enter"):
        editor.keyboard.press(key)
    expect_texts(editor, "First", "of all", SECOND, THIRD, FOURTH)


def test_keys_do_nothing_while_somebody_types(editor: Page) -> None:
    choose(editor, "First")
    write(editor, "zsmqj?")
    expect(editor.locator("#text")).to_have_value("zsmqj?")
    editor.keyboard.press("Escape")
    expect(editor.locator("#list")).to_be_focused()
    assert listed(editor)[0] == "zsmqj?"


def test_keys_of_one_letter_can_be_switched_off(second: Page) -> None:
    second.keyboard.press("?")
    second.get_by_label("Use keys of one letter").uncheck()
    second.keyboard.press("Escape")
    second.locator("#list").focus()
    second.keyboard.press("j")
    second.keyboard.press("ArrowUp")
    expect_chosen(second, FIRST)
