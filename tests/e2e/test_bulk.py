"""Bulk actions in a browser, with its scripts and without."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import LiveServer, sign_in


def tick(page: Page, number: int) -> None:
    for box in page.get_by_role("table").get_by_role("checkbox").all()[:number]:
        box.check()


def walk(page: Page, url: str) -> None:
    page.goto(f"{url}/admin/product/")
    tick(page, 3)
    page.get_by_label("Field to set").select_option(label="Stock")
    page.get_by_role("button", name="Set field…").click()
    page.get_by_label("Stock").fill("4711")
    page.get_by_role("button", name="See what will happen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change 3 records?")
    page.get_by_role("button", name="Change 3 records").click()
    expect(page.get_by_role("table").get_by_text("4711")).to_have_count(3)
    tick(page, 3)
    page.get_by_role("button", name="Delete…").click()
    page.get_by_label("Reason").fill("Discontinued")
    page.get_by_role("button", name="Delete 3 records").click()
    expect(page.get_by_text("3 records were deleted")).to_be_visible()
    page.get_by_role("link", name="Deleted", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Products: deleted records")
    tick(page, 2)
    page.get_by_role("button", name="Restore…").click()
    page.get_by_role("button", name="Restore 2 records").click()
    expect(page.get_by_text("2 records were restored")).to_be_visible()


def test_a_field_is_set_on_many_which_are_deleted_and_restored(
    demo_server: LiveServer, page: Page
) -> None:
    walk(page, demo_server.url)


def test_it_works_without_scripts(demo_server: LiveServer, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        sign_in(context)
        walk(context.new_page(), demo_server.url)


def test_all_that_match_are_chosen_at_once(demo_server: LiveServer, page: Page) -> None:
    page.goto(f"{demo_server.url}/admin/product/?search=a")
    expect(page.get_by_role("button", name="Delete…")).to_be_hidden()
    every = page.get_by_label("that match")
    every.check()
    number = (every.get_attribute("data-pick-every") or "").strip()
    expect(page.get_by_text(f"{number} selected:")).to_be_visible()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Delete {number} records?")
