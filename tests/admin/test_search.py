"""The search: words taken literally."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.admin.test_list import names


@pytest.fixture(autouse=True)
def gadgets(shop: Shop) -> None:
    for name in ("100% wool", "100 grams", "a_b", "axb", "back\\slash"):
        shop.add(Gadget, name=name)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("100%25", ["100% wool"]),
        ("a_b", ["a_b"]),
        ("k\\s", ["back\\slash"]),
        ("100 WOOL", ["100% wool"]),
        ("^axb", ["axb"]),
        ("^xb", []),
        ("=a_b", ["a_b"]),
        ("^", []),
    ],
)
def test_terms(client: Any, asked: str, found: list[str]) -> None:
    """FIELD-NOTES: no `%` escaping in search."""
    assert names(client.get(f"/admin/gadget/?search={asked}")) == found


@pytest.mark.parametrize("asked", ["x" * 100_000, "%20".join("abcdefghijklmnopqrstuvwxyz" * 9)])
def test_a_huge_search_is_cut_with_a_word_on_it(client: Any, asked: str) -> None:
    page = client.get(f"/admin/gadget/?search={asked}")
    assert page.status_code == 200 and "The search was cut" in page.text
