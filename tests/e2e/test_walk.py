"""A person's way through the demo: edit, look, lose a race, delete, find it again, be warned."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import func, select

from tests.e2e.conftest import LiveServer, watched
from webapp.catalog.models import Product
from webapp.extensions import db
from webapp.versioning import current

KETTLE = "Storm lantern Kestrel"

pytestmark = pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (375, "dark")], ids=["wide light", "narrow dark"]
)


@pytest.fixture
def page(browser: Browser, width: int, scheme: str) -> Iterator[Page]:
    with watched(browser, width=width, scheme=scheme) as page:
        yield page


def row(page: Page, version: int) -> Locator:
    return page.locator(f"tr#v{version}")


def newest(server: LiveServer, name: str = KETTLE) -> tuple[int, int]:
    """Id and newest version of a product."""
    with server.app.app_context():
        found = db.session.scalars(current(Product).where(Product.name == name)).one()
        return found.id, found.version_id


def versions(server: LiveServer, id: int) -> int:
    with server.app.app_context():
        query = select(func.count()).select_from(Product).where(Product.id == id)
        return db.session.scalar(query) or 0


def open_product(page: Page, server: LiveServer, name: str = KETTLE) -> None:
    """By the home page, the list and its search, as a person would."""
    page.goto(f"{server.url}/")
    page.get_by_role("main").get_by_role("link", name="Products").click()
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("rowheader").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def to_timeline(page: Page, server: LiveServer, id: int) -> None:
    page.goto(f"{server.url}/admin/product/timeline/?id={id}")


def fits(page: Page) -> bool:
    """Whether the page is no wider than the window."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return not wide


def test_an_edit_makes_the_next_version(demo_server: LiveServer, page: Page) -> None:
    _, before = newest(demo_server)
    open_product(page, demo_server)
    old = page.get_by_label("Price").input_value()
    page.get_by_label("Price").fill("49.90")
    page.get_by_label("Reason").fill("Lamp oil went up")
    save(page)
    expect(page.get_by_role("status").first).to_contain_text(f"Saved as version {before + 1}.")
    assert fits(page)

    page.get_by_role("link", name=f"Timeline {KETTLE}", exact=True).click()
    assert page.locator("tr[id^=v]").first.get_attribute("id") == f"v{before + 1}"
    new = row(page, before + 1)
    for words in ("Carol", "Lamp oil went up", "edited"):
        expect(new).to_contain_text(words)
    expect(new.locator("dl")).to_contain_text("Price")
    expect(new.locator("del")).to_have_text(f"was {old}")
    expect(new.locator("ins")).to_have_text("now 49.90")
    expect(new.locator("[data-label=Flag]")).to_contain_text("current")
    expect(new.locator("[data-label=Calculated]")).to_contain_text("current")
    for label in ("Flag", "Calculated"):
        expect(row(page, before).locator(f"[data-label={label}]")).to_have_text("superseded")
    assert new.get_attribute("class") is None
    assert fits(page)


def test_the_two_flags_stand_side_by_side(demo_server: LiveServer, page: Page) -> None:
    id, number = newest(demo_server)
    to_timeline(page, demo_server, id)
    flag = row(page, number).locator("[data-label=Flag]").bounding_box()
    calculated = row(page, number).locator("[data-label=Calculated]").bounding_box()
    assert flag and calculated
    assert flag["y"] == calculated["y"] and flag["x"] + flag["width"] <= calculated["x"]


def test_an_untouched_save_makes_no_version(demo_server: LiveServer, page: Page) -> None:
    id, number = newest(demo_server)
    to_timeline(page, demo_server, id)
    before = page.locator("table.timeline").inner_text()
    open_product(page, demo_server)
    save(page)
    expect(page.get_by_role("status").first).to_contain_text("Nothing changed")
    to_timeline(page, demo_server, id)
    assert page.locator("table.timeline").inner_text() == before
    assert versions(demo_server, id) == number


