"""The report of reviews as it is rendered: the checks that every page has to pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import stock
from tests.audit.reviews import edit, review, say
from tests.look.markup import Markup, Page

PAGES = {"numbers": "?from=2020-01-01", "nothing": "?to=2020-01-01", "errors": "?from=x&to=y"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The markup is the same on each engine."""
    return sqlite_url


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, client: Any, shop: Shop) -> Page:
    stock(shop)
    review(shop.app, Gadget)
    say(client, edit(shop, price=31), "query", "Why?")
    edit(shop, price=32)
    return Page(client.get("/admin/review/report/" + PAGES[request.param]).text)


class TestMarkup(Markup):
    """Of each of the pages."""
