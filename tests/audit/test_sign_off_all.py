"""The sign-off of all that a filter finds: as one act, as it was confirmed, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import edit_all, stock, transaction
from tests.audit.reviews import ALL, bulk_form, edit, review, rows, say, seen, state, url
from webapp.audit import bulk_review_page
from webapp.extensions import db


@pytest.fixture
def bob(app: Flask) -> Any:
    return accounts.as_(app, "Bob")


@pytest.fixture
def due(shop: Shop) -> list[int]:
    stock(shop)
    review(shop.app, Gadget)
    return [edit(shop, notes=str(n)) for n in range(3)]


def confirm(client: Any, query: str = "", **more: str) -> Any:
    page = client.get(ALL + query)
    return client.post(ALL + query, data=bulk_form(page.text) | more)


def test_it_asks_with_the_count_and_signs_all_off_as_one_act(
    bob: Any, shop: Shop, due: list[int]
) -> None:
    page = bob.get(ALL)
    assert "Sign off 3 changes?" in page.text and f"Change #{due[2]}" in page.text
    answer = confirm(bob, comment="a quiet week")
    assert (answer.status_code, answer.location) == (302, "/admin/review/")
    last = [rows(shop, number)[-1] for number in due]
    assert {(row.act, row.person, row.comment) for row in last} == {
        ("sign-off", "Bob", "a quiet week")
    }
    assert len({row.act_id for row in last}) == 1 and last[0].act_id
    assert all(len(row.digest or "") == 64 for row in last)
    assert "3 changes are signed off." in bob.get("/admin/review/").text
    assert "together with others" in bob.get(url(due[0])).text


def test_a_filter_narrows_it(bob: Any, shop: Shop, due: list[int]) -> None:
    other = edit(shop, actor="Zoe", price=50)
    answer = confirm(bob, "?actor=Zoe&field=gadget.price")
    assert answer.location == "/admin/review/?field=gadget.price&actor=Zoe" or answer.location == (
        "/admin/review/?actor=Zoe&field=gadget.price"
    )
    assert state(shop, other) == "sign-off" and state(shop, due[0]) == "due"


def test_what_is_answered_can_be_signed_off_too(
    bob: Any, client: Any, shop: Shop, due: Any
) -> None:
    say(bob, due[0], "query", "Why?")
    assert bob.get(f"{ALL}?state=query").status_code == 400
    say(client, due[0], "answer", "So it is")
    assert confirm(bob, "?state=answer").status_code == 302
    assert (state(shop, due[0]), state(shop, due[1])) == ("sign-off", "due")


@pytest.mark.parametrize("what", ["one more", "one less", "one queried"])
def test_stale_the_set_is_another(bob: Any, client: Any, shop: Shop, due: Any, what: str) -> None:
    form = bulk_form(bob.get(ALL).text) | {"comment": "I typed this"}
    if what == "one more":
        edit(shop, price=77)
    else:
        say(client, due[0], "sign-off" if what == "one less" else "query", "Hm")
    answer = bob.post(ALL, data=form)
    assert answer.status_code == 409 and "not those that you confirmed" in answer.text
    assert "I typed this</textarea>" in answer.text
    assert state(shop, due[1]) == "due"


def test_repeated_it_is_done_once(bob: Any, shop: Shop, due: list[int]) -> None:
    form = bulk_form(bob.get(ALL).text)
    assert [bob.post(ALL, data=form).status_code for _ in range(2)] == [302, 409]
    assert [len(rows(shop, number)) for number in due] == [2, 2, 2]


@pytest.mark.parametrize(
    "form",
    [{"count": "2"}, {"count": "x"}, {"count": ""}, {"digest": ""}, {"digest": "0" * 64}],
)
def test_hostile_forms(bob: Any, shop: Shop, due: list[int], form: dict[str, str]) -> None:
    assert confirm(bob, **form).status_code == 409
    assert confirm(bob, comment="x" * 2001).status_code == 422
    assert bob.post(ALL).status_code == 409
    assert state(shop, due[0]) == "due"


def test_of_very_many_the_oldest(
    bob: Any, shop: Shop, due: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_review_page, "MOST", 2)
    page = bob.get(ALL)
    assert "Sign off 2 changes?" in page.text and "These are the 2 oldest" in page.text
    assert confirm(bob).status_code == 302
    assert [state(shop, number) for number in due] == ["sign-off", "sign-off", "due"]


def test_the_number_of_statements_is_fixed(
    client: Any, shop: Shop, due: list[int], statements: list[str]
) -> None:
    review(shop.app, Maker)
    counts = []
    for n in (3, 30):
        for each in range(n):
            edit_all(shop, notes=f"{n} {each}")
        transaction(shop, lambda: db.session.add(Maker(name="m")))
        form = bulk_form(client.get(ALL).text)
        statements.clear()
        assert client.post(ALL, data=form).status_code == 302
        counts.append(len(statements))
    assert counts[0] == counts[1] and len(rows(shop)) == 2 * (3 + 3 + 30 + 2)


def test_tampering_behind_the_back_of_the_application_is_refused(
    bob: Any, shop: Shop, due: list[int]
) -> None:
    """Without its guards a database lets a superseded row be rewritten: the digest tells."""
    page, form = bob.get(url(due[0])), bulk_form(bob.get(ALL).text)
    tamper(shop, price=1)
    answer = bob.post(url(due[0]), data={**seen(page), "act": "sign-off"})
    assert answer.status_code == 409 and "which no edit does" in answer.text
    assert bob.post(ALL, data=form).status_code == 409
    assert [state(shop, number) for number in due] == ["due"] * 3


def tamper(shop: Shop, **values: Any) -> None:
    """Rewrite a superseded version, past the triggers."""
    table: Any = Gadget.__table__
    with shop.app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE shop_gadget DISABLE TRIGGER USER")
        else:
            connection.exec_driver_sql("DROP TRIGGER shop_gadget_guard_update")
        connection.execute(
            update(table).where(table.c.id == 1, table.c.version_id == 2).values(**values)
        )
