"""The pages of integrity as they are rendered: the checks that every page has to pass."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.integrity.conftest import spoil
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
