"""The second step in a real browser: its picture is shown, and its code is asked for."""

from __future__ import annotations

import time

from passlib.totp import TOTP
from playwright.sync_api import Browser

from tests import accounts
from tests.e2e.conftest import LiveServer, watched
from webapp.auth import accounts as ours


def test_it_is_set_up_and_then_asked_for(browser: Browser, live_server: LiveServer) -> None:
    with live_server.app.app_context():
        alice = ours.named("Alice")
        assert alice
        ours.set_password(alice, accounts.PASSWORD)
    with watched(browser, person=None) as page:

        def sign_in() -> None:
            page.goto(f"{live_server.url}/sign-in?next=/admin/supplier/")
            page.get_by_label("E-mail address").fill(accounts.address("Alice"))
            page.get_by_label("Password").fill(accounts.PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()

        sign_in()
        page.get_by_role("heading", name="Suppliers").wait_for()
        page.locator(".account summary").click()
        page.get_by_role("link", name="Second step").click()
        picture = page.get_by_alt_text("QR code")
        picture.wait_for()
        assert picture.evaluate("image => image.naturalWidth") > 100
        page.get_by_text("Type a key instead").click()
        app = TOTP(key=page.locator(".key").inner_text().replace(" ", ""))
        page.get_by_label("Code").fill(app.generate().token)
        page.get_by_role("button", name="Set it up").click()
        page.get_by_role("heading", name="Your recovery codes").wait_for()
        assert page.locator(".codes li").count() == 10
        page.get_by_role("link", name="I have kept them").click()
        page.locator(".account summary").click()
        page.get_by_role("button", name="Sign out").click()
        sign_in()
        page.get_by_role("heading", name="Second step").wait_for()
        page.get_by_label("Code").fill(app.generate(time=time.time() + 30).token)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="Suppliers").wait_for()
