"""The page that shows auditors who looked at which record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from tests import accounts
from tests.admin.conftest import Shop
from tests.audit.clinic.models import Patient, Ward
from webapp.audit.reads import ReadAccess
from webapp.extensions import db

PAGE = "/admin/reads/"
PATIENTS = "/admin/patient/"
START = datetime(2030, 5, 17, 12, tzinfo=UTC)
LINE = re.compile(r'<tr role="row" id="r(\d+)"')


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"APPS": ("tests.admin.shop", "tests.audit.clinic"), "PAGE_SIZE": 5}


@pytest.fixture
def bob(app: Flask) -> FlaskClient:
    """The auditor's browser."""
    return accounts.as_(app, "Bob")


@pytest.fixture
def ada(shop: Shop) -> int:
    return int(shop.add(Patient, name="Ada"))


def looked(app: Flask, *looks: tuple[str, str], table: str = "clinic_patient") -> None:
    """Rows of the log as if that person had looked at that record, an hour between them."""
    rows = [
        {
            "at": START + timedelta(hours=n),
            "person": person,
            "model": table,
            "record": record,
            "page": "record",
            "address": f"{PATIENTS}details/?id={record}",
            "request_id": f"{n:032}",
        }
        for n, (person, record) in enumerate(looks)
    ]
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(insert(ReadAccess), rows)


def lines(page: Any) -> list[int]:
    return [int(each) for each in LINE.findall(page.text)]


def test_it_tells_who_looked_at_what(app: Flask, bob: FlaskClient, ada: int) -> None:
    accounts.as_(app, "Dave").get(f"{PATIENTS}details/?id={ada}")
    page = bob.get(PAGE)
    assert page.status_code == 200
    assert lines(page) == [1]
    for told in ("Dave", "Patients", f"#{ada}", "record", f"{PATIENTS}details/?id={ada}"):
        assert told in page.text
    assert f"{PATIENTS}timeline/?id={ada}" in page.text


def test_records_of_one_list_are_one_line(app: Flask, shop: Shop, bob: FlaskClient) -> None:
    for name in "abc":
        shop.add(Patient, name=name)
    accounts.as_(app, "Dave").get(f"{PATIENTS}?search=a")
    accounts.as_(app, "Dave").get(PATIENTS)
    page = bob.get(PAGE)
    assert len(lines(page)) == 2
    assert re.search(r"#1</a>\s*<a[^>]+>#2</a>\s*<a[^>]+>#3</a>", page.text)


def test_a_list_leads_to_what_it_showed_then(
    app: Flask, shop: Shop, bob: FlaskClient, ada: int
) -> None:
    accounts.as_(app, "Dave").get(f"{PATIENTS}?search=Ada")
    shop.edit(Patient, ada, name="Zoe")
    address = re.search(r'class="then" href="([^"]+)"', bob.get(PAGE).text)
    assert address is not None
    then = bob.get(address[1].replace("&amp;", "&"))
    assert then.status_code == 200
    assert "Ada" in then.text


def test_the_newest_come_first_and_pages_meet(app: Flask, bob: FlaskClient) -> None:
    looked(app, *[("Dave", str(n)) for n in range(60)])
    seen: list[int] = []
    url: str | None = PAGE
    while url:
        page = bob.get(url)
        seen += lines(page)
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        url = older and older[1].replace("&amp;", "&")
    assert seen == list(range(60, 0, -1))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=Dave", [3, 1]),
        ("actor=dave", []),
        ("model=patient&record=2", [3, 2]),
        ("model=patient&record=2&actor=Alice", [2]),
        ("model=ward", []),
        ("from=2030-05-17+15:00", [3, 2]),
        ("to=2030-05-17+15:00", [1]),
        ("from=2030-05-17&to=2030-05-17", [3, 2, 1]),
        ("from=2030-05-18", []),
    ],
)
def test_filters_narrow_it(app: Flask, bob: FlaskClient, query: str, found: list[int]) -> None:
    """Moments are in the time zone of the pages: 15:00 in Berlin is 13:00 UTC."""
    looked(app, ("Dave", "1"), ("Alice", "2"), ("Dave", "2"))
    page = bob.get(f"{PAGE}?{query}")
    assert page.status_code == 200
    assert lines(page) == found


