"""Requests that mean harm, each kind by its name: none fails, none alters what it should not."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, url_for
from sqlalchemy import select

from tests import accounts
from tests.auth.conftest import events, versions
from webapp import create_app, database
from webapp.auth.models import AccountEvent
from webapp.catalog.models import Product, Supplier
from webapp.extensions import db
from webapp.versioning import change

MARKER = "<script>document.title='stolen'</script><img src=x onerror=alert(1)>"
PAYLOADS = [
    MARKER,
    "'; DROP TABLE product; --",
    "' OR '1'='1",
    "{{7*7}}{% for x in ().__class__.__base__.__subclasses__() %}x{% endfor %}",
    "../../../../etc/passwd",
    "%00%0d%0aSet-Cookie: stolen=1",
    "\r\nSet-Cookie: stolen=1",
    "http://evil.example/",
    "//evil.example",
    "A" * 20_000,
    "\u202e\u2066\ufeff\U0010ffff",
    "99999999999999999999999999",
    "-1",
    "NaN",
    "[[],{}]",
    "\x00",
]
GETS = [
    "/admin/product/?search={0}",
    "/admin/product/?flt0_name_contains={0}",
    "/admin/product/?sort={0}&page={0}&page_size={0}&desc={0}",
    "/admin/product/details/?id={0}&url={0}",
    "/admin/product/timeline/?id=1&before={0}",
    "/admin/product/compare/?id=1&a={0}&b={0}&all={0}",
    "/admin/product/restore/?id=1&version={0}",
    "/admin/product/export/{1}/",
    "/admin/changes/?model={0}&actor={0}&from={0}&to={0}&reason={0}&before={0}",
    "/admin/search/?q={0}",
    "/admin/integrity/{1}/?after={0}",
    "/admin/changes/{1}/",
    "/admin/changes/2/?model={0}&after={0}",
    "/admin/events/?kind={0}&account={0}&before={0}",
    "/admin/accounts/{1}/",
    "/sign-in?next={0}",
    "/set-up?token={0}",
    "/new-password?token={0}",
    "/forgotten?email={0}",
    "/sign-in/code?next={0}",
    "/second-step?next={0}",
    "/static/{1}",
]

POSTS = [
    "/admin/product/new/",
    "/admin/product/edit/?id=1",
    "/admin/product/delete/",
    "/admin/product/action/",
    "/admin/product/restore/?id=1&version=1",
    "/admin/product/undo/?id=1&version=2",
    "/admin/changes/2/undo/",
    "/admin/accounts/new/",
    "/admin/accounts/1/roles/",
    "/admin/accounts/1/password/",
    "/admin/accounts/{0}/link/",
    "/admin/accounts/{0}/second-step/",
    "/sign-in/passkey",
    "/passkeys",
    "/passkeys/{0}/remove",
    "/sign-in/code",
    "/second-step",
    "/second-step/off",
    "/second-step/codes",
    "/set-up",
    "/new-password",
    "/forgotten",
    "/sign-in",
    "/password",
    "/confirm",
]


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"PROPAGATE_EXCEPTIONS": False}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_address_is_a_failure_or_a_change(stocked: Flask, payload: str) -> None:
    carol, before = accounts.as_(stocked, "Carol"), versions(stocked)
    known = events(stocked)
    for address in GETS:
        answer = carol.get(address.format(quote(payload), quote(payload, safe="")))
        answer.close()
        assert answer.status_code < 500, address
        assert "Set-Cookie: stolen" not in str(answer.headers)
        assert "<script>document" not in answer.get_data(as_text=True)
        assert "49" not in answer.headers.get("Location", "")
        assert not answer.headers.get("Location", "").startswith(("http", "//"))
    assert versions(stocked) == before and events(stocked) == known


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_form_is_a_failure(stocked: Flask, payload: str) -> None:
    carol = accounts.as_(stocked, "Carol")
    names = ("name", "sku", "price", "stock", "status", "attributes", "supplier_id", "reason",
             "counted_at", "id", "url", "base_version", "action", "rowid", "email", "password",
             "roles", "active", "field", "next", "token", "again",
             "code", "sealed", "credential")  # fmt: skip
    data = dict.fromkeys(names, payload)
    for address in POSTS:
        answer = carol.post(address.format(quote(payload, safe="")), data=data)
        assert answer.status_code < 500, address
        assert not answer.headers.get("Location", "").startswith(("http", "//"))
        assert "<script>document" not in answer.text
    with stocked.app_context():
        product = db.session.scalars(select(Product).where(Product.id == 1)).first()
        assert product and product.name == "Kettle"


def test_csrf_every_post_without_the_token_is_refused(stocked: Flask) -> None:
    stocked.config["WTF_CSRF_ENABLED"] = True
    carol, before = accounts.as_(stocked, "Carol"), versions(stocked)
    with stocked.test_request_context():
        addresses = [
            url_for(rule.endpoint, **dict.fromkeys(rule.arguments, "1"))
            for rule in stocked.url_map.iter_rules()
            if "POST" in (rule.methods or ())
        ]
    assert len(addresses) > 12
    for address in addresses:
        answer = carol.post(address, data={"id": "1"}, headers={"Origin": "https://evil.example"})
        assert (answer.status_code, "CSRF" in answer.text) == (400, True), address
    assert versions(stocked) == before


def test_csrf_a_token_of_another_session_is_refused(stocked: Flask) -> None:
    stocked.config["WTF_CSRF_ENABLED"] = True
    page = accounts.as_(stocked, "Alice").get("/admin/product/new/").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    data = {"id": "1", "csrf_token": token[1]}
    answer = accounts.as_(stocked, "Carol").post("/admin/product/delete/", data=data)
    assert answer.status_code == 400


@pytest.mark.parametrize("address", ["/sign-in", "/admin/", "/admin/product/", "/nowhere"])
def test_clickjacking_no_page_can_be_framed(app: Flask, address: str) -> None:
    headers = accounts.as_(app, "Carol").get(address, follow_redirects=True).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_formulas_are_text_in_an_export(app: Flask, text: str) -> None:
    view = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "supplier")
    view.can_export = True
    with app.app_context(), change(db.session, actor="Alice"):
        db.session.add(Supplier(id=1, name=text, country="Spain"))
        db.session.commit()
    answer = accounts.as_(app, "Bob").get("/admin/supplier/export/csv/")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True), newline="")))
    assert rows[1][0].startswith("'")


def test_header_injection_a_name_of_a_file_stays_in_its_header(app: Flask) -> None:
    view = next(v for v in app.extensions["admin"][0]._views if v.endpoint == "supplier")
    view.can_export, view.name = True, 'x"\r\nSet-Cookie: stolen=1'
    answer = accounts.as_(app, "Bob").get("/admin/supplier/export/csv/")
    assert answer.status_code == 200
    assert "stolen" not in str(answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "127.0.0.1.evil.example"])
def test_host_header_leads_nobody_elsewhere(app: Flask, host: str) -> None:
    for address in ("/", "/admin/product/", "/sign-in", "/admin//product/", "/admin"):
        answer = accounts.as_(app, None).get(address, headers={"Host": host})
        assert "evil" not in answer.headers.get("Location", "")
        assert "evil.example" not in answer.text


def test_host_header_only_the_named_hosts_are_answered(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["admin.example.org"]
    client = accounts.as_(app, None)
    assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/sign-in", headers={"Host": "admin.example.org"}).status_code == 200


@pytest.mark.parametrize("address", ["/admin/product/new/", "/admin/accounts/new/", "/sign-in"])
def test_oversized_bodies_are_refused(app: Flask, address: str) -> None:
    data = {"name": "x" * (app.config["MAX_CONTENT_LENGTH"] + 1)}
    assert accounts.as_(app, "Carol").post(address, data=data).status_code == 413


def test_oversized_forms_of_very_many_fields_are_refused(app: Flask) -> None:
    data = {f"field{n}": "x" for n in range(2_001)}
    answer = accounts.as_(app, "Carol").post(
        "/admin/product/new/", data=data, content_type="multipart/form-data"
    )
    assert answer.status_code == 413


def test_forged_forwarding_headers_are_not_believed(app: Flask) -> None:
    typed = {"email": "eve@example.org", "password": "x"}
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example",
               "X-Forwarded-Proto": "https"}  # fmt: skip
    answer = accounts.as_(app, None).post("/sign-in", data=typed, headers=headers)
    assert "evil" not in answer.text
    with app.app_context():
        last = db.session.query(AccountEvent).order_by(AccountEvent.id.desc()).first()
        assert last and last.address == "127.0.0.1"


def test_a_proxy_is_believed_as_configured(tmp_path: Any) -> None:
    app = create_app({**accounts.SETTINGS, "INSTANCE_PATH": str(tmp_path), "PROXIES": 1,
                      "ENV": "production", "DATABASE_URL": ""})  # fmt: skip
    with app.app_context():
        database.create_tables()
    client = app.test_client()
    plain = client.get("/sign-in")
    secure = client.get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    with app.app_context():
        database.close()


def test_a_page_of_records_is_kept_in_no_cache(stocked: Flask) -> None:
    carol = accounts.as_(stocked, "Carol")
    for address in ("/admin/", "/admin/product/", "/admin/product/details/?id=1", "/admin/changes/",
                    "/admin/accounts/", "/admin/events/", "/admin/nowhere"):  # fmt: skip
        assert carol.get(address).headers["Cache-Control"] == "no-store"


def test_a_price_is_what_it_was_after_all_of_it(stocked: Flask) -> None:
    with stocked.app_context():
        rows = select(Product.price).where(Product.id == 1).order_by(Product.version_id)
        assert list(db.session.scalars(rows)) == [Decimal("29.00"), Decimal("31.00")]


@pytest.mark.parametrize(
    "address", ["/sign-in", "/admin/", "/admin/product/", "/nowhere", "/health"]
)
def test_other_sites_may_not_read_an_answer_and_every_text_names_its_encoding(
    app: Flask, address: str
) -> None:
    headers = {"Origin": "https://evil.example"}
    answer = accounts.as_(app, "Carol").get(address, headers=headers, follow_redirects=True)
    assert "Access-Control" not in str(answer.headers)
    assert answer.headers["Content-Type"].endswith("; charset=utf-8")


@pytest.mark.parametrize("address", ["/static/", "/static/css/", "/admin/static/"])
def test_no_folder_is_listed(app: Flask, address: str) -> None:
    assert accounts.as_(app, "Carol").get(address).status_code in (403, 404)
