"""An error page as a visitor meets it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.conftest import LiveServer


def test_an_unknown_address_leads_back_home(live_server: LiveServer, page: Page) -> None:
    answer = page.goto(f"{live_server.url}/nowhere")
    assert answer is not None
    assert answer.status == 404
    assert page.get_by_role("heading", level=1).count() == 1
    page.get_by_role("main").get_by_role("link", name="Home").click()
    assert page.url != f"{live_server.url}/nowhere"
