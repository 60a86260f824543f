"""The repair of flags on its page and by its command: asked, confirmed, recorded."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from tests import accounts
from tests.admin.conftest import Shop, form_of
from tests.admin.shop.models import Gadget
from tests.integrity.conftest import spoil
from webapp.auth.models import Account, AccountEvent
from webapp.cli import commands
from webapp.extensions import db
from webapp.versioning import check_model, mend_guards

MODEL = "/admin/integrity/gadget/"
PAGE = f"{MODEL}repair/"
TAKE_FLAG = "UPDATE shop_gadget SET is_current_version = false"
WHY = {"reason": "Restored from a copy without flags"}


@pytest.fixture
def kettle(shop: Shop) -> int:
    id = int(shop.add(Gadget, name="Kettle", sku="K"))
    shop.edit(Gadget, id, price=31)
    return id


@pytest.fixture
def spoiled(app: Flask, kettle: int) -> int:
    """The kettle without a current version, behind guards that stand."""
    spoil(app, TAKE_FLAG)
    with app.app_context(), db.engine.begin() as connection:
        mend_guards(connection, db.metadata)
    return kettle


def events(app: Flask) -> list[AccountEvent]:
    with app.app_context():
        query = select(AccountEvent).where(AccountEvent.kind == "flags repaired")
        return list(db.session.scalars(query))


def rows(app: Flask) -> list[tuple[Any, ...]]:
    with app.app_context():
        query = text("SELECT * FROM shop_gadget ORDER BY id, version_id")
        return [tuple(row) for row in db.session.execute(query)]


def flags(app: Flask) -> list[bool]:
    with app.app_context():
        query = "SELECT is_current_version FROM shop_gadget ORDER BY id, version_id"
        return [bool(each) for each in db.session.scalars(text(query))]


def faults(app: Flask) -> int:
    with app.app_context():
        return check_model(db.session(), Gadget).faults


def test_it_says_what_will_be_set_and_sets_it(
    client: FlaskClient, app: Flask, spoiled: int
) -> None:
    assert f'href="{PAGE}"' in client.get(MODEL).text
    page = client.get(PAGE)
    assert "Repair the flags of Gadget?" in page.text
    assert "Set 1 flag" in page.text
    assert "Kettle" in page.text
    done = client.post(PAGE, data=form_of(page) | WHY, follow_redirects=True)
    assert "1 flag of Gadget now says what the version numbers say." in done.text
    assert "Sound" in done.text
    assert flags(app) == [False, True]


def test_only_flags_differ_afterwards(client: FlaskClient, app: Flask, kettle: int) -> None:
    before = rows(app)
    spoil(app, TAKE_FLAG)
    client.post(PAGE, data=form_of(client.get(PAGE)) | WHY)
    assert rows(app) == before


def test_an_event_keeps_who_how_many_which_and_why(
    client: FlaskClient, app: Flask, spoiled: int
) -> None:
    client.post(PAGE, data=form_of(client.get(PAGE)) | WHY)
    (event,) = events(app)
    assert (event.actor, event.account) == ("Carol", None)
    assert event.detail == (
        f"Gadget, 1 flag: 1 given, 0 taken (#{spoiled} version 2). Why: {WHY['reason']}"
    )
    shown = accounts.as_(app, "Bob").get("/admin/events/?kind=flags+repaired").text
    assert "Restored from a copy without flags" in shown


def test_an_event_names_the_first_of_many(client: FlaskClient, app: Flask, shop: Shop) -> None:
    for number in range(25):
        shop.add(Gadget, name=f"Pan {number}", sku=f"P{number}")
    spoil(app, TAKE_FLAG)
    client.post(PAGE, data=form_of(client.get(PAGE)) | WHY)
    (event,) = events(app)
    assert "25 flags: 25 given" in str(event.detail)
    assert "#20 version 1, 5 more)" in str(event.detail)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_without_a_fitting_reason_nothing_is_set(
    client: FlaskClient, app: Flask, spoiled: int, reason: str
) -> None:
    answer = client.post(PAGE, data=form_of(client.get(PAGE)) | {"reason": reason})
    assert answer.status_code == 422
    assert flags(app) == [False, False]
    assert events(app) == []


def test_a_reason_of_hostile_text_is_text(client: FlaskClient, app: Flask, spoiled: int) -> None:
    hostile = {"reason": "<script>x</script>'; DROP TABLE note; --"}
    client.post(PAGE, data=form_of(client.get(PAGE)) | hostile)
    page = client.get("/admin/events/").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


@pytest.mark.parametrize("seen", ["", "x", "0" * 64, "'"])
def test_a_list_that_is_not_the_one_of_now_is_shown_again(
    client: FlaskClient, app: Flask, spoiled: int, seen: str
) -> None:
    answer = client.post(PAGE, data={"seen": seen} | WHY)
    assert answer.status_code == 409
    assert "Other flags differ now" in answer.text
    assert WHY["reason"] in answer.text
    assert flags(app) == [False, False]
    done = client.post(PAGE, data=form_of(answer))
    assert done.status_code == 302
    assert flags(app) == [False, True]


def test_repeated_it_sets_nothing_and_says_so(
    client: FlaskClient, app: Flask, spoiled: int
) -> None:
    form = form_of(client.get(PAGE)) | WHY
    client.post(PAGE, data=form)
    again = client.post(PAGE, data=form, follow_redirects=True)
    assert "no flag was set" in again.text
    assert len(events(app)) == 1
    assert "It may have been repaired already." in client.get(PAGE).text


@pytest.mark.parametrize("name", ["Alice", "Bob", "Dave"])
def test_others_are_not_offered_it_and_may_not(app: Flask, spoiled: int, name: str) -> None:
    client = accounts.as_(app, name)
    assert PAGE not in client.get(MODEL).text
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, data=WHY).status_code == 403
    assert flags(app) == [False, False]


def test_whoever_signed_in_long_ago_is_asked_who_they_are(
    client: FlaskClient, app: Flask, spoiled: int
) -> None:
    form = form_of(client.get(PAGE)) | WHY
    with app.app_context():
        carol = db.session.scalars(select(Account).where(Account.name == "Carol")).one()
        carol.password = "set"
        db.session.commit()
    with client.session_transaction() as session:
        session["fs_paa"] = time.time() - 3600
    for answer in (client.get(PAGE), client.post(PAGE, data=form)):
        assert answer.status_code == 302
        assert answer.location.startswith("/confirm?next=")
    assert flags(app) == [False, False]


@pytest.mark.parametrize("url", ["thing/repair/", "%00/repair/"])
def test_a_model_that_is_none_is_refused(client: FlaskClient, url: str) -> None:
    assert client.get(f"/admin/integrity/{url}").status_code in (400, 404)
    assert client.post(f"/admin/integrity/{url}", data=WHY).status_code in (400, 404)


def test_a_removed_newest_version_is_told_and_left(
    client: FlaskClient, app: Flask, kettle: int
) -> None:
    spoil(app, "DELETE FROM shop_gadget WHERE version_id = 2")
    page = client.get(PAGE).text
    assert "No flag of Gadget to repair" in page
    assert "The version after it was removed" in page
    assert "What is left as it is" in page


def test_guards_of_another_text_are_named_with_what_to_do(
    client: FlaskClient, app: Flask, spoiled: int
) -> None:
    with app.app_context(), db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER shop_gadget_guard_update"))
            connection.execute(
                text(
                    "CREATE TRIGGER shop_gadget_guard_update BEFORE UPDATE ON shop_gadget"
                    " BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
                )
            )
        else:
            connection.execute(
                text(
                    "CREATE OR REPLACE FUNCTION versioning_refuse() RETURNS trigger LANGUAGE"
                    " plpgsql AS 'BEGIN RAISE EXCEPTION ''history is append-only'' USING ERRCODE ="
                    " ''integrity_constraint_violation''; END'"
                )
            )
    answer = client.post(PAGE, data=form_of(client.get(PAGE)) | WHY)
    assert answer.status_code == 409
    assert "integrity mend-guards" in answer.text
    assert flags(app) == [False, False]
    assert events(app) == []
    run(app, "mend-guards")
    assert client.post(PAGE, data=form_of(answer)).status_code == 302
    assert faults(app) == 0


def test_a_unique_value_that_was_taken_meanwhile_is_named(
    client: FlaskClient, app: Flask, shop: Shop, spoiled: int
) -> None:
    shop.add(Gadget, name="Other", sku="K")
    answer = client.post(PAGE, data=form_of(client.get(PAGE)) | WHY)
    assert answer.status_code == 409
    assert "another record has taken it meanwhile" in answer.text
    assert flags(app) == [False, False, True]
    assert events(app) == []


def test_the_page_takes_the_same_statements_for_many(
    client: FlaskClient, app: Flask, shop: Shop, statements: list[str], spoiled: int
) -> None:
    statements.clear()
    client.get(PAGE)
    few = len(statements)
    for number in range(8):
        shop.add(Gadget, name=f"Pan {number}", sku=f"P{number}")
    spoil(app, TAKE_FLAG)
    statements.clear()
    client.get(PAGE)
    assert len(statements) == few == 2


# -- the command


def run(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(commands, ["integrity", *words], obj=lambda: app)


COMMAND = ("repair-flags", "--model", "Gadget", "--reason", "Copy without flags")


def test_the_command_tells_then_sets_then_has_nothing_to_do(app: Flask, spoiled: int) -> None:
    told = f"Gadget, 1 flag: 1 given, 0 taken (#{spoiled} version 2)."
    assert run(app, *COMMAND, "--check").output == f"{told} Nothing was written.\n"
    assert flags(app) == [False, False]
    assert run(app, *COMMAND).output == f"{told} Repaired.\n"
    assert faults(app) == 0
    assert run(app, *COMMAND).output == "Gadget: no flag to set.\n"
    (event,) = events(app)
    assert re.search("Copy without flags$", str(event.detail))
    assert event.address is None


def test_the_command_says_what_it_leaves(app: Flask, kettle: int) -> None:
    spoil(app, "DELETE FROM shop_gadget WHERE version_id = 2")
    done = run(app, *COMMAND)
    assert done.exit_code == 0
    assert f"1 left as they were: #{kettle} version 1. The version after it" in done.output


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--model", "Nowhere", "--reason", "x"), 1),
        (("--model", "Gadget", "--reason", "  "), 1),
        (("--model", "Gadget"), 2),
        (("--reason", "x"), 2),
    ],
)
def test_the_command_refuses_what_it_cannot_do(
    app: Flask, spoiled: int, words: tuple[str, ...], code: int
) -> None:
    done = run(app, "repair-flags", *words)
    assert done.exit_code == code
    assert "Traceback" not in done.output
    assert flags(app) == [False, False]
