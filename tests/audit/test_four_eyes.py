"""Nobody reviews their own change, by any route; nor what they may not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import FEED, edit_all, stock
from tests.audit.reviews import (
    ALL,
    QUEUE,
    bulk_form,
    change_by,
    edit,
    forged,
    numbers,
    review,
    rows,
    say,
    seen,
    state,
    thread,
    url,
    view_of,
)
from webapp.audit import acting
from webapp.audit.acting import NotAllowed, Seen
from webapp.audit.models import Act, Review
from webapp.auth.policy import Rules
from webapp.extensions import db
from webapp.versioning import change_digest, current, restore, undo, utcnow

ACTS = ["sign-off", "query", "reject"]


@pytest.fixture
def bob(app: Flask) -> Any:
    return accounts.as_(app, "Bob")


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    stock(shop)
    review(shop.app, Gadget)
    return shop


def form_of(shop: Shop, number: int, act: str) -> dict[str, Any]:
    """The form that another auditor would send."""
    return {**seen(accounts.as_(shop.app, "Bob").get(url(number))), "act": act, "comment": "mine"}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("actor", ["Carol", "carol", "CAROL", "\uff23arol"])
def test_not_as_administrator(client: Any, stocked: Shop, act: str, actor: str) -> None:
    number = edit(stocked, actor=actor, price=31)
    page = client.get(url(number))
    assert "You made this change" in page.text and f'value="{act}"' not in page.text
    answer = client.post(url(number), data=form_of(stocked, number, act))
    assert answer.status_code == 403 and "somebody else has to review it" in answer.text
    assert state(stocked, number) == "due"


def test_the_queue_offers_no_sign_off_of_it(client: Any, stocked: Shop) -> None:
    number = edit(stocked, actor="Carol", price=31)
    page = client.get(QUEUE)
    assert numbers(page) == [number]
    assert 'value="sign-off"' not in page.text and "You made this change" in page.text


def test_many_at_once_leave_it_out_and_say_so(client: Any, stocked: Shop) -> None:
    own = edit(stocked, actor="carol", price=31)
    other = edit(stocked, actor="Alice", price=32)
    page = client.get(ALL)
    assert "1 made by yourself" in page.text and "Sign off 1 change?" in page.text
    assert client.post(ALL, data=bulk_form(page.text)).status_code == 302
    assert (state(stocked, own), state(stocked, other)) == ("due", "sign-off")


def test_of_own_changes_alone_nothing_is_left(client: Any, stocked: Shop) -> None:
    edit(stocked, actor="Carol", price=31)
    page = client.get(ALL)
    assert "Nothing to sign off" in page.text and '<form method="post" action=""' not in page.text
    answer = client.post(ALL, data={"act": "sign-off", "count": "1", "digest": "x"})
    assert answer.status_code == 409


def test_the_undo_of_it_is_a_change_of_its_own(client: Any, stocked: Shop) -> None:
    number = edit(stocked, actor="Alice", price=31)
    client.post(f"{FEED}{number}/undo/", data={"reason": "wrong"})
    for each in (number, number + 1):
        assert client.post(url(each), data=form_of(stocked, each, "sign-off")).status_code == 403
    assert "took it back" in client.get(url(number)).text


def by_restore(session: Any) -> None:
    restore(session, Gadget, 1, 1)


def by_undo(session: Any) -> None:
    undo(session, Gadget, 1, 2)


def by_hand(session: Any) -> None:
    session.scalars(current(Gadget).where(Gadget.id == 1)).one().price = 29


@pytest.mark.parametrize("take_back", [by_restore, by_undo, by_hand])
def test_whoever_took_it_back_does_not_review_it(
    client: Any, bob: Any, stocked: Shop, take_back: Callable[[Any], None]
) -> None:
    number = edit(stocked, actor="Alice", price=31)
    edit(stocked, actor="Alice", notes="something else")
    change_by(stocked, "Carol", lambda: take_back(db.session()), reason="not so")
    assert client.post(url(number), data=form_of(stocked, number, "sign-off")).status_code == 403
    assert "answered for or taken back" in client.get(ALL).text
    assert say(bob, number, "sign-off").status_code == 302


def test_nor_who_deleted_what_it_created_or_restored_what_it_deleted(
    client: Any, stocked: Shop
) -> None:
    stocked.delete(Gadget, 1, actor="Alice")
    gone = rows(stocked)[-1].change_id
    change_by(stocked, "Carol", lambda: by_restore(db.session()) or None)
    stocked.add(Gadget, name="Stove")
    made = rows(stocked)[-1].change_id
    stocked.delete(Gadget, 3, actor="Carol")
    for number in (gone, made):
        assert client.post(url(number), data=form_of(stocked, number, "reject")).status_code == 403


def test_who_edits_another_field_later_may_review_it(client: Any, stocked: Shop) -> None:
    number = edit(stocked, actor="Alice", price=31)
    edit(stocked, actor="Carol", notes="something else")
    edit(stocked, actor="Carol", price=33)
    assert say(client, number, "sign-off").status_code == 302


@pytest.mark.parametrize("actor", [None, "anonymous", "root", "price import", "Caroline"])
def test_what_no_account_made_is_for_everybody(client: Any, stocked: Shop, actor: Any) -> None:
    number = change_by(stocked, actor, lambda: by_hand_to(31))
    assert say(client, number, "sign-off").status_code == 302


def by_hand_to(price: int) -> None:
    db.session.scalars(current(Gadget).where(Gadget.id == 1)).one().price = price


def test_the_function_itself_refuses_it(stocked: Shop) -> None:
    number = edit(stocked, actor="Alice", price=31)
    with stocked.app.app_context():
        seen = Seen(0, change_digest(db.session(), number) or "")
        for act in (Act.SIGN_OFF, Act.QUERY, Act.REJECT):
            with pytest.raises(NotAllowed):
                acting.act(db.session(), number, act, person="alice", seen=seen, comment="mine")
        with pytest.raises(NotAllowed):
            acting.sign_off_all(db.session(), {number: seen}, person="Alice")


def test_the_database_itself_refuses_it(stocked: Shop) -> None:
    number = edit(stocked, actor="Alice", price=31)
    forged = {"change_id": number, "n": 1, "act": "sign-off", "person": "Alice", "actor": "Alice"}
    with stocked.app.app_context(), pytest.raises(IntegrityError, match="four_eyes"):
        db.session.execute(insert(Review), [{**forged, "at": utcnow(), "change_at": utcnow()}])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE review SET person = 'Bob' WHERE n = 1",
        "UPDATE review SET act = 'reject' WHERE n = 1",
        "UPDATE review SET comment = 'x' WHERE n = 0",
        "UPDATE review SET followed_by = NULL WHERE n = 0",
        "UPDATE review SET followed_by = 1, comment = 'x' WHERE n = 0",
        "DELETE FROM review WHERE n = 1",
        "DELETE FROM review",
    ],
)
def test_what_was_said_is_never_altered(client: Any, stocked: Shop, statement: str) -> None:
    say(client, edit(stocked, price=31), "sign-off")
    with stocked.app.app_context(), pytest.raises(DBAPIError, match="append-only"):
        db.session.execute(text(statement))


def test_a_row_is_not_passed_over_without_a_successor(stocked: Shop) -> None:
    """Else a change would be in no list at all."""
    edit(stocked, price=31)
    with stocked.app.app_context():
        db.session.execute(text("UPDATE review SET followed_by = 1"))
        with pytest.raises(IntegrityError):
            db.session.commit()


class TestPermissions:
    """A reviewer has the permission on every model that a change touched."""

    def test_a_model_that_one_may_not_review_is_in_the_way(
        self, bob: Any, client: Any, stocked: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        view = view_of(stocked.app, Maker)
        monkeypatch.setattr(view, "rules", Rules({"auditor": ["see"]}))
        both = change_by(stocked, "Alice", lambda: touch_both())
        one = edit(stocked, price=35)
        assert "may not review" in bob.get(url(both)).text
        assert bob.post(url(both), data=forged(stocked, both, "sign-off")).status_code == 403
        assert "1 with records of a model that you may not review" in bob.get(ALL).text
        assert say(bob, one, "sign-off").status_code == 302
        assert say(client, both, "sign-off").status_code == 302

    def test_an_editor_who_may_review_one_model_does(
        self, app: Flask, stocked: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        view = view_of(stocked.app, Gadget)
        monkeypatch.setattr(view, "rules", Rules({"editor": ["see", "edit", "review"]}))
        alice = accounts.as_(app, "Alice")
        number, own = edit(stocked, actor="Bob", price=31), edit(stocked, price=32)
        assert numbers(alice.get(QUEUE)) == [number, own]
        assert say(alice, number, "sign-off").status_code == 302
        assert alice.post(url(own), data=form_of(stocked, own, "sign-off")).status_code == 403

    def test_values_of_a_model_that_one_may_not_see_are_not_shown(
        self, bob: Any, stocked: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edit(stocked, notes="a secret plan")
        view = view_of(stocked.app, Gadget)
        monkeypatch.setattr(view, "rules", Rules({"auditor": []}))
        page = bob.get(QUEUE)
        assert page.status_code == 200 and "a secret plan" not in page.text
        assert "a rule of a model that you may not see" in page.text
        assert "Kettle" not in page.text and 'value="sign-off"' not in page.text


def touch_both() -> None:
    by_hand_to(50)
    db.session.scalars(current(Maker)).one().name = "Acme & Co"


class TestHiddenFields:
    """Who may not see all of a change asks about it, and signs nothing off."""

    @pytest.fixture(autouse=True)
    def hidden(self, stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        rules = Rules(hidden={"auditor": ["notes"]})
        monkeypatch.setattr(view_of(stocked.app, Gadget), "rules", rules)

    def test_it_stays_hidden_and_is_in_the_way(self, bob: Any, stocked: Shop) -> None:
        number = edit(stocked, price=31, notes="a secret plan")
        for page in (QUEUE, url(number), f"{FEED}{number}/", ALL):
            assert "a secret plan" not in bob.get(page).text
        assert "altered a field that you may not see" in bob.get(url(number)).text
        assert "1 with a field that you may not see" in bob.get(ALL).text
        for act in ("sign-off", "reject"):
            assert bob.post(url(number), data=forged(stocked, number, act, "x")).status_code == 403
        assert say(bob, number, "query", "What else?").status_code == 302

    def test_who_sees_it_signs_it_off(self, client: Any, stocked: Shop) -> None:
        assert say(client, edit(stocked, notes="a secret plan"), "sign-off").status_code == 302

    def test_a_change_of_other_fields_is_free(self, bob: Any, stocked: Shop) -> None:
        assert say(bob, edit(stocked, price=31), "sign-off").status_code == 302

    def test_neither_reasons_nor_filters_name_it(self, bob: Any, stocked: Shop) -> None:
        from webapp.admin.policies import Fields

        review(stocked.app, Gadget, Fields("notes"))
        number = edit(stocked, notes="a secret plan")
        page = bob.get(QUEUE)
        assert "a field that you may not see changed" in page.text and "Notes" not in page.text
        assert bob.get(f"{QUEUE}?field=gadget.notes").status_code == 400
        assert thread(stocked, number) == [("due", None)]


def test_four_eyes_take_a_fixed_number_of_statements(
    client: Any, stocked: Shop, statements: list[str]
) -> None:
    counts = []
    for n in range(3):
        statements.clear()
        client.get(QUEUE)
        counts.append(len(statements))
        for each in range(5):
            edit_all(stocked, notes=f"{n} {each}")
            edit(stocked, actor="Carol", price=each)
    assert counts[1] == counts[2]
