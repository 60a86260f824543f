"""Every column type and a file on their way through the pages, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.admin.kinds.models import TYPES, VALUES, Kind
from tests.admin.test_files import png
from tests.admin.test_kinds import EDITS
from tests.admin.test_untouched import NOTHING
from tests.e2e.conftest import LiveServer, serve
from webapp import create_app, database
from webapp.extensions import db


@pytest.fixture
def kinds_server(tmp_path: Path, tabs: ExitStack) -> Iterator[LiveServer]:
    settings = {"INSTANCE_PATH": str(tmp_path), "DATABASE_URL": "", "APPS": "tests.admin.kinds"}
    app = create_app(settings)
    with app.app_context():
        database.create_tables()
        db.session.add(Kind(**VALUES))
        db.session.commit()
        db.session.remove()
    with serve(app) as server, tabs:
        yield server


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_all_types_are_left_alone_edited_compared_and_restored(
    page: Page, kinds_server: LiveServer
) -> None:
    form = f"{kinds_server.url}/admin/kind/edit/?id=1"
    page.goto(form)
    press(page, "Save")
    expect(page.get_by_text(NOTHING)).to_be_visible()
    page.goto(form)
    for name, (typed, *_) in EDITS.items():
        control = page.locator(f"#{name}")
        if control.evaluate("each => each.tagName") == "SELECT":
            control.select_option(typed)
        else:
            control.fill(typed)
    press(page, "Save")
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    page.goto(f"{kinds_server.url}/admin/kind/compare/?id=1&a=1&b=2")
    for name in TYPES:
        expect(page.get_by_role("main")).to_contain_text(name.replace("_", " ").capitalize())
    page.goto(f"{kinds_server.url}/admin/kind/restore/?id=1&version=1")
    page.locator("main form button").last.click()
    expect(page.get_by_text("was restored as version 3")).to_be_visible()


def test_an_image_is_chosen_shown_replaced_and_kept(page: Page, kinds_server: LiveServer) -> None:
    page.goto(f"{kinds_server.url}/admin/album/new/")
    page.get_by_label("Title").fill("Blue")
    page.locator("#cover").set_input_files(
        {"name": "blue.png", "mimeType": "image/png", "buffer": png(1)}
    )
    press(page, "Save")
    page.goto(f"{kinds_server.url}/admin/album/edit/?id=1")
    image = page.locator("img.thumb")
    expect(image).to_have_js_property("naturalWidth", 1)
    page.locator("#cover").set_input_files(
        {"name": "red.png", "mimeType": "image/png", "buffer": png(2)}
    )
    press(page, "Save")
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    page.goto(f"{kinds_server.url}/admin/album/timeline/?id=1")
    expect(page.get_by_role("main")).to_contain_text("blue.png")
    expect(page.get_by_role("main")).to_contain_text("red.png")
