"""Every page in a real browser, with a script for text in every column: none runs, nothing is
refused by the content security policy because nothing asks for what it forbids."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests import accounts
from tests.e2e.conftest import LiveServer, watched
from tests.e2e.every_page import PAGES, marked
from webapp.auth import accounts as ours

__all__ = ["marked"]


def test_no_marker_runs_on_any_page(browser: Browser, marked: LiveServer) -> None:
    with watched(browser) as page:
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        for address in PAGES:
            page.goto(marked.url + address)
            page.evaluate(
                "for (const fold of document.querySelectorAll('details')) fold.open = true"
            )
            assert page.title() != "stolen", address
            assert page.locator("img[src='x'], img[onerror]").count() == 0, address
            assert page.locator("[onclick], [onload], [onerror], [style]").count() == 0, address
        assert dialogs == []


def test_the_sign_in_page_leads_where_one_wanted_to_go(
    browser: Browser, live_server: LiveServer
) -> None:
    with live_server.app.app_context():
        account = ours.named("Alice")
        assert account
        ours.set_password(account, accounts.PASSWORD)
    with watched(browser, person=None) as page:
        page.goto(f"{live_server.url}/admin/supplier/")
        assert page.title().startswith("Sign in")
        page.get_by_label("E-mail address").fill(accounts.address("Alice"))
        page.get_by_label("Password").fill("wrong words entirely")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text("You are not signed in").wait_for()
        page.get_by_label("Password").fill(accounts.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Suppliers").wait_for()
        page.locator(".account summary").click()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="Sign in").wait_for()
        page.goto(f"{live_server.url}/admin/supplier/")
        assert page.title().startswith("Sign in")
