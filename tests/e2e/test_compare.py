"""Two versions are picked on the timeline and compared, with the keyboard and without a script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import LiveServer, sign_in
from webapp.catalog.models import Supplier
from webapp.extensions import db
from webapp.versioning import change


@pytest.fixture
def supplier(live_server: LiveServer) -> int:
    """A supplier of three versions."""
    with live_server.app.app_context(), change(db.session, actor="Alice"):
        row = Supplier(name="Acme", country="Norway", lead_days=14)
        db.session.add(row)
        db.session.commit()
        for days in (10, 7):
            row.lead_days = days
            db.session.commit()
        id: int = row.id
        return id


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A narrow tab that runs no script."""
    screen = {"width": 375, "height": 800}
    with browser.new_context(java_script_enabled=False, viewport=screen) as context:
        sign_in(context)
        yield context.new_page()


def timeline(server: LiveServer, id: int) -> str:
    return f"{server.url}/admin/supplier/timeline/?id={id}"


def test_pick_and_compare_by_keyboard(page: Page, live_server: LiveServer, supplier: int) -> None:
    page.goto(timeline(live_server, supplier))
    page.get_by_role("button", name="Compare 2 with 3").wait_for()
    page.get_by_role("radio", name="Compare version 2 as A").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Compare 1 with 3").press("Enter")
    page.get_by_role("heading", name="versions 1 and 3").wait_for()
    assert page.url.startswith(f"{live_server.url}/admin/supplier/compare/?")
    assert page.get_by_text("\u22127 (\u221250.0 %)").is_visible()
    page.get_by_role("link", name="All fields").click()
    page.get_by_role("rowheader", name="Country").wait_for()
    page.get_by_role("link", name="Version 1", exact=True).click()
    page.locator("#v1").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("#v1")


def test_pick_and_compare_without_a_script_on_a_narrow_screen(
    plain_page: Page, live_server: LiveServer, supplier: int
) -> None:
    plain_page.goto(timeline(live_server, supplier))
    plain_page.get_by_role("radio", name="Compare version 1 as B").check()
    plain_page.get_by_role("button", name="Compare A with B").click()
    plain_page.get_by_role("heading", name="versions 1 and 2").wait_for()
    assert plain_page.get_by_text("You asked for version 2 first").is_visible()


def test_blame_leads_to_the_version(page: Page, live_server: LiveServer, supplier: int) -> None:
    page.goto(f"{live_server.url}/admin/supplier/details/?id={supplier}")
    page.get_by_role("link", name="since version 3").click()
    page.locator("#v3").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("#v3")
