"""A reference to one of very many records is found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.admin.shop.models import Gadget, Maker
from tests.e2e.conftest import LiveServer, serve
from webapp import create_app, database
from webapp.admin.references import MOST
from webapp.extensions import db


@pytest.fixture
def shop_server(tmp_path: Path, tabs: ExitStack) -> Iterator[LiveServer]:
    settings = {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": "", "APPS": "tests.admin.shop"}
    app = create_app(settings)
    with app.app_context():
        database.create_tables()
        db.session.add_all([Maker(name=f"Maker {number:04}") for number in range(MOST + 100)])
        db.session.add(Maker(name="Zebra & Co"))
        db.session.add(Gadget(name="Kettle"))
        db.session.commit()
        db.session.remove()
    with serve(app) as server, tabs:
        yield server


def test_a_name_beyond_those_offered_is_found_and_saved(
    page: Page, shop_server: LiveServer
) -> None:
    page.goto(f"{shop_server.url}/admin/gadget/edit/?id=1")
    field = page.locator("#maker_id")
    offered = page.locator("#maker_id-offered option")
    expect(offered).to_have_count(MOST)
    field.press_sequentially("zeb")
    expect(offered).to_have_count(1)
    expect(offered).to_have_text("Zebra & Co")
    field.fill(offered.get_attribute("value") or "")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    page.goto(f"{shop_server.url}/admin/gadget/edit/?id=1")
    expect(page.get_by_text("Zebra & Co")).to_be_visible()
