"""Links in a browser: boxes, a search with chips, and the plain controls where no script runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import accounts
from tests.admin.tagged.models import Topic
from tests.admin.tagged.shelf import Shelf
from tests.e2e.conftest import LiveServer, serve, sign_in
from webapp import create_app, database
from webapp.admin.link_fields import FEW
from webapp.admin.references import MOST
from webapp.catalog.models import Product, Tag
from webapp.extensions import db
from webapp.versioning import change


@pytest.fixture
def kettle(live_server: LiveServer) -> LiveServer:
    """A kettle at version 1, and two tags that it does not bear."""
    with live_server.app.app_context(), change(db.session, actor="Alice"):
        tags = [Tag(name="For outdoors"), Tag(name="Gift idea")]
        db.session.add_all([Product(name="Kettle", sku="K-1", price=31), *tags])
        db.session.commit()
    return live_server


@pytest.fixture
def library(tmp_path: Path, tabs: ExitStack) -> Iterator[tuple[LiveServer, Shelf]]:
    given = {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": "", "APPS": "tests.admin.tagged"}
    app = create_app(accounts.SETTINGS | given)
    with app.app_context():
        database.create_tables()
        db.session.remove()
    accounts.welcome(app)
    with serve(app) as server, tabs:
        yield server, Shelf(app)


def edit(library: tuple[LiveServer, Shelf], topics: int) -> str:
    """The form of a book about the first two of so many topics."""
    server, shelf = library
    shelf.topics(*(f"Topic {number:03}" for number in range(1, topics)), "Zebras")
    return f"{server.url}/admin/book/edit/?id={shelf.book(topics=[1, 2])}"


def save(page: Page, version: int) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(f"Saved as version {version}.")).to_be_visible()


def test_a_product_is_tagged_and_was_without_before(page: Page, kettle: LiveServer) -> None:
    page.goto(f"{kettle.url}/admin/product/edit/?id=1")
    tags = page.get_by_role("group", name="Tags")
    tags.get_by_label("Gift idea").check()
    expect(page.get_by_text("1 field changed, not saved")).to_be_visible()
    page.get_by_label("Reason").fill("Asked for at the till")
    save(page, 2)

    page.goto(f"{kettle.url}/admin/product/timeline/?id=1")
    newest = page.locator("#v2")
    expect(newest).to_contain_text("Asked for at the till")
    expect(newest).to_contain_text(re.compile(r"Tags\s+Gift idea added"))

    page.get_by_role("link", name="As of this moment (version 1)").click()
    tags_then = page.locator("dt", has_text="Tags").locator("xpath=following-sibling::dd")
    expect(tags_then).to_contain_text("empty")
    page.get_by_role("link", name="Version 2 →").click()
    expect(tags_then).to_contain_text("Gift idea")
    expect(tags_then).to_contain_text("since version 2")


@pytest.mark.parametrize("topics", [FEW + 1, MOST + 1])
def test_a_search_adds_a_chip_and_a_chip_is_taken_out(
    page: Page, library: tuple[LiveServer, Shelf], topics: int
) -> None:
    page.goto(edit(library, topics))
    field = page.get_by_role("combobox", name="Topics")
    chips = page.get_by_role("list", name="Topics, chosen").get_by_role("listitem")
    expect(chips).to_have_count(2)
    field.press_sequentially("zeb")
    field.press("Enter")
    expect(chips).to_have_text(["Topic 001×", "Topic 002×", "Zebras×"])
    page.get_by_role("button", name="Take out Topic 001").click()
    expect(chips).to_have_count(2)
    expect(page.get_by_text("1 field changed, not saved")).to_be_visible()
    save(page, 2)
    assert library[1].linked(1) == [(1, 2), (2, topics)]


def test_a_search_is_used_by_keys_alone_and_says_what_it_found(
    page: Page, library: tuple[LiveServer, Shelf]
) -> None:
    page.goto(edit(library, FEW + 8))
    field = page.get_by_role("combobox", name="Topics")
    options = page.get_by_role("listbox", name="Topics, found").get_by_role("option")
    field.press_sequentially("topic 01")
    expect(options.first).to_have_text("Topic 010")
    expect(options.first).to_have_attribute("aria-selected", "true")
    field.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    field.press("Escape")
    expect(options).to_have_count(0)
    field.fill("nothing like it")
    expect(page.get_by_text("Nothing found.").first).to_be_attached()
    field.press("Enter")
    expect(page).to_have_url(re.compile("edit"))
    field.fill("011")
    field.press("Enter")
    save(page, 2)
    assert library[1].linked(1)[-1] == (1, 2, 11)


def test_what_was_refused_comes_back_as_chips(
    page: Page, library: tuple[LiveServer, Shelf]
) -> None:
    page.goto(edit(library, FEW + 2))
    field = page.get_by_role("combobox", name="Topics")
    field.fill("zeb")
    field.press("Enter")
    library[1].delete(Topic, FEW + 2)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").get_by_role("link", name="Topics").click()
    expect(field).to_be_focused()
    page.get_by_role("button", name="Take out Zebras (deleted)").click()
    page.get_by_label("Title").fill("Dune")
    save(page, 2)


@pytest.mark.parametrize(("topics", "version"), [(3, 2), (FEW + 1, 2), (MOST + 1, 2)])
def test_without_a_script_it_works_all_the_same(
    browser: Browser, library: tuple[LiveServer, Shelf], topics: int, version: int
) -> None:
    address = edit(library, topics)
    screen = {"width": 375, "height": 800}
    with browser.new_context(java_script_enabled=False, viewport=screen) as context:
        sign_in(context)
        page = context.new_page()
        page.goto(address)
        if topics == 3:
            page.get_by_label("Zebras").check()
        elif topics == FEW + 1:
            page.get_by_label("Topics").select_option(["1", "2", str(topics)])
        else:
            expect(page.get_by_text("#2 Topic 002")).to_be_visible()
            page.get_by_role("textbox", name="Topics").fill(f"1, 2, #{topics}")
        save(page, version)
    assert library[1].linked(1)[-1] == (1, 2, topics)
