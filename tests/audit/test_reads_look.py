"""The page of reads as it is rendered: the checks that every page has to pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.audit.clinic.models import Patient
from tests.look.markup import Markup, Page

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


class TestMarkup(Markup):
    """Of each of the pages."""
