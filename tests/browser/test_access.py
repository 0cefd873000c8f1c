"""The one-time link, as a browser meets it."""

from page_process import ServedPage
from playwright.sync_api import BrowserContext, Page, expect


def test_the_link_opens_the_page_once_and_in_one_browser(
    page: Page, served: ServedPage, context: BrowserContext
) -> None:
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    assert "once=" not in page.url
    (cookie,) = context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert context.browser is not None
    other = context.browser.new_context()
    answer = other.new_page().goto(served.link)
    assert answer is not None
    assert answer.status == 403
    other.close()


def test_a_script_of_the_page_does_not_see_the_cookie(page: Page) -> None:
    assert page.evaluate("document.cookie") == ""


def test_a_page_of_another_port_gets_nothing(page: Page, served: ServedPage, context: BrowserContext) -> None:
    """The browser sends the cookie there, since it counts ports of one host as one site."""
    stranger = context.new_page()
    stranger.route("http://127.0.0.1:9999/", lambda route: route.fulfill(body="<title>stranger</title>"))
    stranger.goto("http://127.0.0.1:9999/")
    sent: list[tuple[int, bool]] = []
    stranger.on("response", lambda answer: sent.append((answer.status, "cookie" in answer.request.all_headers())))
    ask = "([address, how]) => fetch(address, how).then((answer) => answer.text(), () => 'refused')"
    read = {"credentials": "include"}
    assert stranger.evaluate(ask, [f"{served.address}/", read]) == "refused"
    change = {**read, "method": "POST", "mode": "no-cors"}
    address = f"{served.address}/jobs?path=/etc/passwd&workflow=copy"
    assert stranger.evaluate(ask, [address, change]) in {"", "refused"}
    assert {status for status, _ in sent} <= {403}
    page.reload()
    expect(page.get_by_text("No job has been prepared yet")).to_be_visible()
