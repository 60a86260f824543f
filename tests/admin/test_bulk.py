"""Bulk actions: asked on a page that says what will happen, then one change, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.admin.bulk import (
    ALL,
    GADGETS,
    KETTLES,
    answer,
    ask,
    chosen,
    newest,
    operations,
    set_field,
)
from tests.admin.conftest import Shop
from tests.admin.shop.models import Color, Gadget, Maker, Shelf
from webapp.admin.view import VersionedModelView
from webapp.changes import Change
from webapp.extensions import db


@pytest.fixture
def ids(shop: Shop) -> list[int]:
    return [shop.add(Gadget, name=name, color=Color.RED) for name in ("Kettle", "Pan", "Pot")]


def changes(app: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Change)) or 0


# -- asking


@pytest.mark.parametrize("action", ["delete", "set"])
def test_the_question_writes_nothing(
    app: Any, client: Any, shop: Shop, ids: list[int], action: str
) -> None:
    before = changes(app)
    pairs = chosen(shop, Gadget, *ids[:2])
    page = (
        set_field(client, pairs, "name", set_name="Bowl")
        if action == "set"
        else ask(client, action, pairs, GADGETS)
    )
    assert page.status_code == 200
    assert "2 records" in page.text and "Kettle" in page.text and "Pot" not in page.text
    assert changes(app) == before


def test_a_deletion_is_one_change_with_its_reason(
    app: Any, client: Any, shop: Shop, ids: list[int]
) -> None:
    before = changes(app)
    page = ask(client, "delete", chosen(shop, Gadget, *ids[:2]), GADGETS)
    done = answer(client, page, GADGETS, reason="Season’s end")
    assert done.status_code == 302 and "2 records were deleted" in client.get(done.location).text
    assert operations(shop, ids) == ["delete", "delete", "create"] and changes(app) == before + 1
    assert "Season’s end" in client.get(f"/admin/gadget/timeline/?id={ids[0]}").text


def test_deleted_records_are_restored_from_their_list(
    client: Any, shop: Shop, ids: list[int]
) -> None:
    for id in ids:
        shop.delete(Gadget, id)
    assert 'value="restore"' in client.get("/admin/gadget/?deleted=1").text
    url = GADGETS + "?deleted=1"
    page = ask(client, "restore", chosen(shop, Gadget, *ids[:2]), url)
    done = answer(client, page, url)
    assert done.status_code == 302 and "2 records were restored" in client.get(done.location).text
    rows = newest(shop, ids)
    assert [row.version_op for row in rows] == ["restore", "restore", "delete"]
    assert [row.name for row in rows] == ["Kettle", "Pan", "Pot"]
    assert rows[0].change_id == rows[1].change_id


def test_a_field_is_set_with_the_forms_own_field(client: Any, shop: Shop, ids: list[int]) -> None:
    page = ask(client, "set", chosen(shop, Gadget, *ids[:2]), GADGETS, field="color")
    assert '<select class="form-control" id="set-color"' in page.text
    page = answer(client, page, GADGETS, set_color="DARK_BLUE")
    assert "2 records" in page.text and "dark blue" in page.text.lower()
    assert answer(client, page, GADGETS).status_code == 302
    assert [row.color for row in newest(shop, ids)] == [Color.DARK_BLUE, Color.DARK_BLUE, Color.RED]


def test_a_field_can_be_set_to_nothing(client: Any, shop: Shop, ids: list[int]) -> None:
    page = set_field(client, chosen(shop, Gadget, *ids), "color", set_color="")
    assert "empty" in page.text
    answer(client, page, GADGETS)
    assert {row.color for row in newest(shop, ids)} == {None}


def test_a_reference_is_set_by_its_choice(client: Any, shop: Shop, ids: list[int]) -> None:
    maker = shop.add(Maker, name="Acme")
    page = set_field(client, chosen(shop, Gadget, *ids), "maker_id", set_maker_id=str(maker))
    assert "Acme" in page.text
    answer(client, page, GADGETS)
    assert {row.maker_id for row in newest(shop, ids)} == {maker}


def test_a_relation_sets_the_columns_that_hold_it(client: Any, shop: Shop) -> None:
    old, new = (shop.add(Maker, name=name) for name in ("Acme", "Bolt"))
    shop.edit(Maker, new, name="Bolt & Co")
    shelf = shop.add(Shelf, name="A", maker_id=old, maker_version_id=1)
    url = "/admin/shelf/action/"
    page = set_field(client, chosen(shop, Shelf, shelf), "maker", url, set_maker=str(new))
    assert "Bolt &amp; Co" in page.text and answer(client, page, url).status_code == 302
    row = shop.versions(Shelf, shelf)[-1]
    assert (row.version_id, row.maker_id, row.maker_version_id) == (2, new, 2)


def test_what_the_model_refuses_is_said_and_nothing_is_written(
    client: Any, shop: Shop, ids: list[int]
) -> None:
    page = set_field(client, chosen(shop, Gadget, *ids), "name", set_name="forbidden")
    page = answer(client, page, GADGETS)
    assert page.status_code == 422 and "not for sale" in page.text
    assert {row.version_id for row in newest(shop, ids)} == {1}


def test_a_validated_column_is_set_on_each(client: Any, shop: Shop, ids: list[int]) -> None:
    page = set_field(client, chosen(shop, Gadget, *ids), "name", set_name="Bowl")
    assert answer(client, page, GADGETS).status_code == 302
    rows = newest(shop, ids)
    assert {(row.name, row.version_id) for row in rows} == {("Bowl", 2)}
    assert len({row.change_id for row in rows}) == 1


# -- what is left out


def test_what_has_the_value_already_is_left_and_named(client: Any, shop: Shop) -> None:
    a, b = shop.add(Gadget, name="Kettle", price=5), shop.add(Gadget, name="Pan")
    page = set_field(client, chosen(shop, Gadget, a, b), "price", set_price="5.00")
    assert "1 already of this value" in page.text and "1 record" in page.text
    answer(client, page, GADGETS)
    assert [row.version_id for row in newest(shop, [a, b])] == [1, 2]


def test_what_was_saved_since_the_list_is_left(client: Any, shop: Shop, ids: list[int]) -> None:
    pairs = chosen(shop, Gadget, *ids)
    shop.edit(Gadget, ids[0], name="Kettle, theirs")
    page = ask(client, "delete", pairs, GADGETS)
    assert "saved by someone since" in page.text and "Kettle, theirs" in page.text
    answer(client, page, GADGETS)
    assert operations(shop, ids) == ["update", "delete", "delete"]


def test_what_was_deleted_since_is_left(client: Any, shop: Shop, ids: list[int]) -> None:
    pairs = chosen(shop, Gadget, *ids)
    shop.delete(Gadget, ids[0])
    page = set_field(client, pairs, "price", set_price="1")
    assert "1 deleted in the meantime" in page.text
    answer(client, page, GADGETS)
    assert [row.price for row in newest(shop, ids)] == [None, 1, 1]


def test_a_unique_value_that_is_taken_is_named(client: Any, shop: Shop) -> None:
    shop.add(Gadget, name="Rival", sku="k1")
    id = shop.add(Gadget, name="Kettle")
    page = set_field(client, chosen(shop, Gadget, id), "sku", set_sku="k1")
    assert "Nothing to change" in page.text and "Rival" in page.text and "k1" in page.text
    assert "digest" not in page.text


def test_a_restore_into_a_taken_value_or_to_a_deleted_reference_is_left(
    client: Any, shop: Shop
) -> None:
    maker = shop.add(Maker, name="Acme")
    a, b = shop.add(Gadget, name="A", sku="k1"), shop.add(Gadget, name="B", maker_id=maker)
    for model, id in ((Gadget, a), (Gadget, b), (Maker, maker)):
        shop.delete(model, id)
    shop.add(Gadget, name="Rival", sku="k1")
    text = ask(client, "restore", chosen(shop, Gadget, a, b), GADGETS).text
    assert "Rival" in text and "belongs to" in text
    assert "Acme" in text and "refers to" in text
    assert operations(shop, [a, b]) == ["delete", "delete"]


# -- safe


def test_a_save_between_question_and_answer_stops_it_and_says_so(
    client: Any, shop: Shop, ids: list[int]
) -> None:
    page = ask(client, "delete", chosen(shop, Gadget, *ids), GADGETS)
    shop.edit(Gadget, ids[0], name="Theirs")
    late = answer(client, page, GADGETS, reason="Mine")
    assert late.status_code == 409 and "Nothing was done yet" in late.text
    assert operations(shop, ids) == ["update", "create", "create"]
    assert 'value="Mine"' in late.text
    assert answer(client, late, GADGETS).status_code == 302
    assert operations(shop, ids) == ["update", "delete", "delete"]


def test_a_save_between_look_and_write_is_the_same_409(
    client: Any, shop: Shop, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ask(client, "delete", chosen(shop, Gadget, *ids), GADGETS)
    act = VersionedModelView._act

    def late(self: Any, *args: Any) -> None:
        self.session.session.rollback()
        shop.edit(Gadget, ids[0], name="Theirs")
        act(self, *args)

    monkeypatch.setattr(VersionedModelView, "_act", late)
    assert answer(client, page, GADGETS).status_code == 409
    assert operations(shop, ids) == ["update", "create", "create"]


JUNK = ["x", "-1", "1,1", "1,1,1", "9" * 20, "9" * 5000, "01", " 1", str(2**62), "1' OR 1=1"]


def test_junk_among_the_chosen_is_counted(client: Any, shop: Shop, ids: list[int]) -> None:
    junk = [("rowid", each) for each in JUNK] + [("rowversion", each) for each in [*JUNK, ":", ""]]
    page = ask(client, "delete", [*chosen(shop, Gadget, ids[0]), *junk], GADGETS)
    assert page.status_code == 200 and f"{len(JUNK)} not there" in page.text
    assert answer(client, page, GADGETS).status_code == 302
    assert operations(shop, ids) == ["delete", "create", "create"]


@pytest.mark.parametrize("action", ["delete", "restore", "set"])
def test_it_takes_the_same_statements_for_few_and_for_many(
    client: Any, shop: Shop, statements: list[str], action: str
) -> None:
    counts = []
    for number in (2, 40):
        ids = [shop.add(Gadget, name=f"{number}/{n}") for n in range(number)]
        if action == "restore":
            for id in ids:
                shop.delete(Gadget, id)
        pairs = chosen(shop, Gadget, *ids)
        statements.clear()
        page = (
            set_field(client, pairs, "price", set_price="2")
            if action == "set"
            else ask(client, action, pairs, GADGETS)
        )
        asked = len(statements)
        assert answer(client, page, GADGETS).status_code == 302
        counts.append((asked, len(statements) - asked))
    assert counts[0] == counts[1], counts


# -- all that match


@pytest.fixture
def many(shop: Shop) -> list[int]:
    names = [f"Kettle {n:02}" for n in range(25)] + ["Pan"]
    return [shop.add(Gadget, name=name) for name in names]


def test_all_that_match_are_deleted_and_no_others(client: Any, shop: Shop, many: list[int]) -> None:
    page = ask(client, "delete", ALL, KETTLES)
    assert "25 records" in page.text and "and 5 more" in page.text
    done = answer(client, page, KETTLES)
    assert "25 records were deleted" in client.get(done.location).text
    assert operations(shop, many) == ["delete"] * 25 + ["create"]


@pytest.mark.parametrize("search", ["search=Kettle", "search=Kettle&sort=0&desc=1&page=1"])
def test_a_search_counts_as_a_filter(client: Any, shop: Shop, many: list[int], search: str) -> None:
    url = f"{GADGETS}?{search}"
    page = set_field(client, ALL, "price", url, set_price="9")
    assert "25 records" in page.text
    answer(client, page, url)
    assert [row.price for row in newest(shop, many)] == [9] * 25 + [None]


def test_all_of_the_deleted_are_restored(client: Any, shop: Shop, many: list[int]) -> None:
    for id in many[:3]:
        shop.delete(Gadget, id)
    url = GADGETS + "?deleted=1"
    answer(client, ask(client, "restore", ALL, url), url)
    assert operations(shop, many[:4]) == ["restore"] * 3 + ["create"]


@pytest.mark.parametrize("event", ["a new one", "an edit", "a deletion"])
def test_another_set_than_the_one_asked_about_is_a_409(
    client: Any, shop: Shop, many: list[int], event: str
) -> None:
    page = ask(client, "delete", ALL, KETTLES)
    if event == "a new one":
        shop.add(Gadget, name="Kettle 99")
    elif event == "an edit":
        shop.edit(Gadget, many[0], price=1)
    else:
        shop.delete(Gadget, many[0])
    late = answer(client, page, KETTLES)
    assert late.status_code == 409 and "look again" in late.text
    assert "delete" not in operations(shop, many[1:])
    assert answer(client, late, KETTLES).status_code == 302


def test_a_filter_over_another_model_is_kept(client: Any, shop: Shop) -> None:
    maker = shop.add(Maker, name="Acme")
    a, b = shop.add(Gadget, name="A", maker_id=maker), shop.add(Gadget, name="B")
    url = GADGETS + "?flt0_maker.shop_maker.name_contains=Acme"
    page = ask(client, "delete", ALL, url)
    assert "1 record" in page.text
    answer(client, page, url)
    assert operations(shop, [a, b]) == ["delete", "create"]