@pytest.mark.parametrize(
    "query",
    [
        "model=thing",
        "record=1",
        "model=patient&record=x",
        "model=patient&record=01",
        "actor=" + "x" * 81,
        "from=x",
        "to=2030-02-31",
        "from=2030-05-18&to=2030-05-17",
        "before=x",
        "before=0",
        "before=" + "9" * 30,
        "actor=%00",
        "actor=%ff",
    ],
)
def test_what_cannot_be_is_refused_with_a_word(bob: FlaskClient, query: str) -> None:
    assert bob.get(f"{PAGE}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", [f"model=patient&record={2**62}", "actor=%27%3B--", f"before={10**17}", "more=1"]
)
def test_what_is_odd_finds_nothing(bob: FlaskClient, query: str) -> None:
    assert bob.get(f"{PAGE}?{query}").status_code == 200


def test_a_hostile_address_is_text(app: Flask, bob: FlaskClient, ada: int) -> None:
    accounts.as_(app, "Dave").get(f"{PATIENTS}details/?id={ada}&x=<script>x</script>")
    page = bob.get(PAGE).text
    assert "<script>x" not in page


@pytest.mark.parametrize("name", ["Alice", "Dave"])
def test_others_may_not_know(app: Flask, ada: int, name: str) -> None:
    client = accounts.as_(app, name)
    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get(f"{PATIENTS}timeline/?id={ada}").text


def test_it_only_reads(bob: FlaskClient) -> None:
    assert bob.post(PAGE).status_code == 405


def test_looks_at_a_model_that_may_not_be_seen_are_not_told(
    app: Flask, bob: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(app, ("Dave", "1"))
    view = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "patient")
    monkeypatch.setattr(type(view), "is_accessible", lambda self: False)
    assert lines(bob.get(PAGE)) == []
    assert bob.get(f"{PAGE}?model=patient").status_code == 400


def test_the_timeline_leads_to_the_looks_at_its_record(
    app: Flask, shop: Shop, bob: FlaskClient, ada: int
) -> None:
    timeline = bob.get(f"{PATIENTS}timeline/?id={ada}").text
    address = f"{PAGE}?model=patient&amp;record={ada}"
    assert address in timeline
    assert lines(bob.get(address.replace("&amp;", "&"))) == [1]
    ward = shop.add(Ward, name="North")
    assert PAGE + "?" not in bob.get(f"/admin/ward/timeline/?id={ward}").text


def test_it_takes_one_statement_whatever_it_holds(
    app: Flask, bob: FlaskClient, statements: list[str]
) -> None:
    def count() -> int:
        statements.clear()
        bob.get(PAGE)
        return len(statements)

    few = count()
    looked(app, *[("Dave", str(n)) for n in range(30)])
    assert count() == few == 1


@pytest.mark.parametrize(
    ("query", "word"),
    [("", "Nobody has looked yet"), ("?actor=Zoe", "No match"), ("?before=1", "Nothing older")],
)
def test_an_empty_page_says_why(bob: FlaskClient, query: str, word: str) -> None:
    assert word in bob.get(PAGE + query).text


def test_a_model_that_asks_no_longer_keeps_what_was_noted(
    app: Flask, bob: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(app, ("Dave", "1"))
    monkeypatch.setattr(Patient, "__log_reads__", False)
    page = bob.get(PAGE)
    assert lines(page) == [1]
    assert "no model now" in page.text


def options(page: Any) -> Iterable[str]:
    return re.findall(r'<option value="([^"]+)"', page.text)


def test_the_models_that_ask_are_offered(bob: FlaskClient) -> None:
    assert list(options(bob.get(PAGE))) == ["patient"]
