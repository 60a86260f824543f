"""The merge page: what does not overlap is taken, the rest is asked, nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.admin.conftest import Shop, form_of
from tests.admin.shop.models import Gadget, Loose, Maker, Room, Shelf
from webapp.extensions import db

NOTES = "one\ntwo\nthree\nfour\nfive"


@pytest.fixture
def kettle(shop: Shop) -> int:
    id: int = shop.add(Gadget, name="Kettle", sku="k1", price=31, notes=NOTES)
    return id


@pytest.fixture
def url(kettle: int) -> str:
    return f"/admin/gadget/edit/?id={kettle}"


def test_what_does_not_overlap_is_taken_from_both(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, price=30)
    page = client.post(url, data=form | {"name": "Alice's"})
    assert page.text.count('<span class="taken">taken</span>') == 2
    assert 'type="radio"' not in page.text and "choices left" not in page.text
    client.post(url, data=form_of(page))
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.name, newest.price, newest.version_id) == ("Alice's", 30, 3)


def test_what_both_changed_is_asked(client: Any, shop: Shop, kettle: int, url: str) -> None:
    page = conflict(client, shop, kettle, url)
    assert choices(page) == {"name": ["theirs", "yours", "hand"]}
    assert "1 choice left" in page.text and "merge-choice-name" not in form_of(page)


@pytest.mark.parametrize(
    ("choice", "typed", "saved"),
    [("theirs", "x", "Bob's"), ("yours", "x", "Alice's"), ("hand", "Ours", "Ours")],
)
def test_each_choice_saves_what_it_says(
    client: Any, shop: Shop, kettle: int, url: str, choice: str, typed: str, saved: str
) -> None:
    again = form_of(conflict(client, shop, kettle, url, sku="k2"))
    data = again | {"merge-choice-name": choice, "name": typed}
    assert client.post(url, data=data).status_code == 302
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.name, newest.sku, newest.version_id) == (saved, "k2", 3)


def test_without_a_choice_it_asks_again_and_keeps_everything(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    again = form_of(conflict(client, shop, kettle, url, sku="k2", reason="Mine"))
    page = client.post(url, data=again | {"name": "by hand"})
    assert page.status_code == 422 and "choose which one to keep" in page.text
    kept = form_of(page)
    assert (kept["name"], kept["sku"], kept["reason"]) == ("by hand", "k2", "Mine")
    assert kept["merge-yours-name"] == "Alice's" and len(shop.versions(Gadget, kettle)) == 2


def test_lines_that_merge_are_offered_merged(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, notes=NOTES.replace("one", "ONE"))
    page = client.post(url, data=form | {"notes": NOTES.replace("five", "FIVE")})
    assert choices(page) == {"notes": ["theirs", "yours", "merged", "hand"]}
    again = form_of(page)
    assert again["merge-choice-notes"] == "merged"
    client.post(url, data=again)
    assert shop.versions(Gadget, kettle)[-1].notes == "ONE\ntwo\nthree\nfour\nFIVE"


def test_editing_by_hand_begins_with_what_only_they_changed_and_yours_where_both_did(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, notes="ONE\ntwo\nthree\nfour\nBob")
    typed = "one\r\ntwo\r\nthree\r\nfour\r\nAlice"
    again = form_of(client.post(url, data=form | {"notes": typed}))
    assert again["notes"] == "ONE\r\ntwo\r\nthree\r\nfour\r\nAlice"
    client.post(url, data=again | {"merge-choice-notes": "yours"})
    assert shop.versions(Gadget, kettle)[-1].notes == typed.replace("\r\n", "\n")


def test_json_is_merged_by_its_keys(client: Any, shop: Shop) -> None:
    id = shop.add(Loose, a_json={"a": 1, "b": 2})
    url = f"/admin/loose/edit/?id={id}"
    form = form_of(client.get(url))
    shop.edit(Loose, id, a_json={"a": 10, "b": 2})
    page = client.post(url, data=form | {"a_json": '{"a": 1, "b": 20}'})
    client.post(url, data=form_of(page))
    assert shop.versions(Loose, id)[-1].a_json == {"a": 10, "b": 20}


def test_a_reference_is_asked_by_name(client: Any, app: Any, shop: Shop) -> None:
    with app.app_context():
        db.session.add_all(Room(number=n, name=f"Room {n}") for n in (1, 2, 3))
        db.session.commit()
    maker = shop.add(Maker, name="Acme")
    id = shop.add(Shelf, name="S", room_number=1, maker_id=maker, maker_version_id=1)
    url = f"/admin/shelf/edit/?id={id}"
    form = form_of(client.get(url))
    shop.edit(Shelf, id, room_number=2)
    page = client.post(url, data=form | {"room": "3"})
    assert page.status_code == 409 and choices(page) == {"room": ["theirs", "yours", "hand"]}
    assert "Room 2" in page.text and "Room 3" in page.text
    client.post(url, data=form_of(page) | {"merge-choice-room": "theirs"})
    assert [row.room_number for row in shop.versions(Shelf, id)] == [1, 2]
    client.post(url, data=form_of(page) | {"merge-choice-room": "yours"})
    assert shop.versions(Shelf, id)[-1].room_number == 3


def test_a_third_save_elsewhere_keeps_the_choice_and_the_typing(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    again = form_of(conflict(client, shop, kettle, url, sku="k2", reason="Mine"))
    shop.edit(Gadget, kettle, actor="Carol", price=5)
    data = again | {"merge-choice-name": "hand", "name": "Ours"}
    page = client.post(url, data=data)
    kept = form_of(page)
    assert page.status_code == 409 and kept["merge-choice-name"] == "hand"
    assert (kept["name"], kept["sku"], kept["price"]) == ("Ours", "k2", "5.00")
    assert (kept["reason"], kept["merge-yours-name"]) == ("Mine", "Alice's")
    assert client.post(url, data=kept).status_code == 302
    newest = shop.versions(Gadget, kettle)[-1]
    assert (newest.name, newest.sku, newest.price) == ("Ours", "k2", 5)


@pytest.mark.parametrize("choice", ["theirs", "yours", "hand"])
def test_a_third_save_of_the_same_field_asks_once_more(
    client: Any, shop: Shop, kettle: int, url: str, choice: str
) -> None:
    again = form_of(conflict(client, shop, kettle, url))
    shop.edit(Gadget, kettle, actor="Carol", name="Carol's")
    page = client.post(url, data=again | {"merge-choice-name": choice, "name": "Ours"})
    kept = form_of(page)
    assert page.status_code == 409 and "Carol&#39;s" in page.text
    assert "changed it again" in page.text and "merge-choice-name" not in kept
    assert (kept["name"], kept["merge-yours-name"]) == ("Ours", "Alice's")
    client.post(url, data=kept | {"merge-choice-name": "yours"})
    assert shop.versions(Gadget, kettle)[-1].name == "Alice's"


def test_a_choice_that_cannot_be_saved_comes_back_with_its_error(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    again = form_of(conflict(client, shop, kettle, url))
    page = client.post(url, data=again | {"merge-choice-name": "hand", "name": "forbidden"})
    assert page.status_code == 422 and "not for sale" in page.text
    kept = form_of(page)
    assert (kept["name"], kept["merge-choice-name"]) == ("forbidden", "hand")
    page = client.post(url, data=kept | {"name": "allowed"})
    assert page.status_code == 302 and shop.versions(Gadget, kettle)[-1].name == "allowed"


def test_a_text_that_cannot_be_read_is_asked_and_kept(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, price=30)
    page = client.post(url, data=form | {"price": "twelve"})
    again = form_of(page)
    assert choices(page) == {"price": ["theirs", "yours", "hand"]}
    assert (again["price"], again["merge-yours-price"]) == ("twelve", "twelve")
    refused = client.post(url, data=again | {"merge-choice-price": "yours"})
    assert refused.status_code == 422 and "Not a number" in refused.text


def test_a_merge_sent_twice_is_saved_once(client: Any, shop: Shop, kettle: int, url: str) -> None:
    again = form_of(conflict(client, shop, kettle, url, sku="k2"))
    data = again | {"merge-choice-name": "hand", "name": "Ours"}
    assert [client.post(url, data=data).status_code for _ in range(2)] == [302, 302]
    assert "saved already, as version 3" in client.get("/admin/gadget/").text
    assert len(shop.versions(Gadget, kettle)) == 3


def test_the_same_from_both_needs_no_choice(client: Any, shop: Shop, kettle: int, url: str) -> None:
    form = form_of(client.get(url))
    shop.edit(Gadget, kettle, name="Same", price=1)
    page = client.post(url, data=form | {"name": "Same", "sku": "k2"})
    assert page.status_code == 409 and choices(page) == {}
    assert "the same" in page.text and "changed by both" in page.text


def test_a_deletion_during_the_merge_keeps_all_that_was_typed(
    client: Any, shop: Shop, kettle: int, url: str
) -> None:
    again = form_of(conflict(client, shop, kettle, url))
    shop.delete(Gadget, kettle)
    page = client.post(url, data=again | {"merge-choice-name": "hand", "name": "Ours"})
    assert page.status_code == 410
    assert "Ours" in page.text and "Alice&#39;s" in page.text


HOSTILE = [
    {"merge-began": "9" * 30},
    {"merge-began": "x"},
    {"merge-base-name": "9" * 5000},
    {"merge-base-name": "-1"},
    {"merge-base-nothing": "1", "merge-choice-nothing": "theirs"},
    {"merge-choice-name": "<script>"},
    {"merge-yours-name": "x" * 5000, "merge-choice-name": "yours"},
    {"merge-base-color": "1", "merge-choice-color": "merged"},
    {"merge-base-color": "1", "merge-choice-color": "yours", "merge-yours-color": "PINK"},
    {"merge-base-maker_id": "1", "merge-choice-maker_id": "yours", "merge-yours-maker_id": "x"},
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_answers_save_nothing(
    client: Any, shop: Shop, kettle: int, url: str, hostile: dict[str, str]
) -> None:
    again = form_of(conflict(client, shop, kettle, url))
    assert client.post(url, data=again | hostile).status_code == 422
    assert len(shop.versions(Gadget, kettle)) == 2


@pytest.mark.parametrize("base", ["", "0", "-1", "x", "3", "9" * 30])
def test_a_form_without_a_true_base_version_is_a_400(
    client: Any, shop: Shop, kettle: int, url: str, base: str
) -> None:
    again = form_of(conflict(client, shop, kettle, url))
    assert client.post(url, data=again | {"base_version": base}).status_code == 400


def conflict(client: Any, shop: Shop, id: int, url: str, **typed: str) -> Any:
    """Bob saved the name while Alice typed another one."""
    form = form_of(client.get(url))
    shop.edit(Gadget, id, name="Bob's")
    page = client.post(url, data=form | {"name": "Alice's"} | typed)
    assert page.status_code == 409
    return page


def choices(page: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="merge-choice-(\w+)" value="(\w+)"', page.text):
        found.setdefault(name, []).append(value)
    return found


def test_its_statements_do_not_grow_with_the_history(
    client: Any, shop: Shop, statements: list[str]
) -> None:
    counts = []
    for versions in (1, 20):
        id = shop.add(Gadget, name="Kettle")
        url = f"/admin/gadget/edit/?id={id}"
        form = form_of(client.get(url)) | {"name": "Mine"}
        for number in range(versions):
            shop.edit(Gadget, id, price=number, name=f"Theirs {number}")
        statements.clear()
        assert client.post(url, data=form).status_code == 409
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8, counts
