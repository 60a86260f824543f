"""The report of reviews as it is rendered: the checks that every page has to pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import stock
from tests.audit.reviews import edit, review, say
from tests.look.test_pages import (
    Page,
    test_every_control_has_a_label,
    test_every_link_and_button_has_a_name,
    test_ids_are_unique_and_what_refers_to_them_finds_them,
    test_it_has_a_language_a_title_one_heading_and_landmarks,
    test_its_elements_are_closed_in_order,
    test_its_first_link_skips_to_the_content,
    test_nothing_in_it_is_stopped_by_the_policy,
)

__all__ = [
    "test_every_control_has_a_label",
    "test_every_link_and_button_has_a_name",
    "test_ids_are_unique_and_what_refers_to_them_finds_them",
    "test_it_has_a_language_a_title_one_heading_and_landmarks",
    "test_its_elements_are_closed_in_order",
    "test_its_first_link_skips_to_the_content",
    "test_nothing_in_it_is_stopped_by_the_policy",
]

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
