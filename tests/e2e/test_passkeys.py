"""Passkeys in a real browser, with a virtual device that keeps them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests import accounts
from tests.e2e.conftest import LiveServer, watched
from webapp.auth import accounts as ours


@pytest.fixture
def site(live_server: LiveServer) -> str:
    """By a name, which passkeys need. Alice has a password."""
    with live_server.app.app_context():
        alice = ours.named("Alice")
        assert alice
        ours.set_password(alice, accounts.PASSWORD)
    return live_server.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with watched(browser, person=None) as page:
        yield page


def plug_in(page: Page) -> tuple[CDPSession, str]:
    """A device in the browser that keeps passkeys."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/sign-in")
    page.get_by_label("E-mail address").fill(accounts.address("Alice"))
    page.get_by_label("Password").fill(accounts.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator(".account summary").wait_for()


def add(page: Page, site: str) -> None:
    sign_in(page, site)
    page.goto(f"{site}/passkeys")
    page.get_by_label("Name of the passkey").fill("Laptop")
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("The passkey Laptop signs you in from now on.").wait_for()


def sign_out(page: Page) -> None:
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_a_passkey_is_added_signs_in_and_is_removed(page: Page, site: str) -> None:
    plug_in(page)
    add(page, site)
    sign_out(page)
    page.goto(f"{site}/admin/supplier/")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Suppliers").wait_for()
    page.goto(f"{site}/passkeys")
    page.get_by_text("last used").wait_for()
    page.get_by_role("button", name="Remove the passkey Laptop").click()
    page.get_by_text("The passkey signs you in no more.").wait_for()
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("This passkey is not known here").wait_for()


def test_a_device_keeps_one_passkey_of_a_person(page: Page, site: str) -> None:
    plug_in(page)
    add(page, site)
    page.get_by_label("Name of the passkey").fill("Again")
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("This device keeps a passkey of yours already.").wait_for()


def test_a_device_that_is_not_unlocked_signs_nobody_in(page: Page, site: str) -> None:
    devtools, device = plug_in(page)
    add(page, site)
    sign_out(page)
    locked = {"authenticatorId": device, "isUserVerified": False}
    devtools.send("WebAuthn.setUserVerified", locked)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("No passkey was chosen. Nothing was changed.").wait_for()


def test_without_scripts_the_password_signs_in_and_no_passkey_is_offered(
    browser: Browser, site: str
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, site)
        page.goto(f"{site}/passkeys")
        page.get_by_text("This browser makes no passkeys").wait_for()
        assert not page.get_by_role("button", name="Add it").is_visible()
        sign_out(page)
        assert not page.get_by_role("button", name="Use a passkey").is_visible()
