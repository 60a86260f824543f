"""The page of reads as it is rendered: the checks that every page has to pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.audit.clinic.models import Patient
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
    "looks": "reads/",
    "no match": "reads/?actor=Zoe",
    "errors": "reads/?from=x&to=y&model=z&record=1",
    "timeline": "patient/timeline/?id=1",
}


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"APPS": ("tests.audit.clinic",)}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The markup is the same on each engine."""
    return sqlite_url


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, client: Any, shop: Shop) -> Page:
    id = shop.add(Patient, name="Ada")
    for address in ("", f"details/?id={id}", f"edit/?id={id}"):
        client.get(f"/admin/patient/{address}")
    return Page(client.get("/admin/" + PAGES[request.param]).text)
