"""Who looked at which record is kept, of the models that ask for it, before the page is seen."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import DBAPIError

from tests import accounts
from tests.admin.conftest import Shop, form_of, save
from tests.audit.clinic.models import Bed, Patient, Ward
from tests.audit.reviews import review
from webapp.admin import VersionedModelView
from webapp.audit import reads
from webapp.audit.reads import ReadAccess
from webapp.extensions import db
from webapp.versioning import change, current

LIST = "/admin/patient/"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"APPS": ("tests.admin.shop", "tests.audit.clinic")}


@pytest.fixture
def ada(shop: Shop) -> int:
    """A patient with two versions."""
    id = int(shop.add(Patient, name="Ada"))
    shop.edit(Patient, id, notes="better")
    return id


def log(app: Flask) -> list[tuple[str, str, str, str]]:
    """Person, table, record and page of each look, in their order."""
    with app.app_context():
        rows = db.session.scalars(select(ReadAccess).order_by(ReadAccess.id))
        return [(row.person, row.model, row.record, row.page) for row in rows]


def pages(app: Flask) -> list[str]:
    return [row[3] for row in log(app)]


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("details/?id=1", "record"),
        ("edit/?id=1", "edit form"),
        ("timeline/?id=1", "timeline"),
        ("compare/?id=1&a=1&b=2", "comparison"),
        ("details/?id=1&as_of={moment}", "record"),
        ("compare/?id=1&as_of={moment}", "comparison"),
        ("restore/?id=1&version=1", "restore"),
        ("undo/?id=1&version=2", "undo"),
        ("", "list"),
        ("?search=Ada", "list"),
        ("?as_of={moment}", "list"),
        ("export/csv/", "export"),
        ("export/csv/?as_of={moment}", "export"),
    ],
)
def test_a_look_is_kept(
    client: FlaskClient, app: Flask, shop: Shop, ada: int, address: str, page: str
) -> None:
    moment = shop.versions(Patient, ada)[0].version_from.isoformat().replace("+00:00", "Z")
    answer = client.get(LIST + address.format(moment=moment))
    assert answer.status_code == 200
    assert log(app) == [("Carol", "clinic_patient", "1", page)]


def test_it_keeps_the_address_the_time_and_the_request(
    client: FlaskClient, app: Flask, ada: int
) -> None:
    client.get(f"{LIST}?search=Ada")
    with app.app_context():
        (row,) = db.session.scalars(select(ReadAccess))
        assert row.address == f"{LIST}?search=Ada"
        assert len(row.request_id) == 32
        assert row.at.utcoffset() is not None


def test_each_record_of_a_list_counts_and_none_of_its_other_pages(
    client: FlaskClient, app: Flask, shop: Shop
) -> None:
    for number in range(25):
        shop.add(Patient, name=f"P {number:02}")
    client.get(LIST)
    assert len(log(app)) == 20
    client.get(f"{LIST}?page=1")
    assert len(log(app)) == 25
    assert len({row[2] for row in log(app)}) == 25
    client.get(f"{LIST}export/csv/")
    assert pages(app).count("export") == 25


def test_a_list_of_nothing_is_a_look_at_nothing(client: FlaskClient, app: Flask, ada: int) -> None:
    client.get(f"{LIST}?search=nobody")
    assert log(app) == []


def test_deleted_records_are_looked_at_too(
    client: FlaskClient, app: Flask, shop: Shop, ada: int
) -> None:
    shop.delete(Patient, ada)
    client.get(f"{LIST}?deleted=1")
    client.get(f"{LIST}timeline/?id={ada}")
    assert pages(app) == ["list", "timeline"]


def test_pages_across_models_are_looks_as_well(client: FlaskClient, app: Flask, ada: int) -> None:
    client.get("/admin/changes/1/")
    client.get("/admin/search/?q=Ada")
    client.get("/admin/changes/2/undo/")
    assert pages(app) == ["change", "search", "undo of a change"]


def test_what_is_in_the_way_of_an_undo_shows_values(
    client: FlaskClient, app: Flask, shop: Shop, ada: int
) -> None:
    shop.edit(Patient, ada, notes="worse")
    page = client.get("/admin/changes/2/undo/")
    assert "cannot be undone" in page.text
    assert log(app) == [("Carol", "clinic_patient", "1", "undo of a change")]


def test_reviews_show_what_changed_so_they_are_looks(app: Flask, shop: Shop) -> None:
    review(app, Patient)
    shop.edit(Patient, int(shop.add(Patient, name="Ada")), actor="Zoe", notes="better")
    bob = accounts.as_(app, "Bob")
    for address in ("", "2/"):
        assert bob.get(f"/admin/review/{address}").status_code == 200
    assert set(log(app)) == {
        ("Bob", "clinic_patient", "1", "review queue"),
        ("Bob", "clinic_patient", "1", "review"),
    }


def test_a_form_that_comes_back_shows_the_record_again(
    client: FlaskClient, app: Flask, ada: int
) -> None:
    answer = save(client, f"{LIST}edit/?id={ada}", name="")
    assert answer.status_code == 422
    assert pages(app) == ["edit form", "edit form"]


def test_a_merge_shows_theirs(client: FlaskClient, app: Flask, shop: Shop, ada: int) -> None:
    form = form_of(client.get(f"{LIST}edit/?id={ada}"))
    shop.edit(Patient, ada, notes="worse")
    answer = client.post(f"{LIST}edit/?id={ada}", data=form | {"notes": "mine"})
    assert answer.status_code == 409
    assert pages(app) == ["edit form", "edit form"]


def test_a_file_is_a_look(client: FlaskClient, app: Flask) -> None:
    file = (io.BytesIO(b"Dear Eve"), "letter.txt")
    typed = {"name": "Eve", "letter": "", "letter-upload": file}
    made = client.post(f"{LIST}new/", data=typed, content_type="multipart/form-data")
    assert made.status_code == 302, made.text
    assert log(app) == []
    answer = client.get(f"{LIST}file/?id=1&version=1&column=letter")
    assert answer.data == b"Dear Eve"
    answer.close()
    assert pages(app) == ["file"]


@pytest.mark.parametrize(
    "address",
    [
        "details/?id=9",
        "timeline/?id=1&before=x",
        "compare/?id=1&a=1&b=9",
        "details/?id=1&as_of=x",
        "details/?id=%27",
        "newest/?id=1",
        "new/",
    ],
)
def test_what_shows_no_record_is_no_look(
    client: FlaskClient, app: Flask, ada: int, address: str
) -> None:
    client.get(LIST + address)
    assert log(app) == []


def test_a_save_that_leads_elsewhere_is_no_look(client: FlaskClient, app: Flask, ada: int) -> None:
    form = form_of(client.get(f"{LIST}edit/?id={ada}"))
    answer = client.post(f"{LIST}edit/?id={ada}", data=form | {"notes": "well"})
    assert answer.status_code == 302
    assert pages(app) == ["edit form"]


def test_a_head_request_is_no_look(client: FlaskClient, app: Flask, ada: int) -> None:
    assert client.head(f"{LIST}details/?id={ada}").status_code == 200
    assert log(app) == []


def test_who_is_refused_has_not_looked(app: Flask, ada: int) -> None:
    assert accounts.as_(app, "Dave").get(f"{LIST}edit/?id={ada}").status_code == 403
    assert accounts.as_(app, None).get(f"{LIST}details/?id={ada}").status_code == 302
    assert log(app) == []


def test_other_models_keep_no_log(client: FlaskClient, app: Flask, shop: Shop) -> None:
    id = shop.add(Ward, name="North")
    for address in ("", f"details/?id={id}", f"timeline/?id={id}"):
        assert client.get(f"/admin/ward/{address}").status_code == 200
    assert log(app) == []


def test_a_read_writes_the_log_and_nothing_else(
    client: FlaskClient, app: Flask, ada: int, statements: list[str]
) -> None:
    statements.clear()
    client.get(f"{LIST}details/?id={ada}")
    writes = [each for each in statements if not each.startswith(("SELECT", "WITH"))]
    assert len(writes) == 1
    assert writes[0].startswith("INSERT INTO read_access")


def test_the_number_of_statements_is_the_same_for_many_records(
    client: FlaskClient, shop: Shop, ada: int, statements: list[str]
) -> None:
    counts = []
    for _ in range(2):
        statements.clear()
        client.get(LIST)
        counts.append(len(statements))
        for number in range(15):
            shop.add(Patient, name=f"P {number}")
    assert counts[0] == counts[1]


def test_the_log_is_append_only(client: FlaskClient, app: Flask, ada: int) -> None:
    client.get(f"{LIST}details/?id={ada}")
    with app.app_context():
        for statement in (
            update(ReadAccess.__table__).values(person="Eve"),  # type: ignore[arg-type]
            text("DELETE FROM read_access"),
        ):
            with pytest.raises(DBAPIError, match="append-only"):
                db.session.execute(statement)
            db.session.rollback()
    assert log(app) == [("Carol", "clinic_patient", "1", "record")]


@pytest.mark.parametrize("address", ["details/?id=1", "", "export/csv/", "edit/?id=1"])
def test_a_page_whose_look_cannot_be_kept_is_not_shown(
    client: FlaskClient, app: Flask, ada: int, address: str
) -> None:
    with app.app_context():
        db.session.execute(text("DROP TABLE read_access"))
        db.session.commit()
    answer = client.get(LIST + address)
    assert answer.status_code == 503
    assert "Ada" not in answer.text
    assert "So the page is not shown" in " ".join(answer.text.split())
    assert answer.headers["Retry-After"] == "5"
    assert client.get("/admin/ward/").status_code == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_waits_for_a_writer_no_longer_than_any_writer_does(
    client: FlaskClient, app: Flask, ada: int
) -> None:
    with app.app_context():
        engine = db.engine

    def be_impatient(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 50").close()

    event.listen(engine, "checkout", be_impatient)
    with app.app_context(), change(db.session, actor="Bob"):
        patient = db.session.scalars(current(Patient)).one()
        patient.notes = "being written"
        db.session.flush()
        answer = client.get(f"{LIST}details/?id={ada}")
        db.session.commit()
    event.remove(engine, "checkout", be_impatient)
    assert answer.status_code == 503
    assert client.get(f"{LIST}details/?id={ada}").status_code == 200


def test_a_model_without_versions_cannot_ask(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bed, "__log_reads__", True, raising=False)
    view = VersionedModelView(Bed, db, endpoint="beds")
    with pytest.raises(ValueError, match="it works for Versioned models alone"):
        reads.init_app(app, [view])
