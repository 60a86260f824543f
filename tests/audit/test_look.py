"""The pages of changes as they are rendered: the checks that every page has to pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import FEED, mixed, stock
from tests.look.markup import Markup, Page

PAGES = {
    "feed": "",
    "person": "?actor=Bob",
    "no match": "?actor=Zoe",
    "errors": "?from=x&to=y&model=z",
    "change": "2/",
    "undo": "2/undo/",
    "undo that is blocked": "1/undo/",
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The markup is the same on each engine."""
    return sqlite_url


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, client: Any, shop: Shop) -> Page:
    stock(shop)
    assert mixed(shop) == 2
    shop.edit(Gadget, 3, notes="A lid. " * 40)
    return Page(client.get(FEED + PAGES[request.param]).text)


class TestMarkup(Markup):
    """Of each of the pages."""
