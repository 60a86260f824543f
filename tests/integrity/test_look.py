"""The pages of integrity as they are rendered: the checks that every page has to pass."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.integrity.conftest import spoil
from tests.look.markup import Markup, Page

PAGES = {
    "overview": "",
    "findings": "gadget/",
    "nothing": "maker/",
    "repair": "gadget/repair/",
    "nothing to repair": "maker/repair/",
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The markup is the same on each engine."""
    return sqlite_url


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, client: Any, shop: Shop, app: Flask) -> Page:
    shop.add(Gadget, name="Kettle", sku="K")
    spoil(app, "UPDATE shop_gadget SET is_current_version = false, version_op = 'update'")
    return Page(client.get("/admin/integrity/" + PAGES[request.param]).text)


class TestMarkup(Markup):
    """Of each of the pages."""