def test_a_stale_save_shows_both_sides(demo_server: LiveServer, page: Page) -> None:
    id, number = newest(demo_server)
    address = f"{demo_server.url}/admin/product/edit/?id={id}"
    late = page.context.new_page()
    for tab in (page, late):
        tab.goto(address)
    page.get_by_label("Stock").fill("71")
    page.get_by_label("Price").fill("51.00")
    save(page)
    expect(page.get_by_role("status").first).to_contain_text("Saved as version")

    late.get_by_label("Price").fill("47.50")
    late.get_by_label("Reason").fill("Late offer")
    with late.expect_navigation() as answer:
        save(late)
    assert answer.value and answer.value.status == 409
    expect(late.get_by_role("heading", level=1)).to_contain_text(f"saved version {number + 1}")
    price = late.locator("table.conflict tr", has_text="changed by both")
    for text in ("Price", "51.00", "47.50"):
        expect(price).to_contain_text(text)
    expect(late.get_by_label("Stock")).to_have_value("71")
    expect(late.get_by_label("Reason")).to_have_value("Late offer")
    assert fits(late)
    assert versions(demo_server, id) == number + 1

    late.get_by_role("radio", name="Price: Yours").check()
    late.get_by_role("button", name=f"Save as version {number + 2}").click()
    expect(late.get_by_role("status").first).to_contain_text(f"Saved as version {number + 2}.")
    to_timeline(late, demo_server, id)
    last = row(late, number + 2)
    expect(last.locator("dt")).to_have_text(["Price"])
    expect(last.locator("dl")).to_contain_text("51.00")
    expect(last.locator("dl")).to_contain_text("47.50")
    expect(row(late, number + 1).locator("[data-label=Flag]")).to_have_text("superseded")


def test_a_deleted_record_keeps_its_timeline(demo_server: LiveServer, page: Page) -> None:
    number = newest(demo_server)[1]
    page.goto(f"{demo_server.url}/admin/product/?search={KETTLE}")
    page.get_by_role("link", name=f"Delete {KETTLE}", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(KETTLE)
    dialog.get_by_label("Reason").fill("Out of the range")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").first).to_contain_text(f"Product “{KETTLE}” was deleted.")
    expect(page.get_by_role("link", name=KETTLE, exact=True)).to_have_count(0)

    page.goto(f"{demo_server.url}/admin/product/")
    page.get_by_role("link", name="Deleted", exact=True).click()
    page.get_by_role("rowheader").get_by_role("link", name=KETTLE, exact=True).click()
    expect(page.get_by_role("note")).to_contain_text("This record is deleted.")
    tombstone = row(page, number + 1)
    for words in ("deleted", "Out of the range", "Carol"):
        expect(tombstone).to_contain_text(words)
    expect(row(page, number).locator("[data-label=Calculated]")).to_have_text("superseded")
    assert fits(page)


def test_a_flag_changed_by_sql_is_loud(demo_server: LiveServer, page: Page) -> None:
    id, number = newest(demo_server)
    tamper(Path(demo_server.app.instance_path) / "app.sqlite", id, number)
    to_timeline(page, demo_server, id)
    loud = row(page, number)
    assert loud.get_attribute("class") == "differs"
    expect(loud.locator("[data-label=Flag]")).to_contain_text("superseded")
    expect(loud.locator("[data-label=Calculated]")).to_contain_text("current")
    expect(loud).to_contain_text("Flag and calculated differ.")
    expect(page.locator(".chips")).to_contain_text(f"1 of {number} versions")
    expect(page.locator("tr.differs")).to_have_count(1)
    assert fits(page)


def tamper(file: Path, id: int, version: int) -> None:
    """What a person with the file can do: take the guards away, then change the flag."""
    connection = sqlite3.connect(file)
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'product'"
    for (name,) in connection.execute(query).fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    update = "UPDATE product SET is_current_version = 0 WHERE id = ? AND version_id = ?"
    assert connection.execute(update, (id, version)).rowcount == 1
    connection.commit()
    connection.close()
