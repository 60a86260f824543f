"""A bulk action and its undo, as an editor meets them."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import LiveServer


def test_a_bulk_action_is_found_in_the_feed_and_undone(page: Page, demo_server: LiveServer) -> None:
    page.goto(f"{demo_server.url}/admin/product/")
    rows = page.get_by_role("main").get_by_role("table").locator("tbody tr")
    names = [rows.nth(n).get_by_role("rowheader").inner_text().strip() for n in (0, 1)]
    for n in (0, 1):
        rows.nth(n).get_by_role("checkbox").check()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_label("Reason").fill("By mistake")
    page.get_by_role("button", name="Delete 2 records").click()
    expect(page.get_by_role("status").first).to_contain_text("2 records were deleted")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Changes").click()
    newest = page.get_by_role("row").nth(1)
    expect(newest).to_contain_text("By mistake")
    expect(newest).to_contain_text("2 deleted")
    newest.get_by_role("link", name=re.compile("Change #")).click()
    for name in names:
        expect(page.get_by_role("rowheader").filter(has_text=name).first).to_be_visible()

    page.get_by_role("link", name="Undo this change…").click()
    for name in names:
        expect(page.get_by_role("rowheader").filter(has_text=name).first).to_be_visible()
    page.get_by_label("Reason").fill("They were needed")
    page.get_by_role("button", name="Undo the change").click()
    expect(page.get_by_role("status").first).to_contain_text("was undone, 2 records")
    expect(page.get_by_role("main")).to_contain_text("They were needed")

    for name in names:
        page.get_by_role("rowheader").filter(has_text=name).get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        first = page.get_by_role("row").nth(1)
        expect(first).to_contain_text("restored")
        expect(page.get_by_role("row").nth(2)).to_contain_text("deleted")
        page.go_back()
