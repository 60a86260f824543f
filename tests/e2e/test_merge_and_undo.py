"""Two people edit one product; then one of them takes a version in the middle back."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.e2e.conftest import LiveServer, sign_in
from webapp.catalog.models import Product
from webapp.extensions import db
from webapp.versioning import change, current

KETTLE = "Stainless steel.\nHolds 1.7 litres.\nSwitches itself off.\nCable of 75 cm."


def save(server: LiveServer, actor: str, **values: Any) -> int:
    """Someone else saves the product past the page; returns its id."""
    with server.app.app_context(), change(db.session, actor=actor):
        row = db.session.scalars(current(Product)).first() or Product(sku="K-1", name="Kettle")
        for name, value in values.items():
            setattr(row, name, value)
        db.session.add(row)
        db.session.commit()
        return int(row.id)


def newest(server: LiveServer) -> Any:
    with server.app.app_context():
        query = select(Product).order_by(Product.version_id.desc())
        row = db.session.scalars(query).first()
        db.session.expunge_all()
        return row


def test_the_open_form_says_that_someone_saved_and_the_merge_keeps_both(
    page: Page, live_server: LiveServer
) -> None:
    id = save(live_server, "Alice", price=31, stock=14, description=KETTLE)
    page.clock.install()
    page.goto(f"{live_server.url}/admin/product/edit/?id={id}")
    save(live_server, "Bob", price=30, stock=9, description=KETTLE.replace("75 cm", "1 m"))
    page.clock.run_for(11_000)
    said = page.get_by_text("Bob saved version 2 while you are editing version 1")
    expect(said).to_be_visible()
    page.get_by_label("Price").fill("29.50")
    page.get_by_label("Name").fill("Kettle, black")
    page.get_by_label("Description").fill(KETTLE.replace("Stainless steel", "Stainless, matt"))
    page.get_by_label("Reason").fill("Autumn")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bob saved version 2")
    expect(page.get_by_text("1 choice left")).to_be_visible()
    page.get_by_role("button", name="Save as version 3").click()  # the browser asks for the choice
    assert newest(live_server).version_id == 2
    page.get_by_role("radio", name="Price: Yours").check()
    save(live_server, "Carol", stock=5)
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Carol saved version 3")
    expect(page.get_by_role("radio", name="Price: Yours")).to_be_checked()
    page.get_by_role("button", name="Save as version 4").click()
    expect(page.get_by_text("Saved as version 4")).to_be_visible()
    row = newest(live_server)
    assert (row.name, str(row.price), row.stock) == ("Kettle, black", "29.50", 5)
    merged = KETTLE.replace("Stainless steel", "Stainless, matt").replace("75 cm", "1 m")
    assert row.description == merged


def test_a_version_in_the_middle_is_undone_and_the_rest_offered(
    page: Page, live_server: LiveServer
) -> None:
    id = save(live_server, "Alice", price=31, stock=14)
    save(live_server, "Bob", price=30, stock=9)
    save(live_server, "Carol", stock=5)
    page.goto(f"{live_server.url}/admin/product/timeline/?id={id}")
    page.get_by_role("link", name="Undo version 2").click()
    expect(page.get_by_role("heading", name="Changed since: stays as it is")).to_be_visible()
    page.get_by_role("button", name="Undo as version 4").click()
    expect(page.get_by_text("Version 2 was undone as version 4")).to_be_visible()
    expect(page.get_by_label("Stock")).to_have_value("14")
    expect(page.get_by_text("Filled in to undo version 2, not saved yet. Now: 5.")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as version 5")).to_be_visible()
    assert (newest(live_server).price, newest(live_server).stock) == (31, 14)


def test_a_choice_and_a_restore_work_without_scripts(browser: Any, live_server: LiveServer) -> None:
    id = save(live_server, "Alice", price=31)
    with browser.new_context(java_script_enabled=False) as context:
        sign_in(context)
        page = context.new_page()
        page.goto(f"{live_server.url}/admin/product/edit/?id={id}")
        save(live_server, "Bob", price=30)
        page.get_by_label("Price").fill("29.50")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("radio", name="Price: By hand").check()
        page.locator("#price").fill("28")
        page.get_by_role("button", name="Save as version 3").click()
        page.goto(f"{live_server.url}/admin/product/timeline/?id={id}")
        page.get_by_role("link", name="Restore version 1").click()
        page.get_by_role("button", name="Restore as version 4").click()
        assert page.get_by_text("Version 1 was restored as version 4").is_visible()
    assert (newest(live_server).version_id, newest(live_server).price) == (4, 31)
