"""A person looks at the past: by the list, by the timeline, by a picked moment; and comes back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import LiveServer, sign_in
from webapp.catalog.models import Supplier
from webapp.extensions import db
from webapp.versioning import change


@pytest.fixture
def supplier(live_server: LiveServer) -> int:
    """A supplier that was renamed."""
    with live_server.app.app_context(), change(db.session, actor="Alice"):
        row = Supplier(name="Acme", country="Norway", lead_days=14)
        db.session.add(row)
        db.session.commit()
        row.name = "Bolt"
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


def test_a_walk_into_the_past_and_back(page: Page, live_server: LiveServer, supplier: int) -> None:
    past = page.get_by_role("region", name="The past")
    page.goto(f"{live_server.url}/admin/supplier/timeline/?id={supplier}")
    page.get_by_role("link", name="As of this moment (version 1)").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Acme as of")
    expect(past).to_contain_text("It can be read, not changed.")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)

    page.get_by_role("link", name="Suppliers").first.click()  # the list as of that moment
    expect(past).to_be_visible()
    page.get_by_role("searchbox").fill("acme")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("rowheader").get_by_role("link", name="Acme").click()
    expect(page.get_by_role("main")).to_contain_text("Version 1 of 2")

    page.get_by_role("link", name="Version 2 →").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bolt as of")
    page.get_by_role("link", name="Compare with now").click()
    expect(past).to_contain_text("compared with now")
    page.go_back()
    past.get_by_role("link", name="Now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bolt")
    expect(past).to_have_count(0)


def test_a_moment_is_picked_without_a_script_on_a_narrow_screen(
    plain_page: Page, live_server: LiveServer, supplier: int
) -> None:
    past = plain_page.get_by_role("region", name="The past")
    plain_page.goto(f"{live_server.url}/admin/supplier/?search=o")
    plain_page.get_by_text("As of a moment…").click()
    plain_page.get_by_label("See this list as of").fill("2001-02-03T04:05:06")
    plain_page.get_by_role("button", name="Show").click()
    expect(plain_page).to_have_url(re.compile("search=o.*as_of=2001-02-03T04%3A05%3A06"))
    expect(past).to_contain_text("As of 3 Feb 2001, 04:05:06 (UTC)")
    expect(plain_page.get_by_label("Another moment")).to_have_value("2001-02-03T04:05:06")
    past.get_by_role("link", name="Now").click()
    expect(plain_page.get_by_role("rowheader")).to_have_count(1)
    wide = plain_page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 375
