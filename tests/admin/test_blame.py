"""The record's page tells of each field who gave it its value."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.admin.conftest import Shop
from tests.admin.shop.models import Badge, Gadget, Maker

GIVER = re.compile(
    r'<dt>([^<]*)</dt>(?:(?!</dd>).)*?<small class="giver"><a href="([^"]*)">.*?version (\d+)</a>'
    r" · ([^,<]*), <time[^>]*>([^<]*)<",
    re.DOTALL,
)


def givers(page: Any) -> dict[str, tuple[str, str]]:
    return {label: (number, actor) for label, _, number, actor, _ in GIVER.findall(page.text)}


@pytest.fixture
def kettle(shop: Shop) -> int:
    id: int = shop.add(Gadget, name="Kettle", price=29)
    shop.edit(Gadget, id, actor="Bob", price=31)
    shop.edit(Gadget, id, actor="Carol", name="Kettle 2")
    return id


def test_each_field_names_its_version_and_actor(client: Any, kettle: int) -> None:
    found = givers(client.get(f"/admin/gadget/details/?id={kettle}"))
    assert found["Name"] == ("3", "Carol") and found["価格"] == ("2", "Bob")
    assert found["Артикул"] == ("1", "Alice")
    assert "Views" not in found  # written in place, without a version


def test_it_leads_to_the_version_on_the_timeline(client: Any, shop: Shop, kettle: int) -> None:
    def links() -> dict[str, str]:
        page = client.get(f"/admin/gadget/details/?id={kettle}")
        return {found[0]: found[1].replace("&amp;", "&") for found in GIVER.findall(page.text)}

    assert links()["価格"] == f"/admin/gadget/timeline/?id={kettle}#v2"
    for number in range(40):
        shop.edit(Gadget, kettle, notes=f"Note {number}")
    found = links()
    assert found["価格"] == f"/admin/gadget/timeline/?id={kettle}&before=3#v2"
    assert found["Notes"] == f"/admin/gadget/timeline/?id={kettle}#v43"
    for label in ("価格", "Notes", "Name"):
        address, _, anchor = found[label].partition("#")
        assert f'id="{anchor}"' in client.get(address).text


def test_a_reference_has_a_giver(client: Any, shop: Shop, kettle: int) -> None:
    shop.edit(Gadget, kettle, actor="Dave", maker_id=shop.add(Maker, name="Acme"))
    assert givers(client.get(f"/admin/gadget/details/?id={kettle}"))["Maker id"] == ("4", "Dave")


def test_an_excluded_field_has_none(client: Any, shop: Shop) -> None:
    id = shop.add(Badge, owner="Alice", code="x")
    assert set(givers(client.get(f"/admin/badge/details/?id={id}"))) == {"Owner", "Code"}


def test_an_actor_is_text(client: Any, shop: Shop, kettle: int) -> None:
    shop.edit(Gadget, kettle, actor="<b>Eve\u202e</b>", price=1)
    page = client.get(f"/admin/gadget/details/?id={kettle}").text
    assert "<b>Eve" not in page and "&lt;b&gt;Eve" in page


def test_its_statements_do_not_grow_with_the_history(
    client: Any, shop: Shop, kettle: int, statements: list[str]
) -> None:
    counts = []
    for _ in range(2):
        statements.clear()
        client.get(f"/admin/gadget/details/?id={kettle}")
        counts.append(len(statements))
        for number in range(30):
            shop.edit(Gadget, kettle, notes=f"Note {number}", price=number)
    assert counts[0] == counts[1] == 5  # one of them asks how the reviews of its changes stand
