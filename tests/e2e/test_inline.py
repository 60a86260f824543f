"""An order is entered with its lines: with the script by buttons, without it by empty rows."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import LiveServer, sign_in, watched
from webapp.catalog.models import OrderLine
from webapp.extensions import db
from webapp.versioning import change, current

EDIT = "/admin/order/edit/?id=3"


def lines(server: LiveServer) -> list[tuple[int, int, str]]:
    """Id, quantity and price of the order's living lines."""
    with server.app.app_context():
        query = current(OrderLine).where(OrderLine.order_id == 3).order_by(OrderLine.id)
        return [(each.id, each.quantity, str(each.price)) for each in db.session.scalars(query)]


def press_save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def test_lines_are_added_edited_and_removed_in_one_save(
    page: Page, demo_server: LiveServer
) -> None:
    before = lines(demo_server)
    page.goto(demo_server.url + EDIT)
    rows = page.locator("fieldset.child")
    expect(rows).to_have_count(len(before))  # the empty rows are for who has no script
    for count in (1, 2):
        page.get_by_role("button", name="Add an order line").click()
        expect(rows).to_have_count(len(before) + count)
    dropped = rows.nth(len(before))
    dropped.get_by_role("button", name="Remove this order line").click()
    expect(rows).to_have_count(len(before) + 1)
    made = rows.last
    made.get_by_label("Product").select_option(index=3)
    made.get_by_label("Quantity").fill("6")
    made.get_by_label("Price").fill("12.50")
    rows.first.get_by_label("Quantity").fill("77")
    rows.nth(1).get_by_label("Remove").check()
    expect(page.get_by_text("fields changed, not saved")).to_be_visible()
    press_save(page)
    expect(page.get_by_text("Saved. Lines: 1 added, 1 edited, 1 removed.")).to_be_visible()
    after = lines(demo_server)
    assert after[0] == (before[0][0], 77, before[0][2])
    assert before[1][0] not in {id for id, *_ in after} and after[-1][1:] == (6, "12.50")


def test_without_the_script_empty_rows_are_filled_and_a_box_removes(
    browser: Browser, demo_server: LiveServer
) -> None:
    before = lines(demo_server)
    with browser.new_context(java_script_enabled=False) as context:
        sign_in(context)
        page = context.new_page()
        page.goto(demo_server.url + EDIT)
        rows = page.locator("fieldset.child")
        expect(rows).to_have_count(len(before) + 3)
        expect(page.get_by_role("button", name="Add an order line")).to_be_hidden()
        made = rows.nth(len(before) + 1)
        made.get_by_label("Product").select_option(index=3)
        made.get_by_label("Price").fill("12.50")
        rows.first.get_by_label("Remove").check()
        press_save(page)
        expect(page.get_by_text("Saved. Lines: 1 added, 1 removed.")).to_be_visible()
    after = lines(demo_server)
    assert [id for id, *_ in after[:-1]] == [id for id, *_ in before[1:]]
    assert after[-1][1:] == (1, "12.50")


def test_an_error_stays_at_its_row_and_a_script_leaves_what_was_typed(
    page: Page, demo_server: LiveServer
) -> None:
    before = lines(demo_server)
    page.goto(demo_server.url + EDIT)
    page.get_by_role("button", name="Add an order line").click()
    page.locator("fieldset.child").last.get_by_label("Price").fill("dear")
    press_save(page)
    page.get_by_role("link", name="New order line, Price").click()
    last = page.locator("fieldset.child").last
    expect(last.get_by_label("Price")).to_have_value("dear")
    expect(last.get_by_label("Price")).to_have_attribute("aria-invalid", "true")
    assert lines(demo_server) == before


def test_a_line_saved_by_another_is_marked_and_saving_again_keeps_mine(
    page: Page, demo_server: LiveServer
) -> None:
    id = lines(demo_server)[0][0]
    page.goto(demo_server.url + EDIT)
    with demo_server.app.app_context(), change(db.session, actor="Bob"):
        row = db.session.scalars(current(OrderLine).where(OrderLine.id == id)).one()
        row.quantity = 44
        db.session.commit()
        db.session.remove()
    page.locator("fieldset.child").first.get_by_label("Quantity").fill("5")
    press_save(page)
    expect(page.get_by_text("Bob saved version 2 of this")).to_be_visible()
    expect(page.get_by_text("Bob: 44")).to_be_visible()
    press_save(page)
    expect(page.get_by_text("Saved. Lines: 1 edited.")).to_be_visible()
    assert lines(demo_server)[0][1] == 5


@pytest.mark.parametrize("width", [375, 1280])
def test_the_section_fits_the_screen(browser: Browser, demo_server: LiveServer, width: int) -> None:
    with watched(browser, width=width) as page:
        for address in (EDIT, "/admin/order/new/", "/admin/order/details/?id=3"):
            page.goto(demo_server.url + address)
            found: Any = page.evaluate("document.documentElement.scrollWidth")
            assert found <= width, address
