"""Error pages: the right code, words that help, and never a traceback."""

from __future__ import annotations

import re

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from webapp import auth, errors
from webapp.versioning import UnknownVersion, VersionConflict

pytestmark = pytest.mark.own_app


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application with a view that fails as its address says."""

    def fail(kind: str) -> None:
        if kind == "crash":
            raise RuntimeError("secret detail")
        if kind == "conflict":
            raise VersionConflict(dict, 1, 1, 2, base={}, theirs={}, yours={})
        if kind == "unknown":
            raise UnknownVersion("no such version")
        if kind == "database":
            raise OperationalError("SELECT secret", {}, Exception("locked"))
        if kind == "statement":
            with create_engine("sqlite://", poolclass=NullPool).connect() as connection:
                connection.execute(text("SELECT nothing"))
        abort(int(kind))

    app.add_url_rule("/fail/<kind>", "fail", fail)
    app.add_url_rule("/save", "save", lambda: request.form["text"][:3], methods=["POST"])
    for endpoint in ("fail", "save"):
        auth.allow(app, endpoint, everybody=True)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503])
def test_each_code_has_a_page_that_says_what_to_do(client: FlaskClient, code: int) -> None:
    answer = client.get(f"/fail/{code}")
    assert answer.status_code == code
    assert answer.mimetype == "text/html"
    assert errors.PAGES[code].title in answer.text
    assert errors.PAGES[code].advice in answer.text


def test_a_code_without_words_of_its_own_gets_a_page_too(client: FlaskClient) -> None:
    answer = client.get("/fail/418")
    assert answer.status_code == 418
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    ("kind", "code"), [("crash", 500), ("conflict", 409), ("unknown", 404), ("database", 503)]
)
def test_an_exception_becomes_a_page_without_its_details(
    client: FlaskClient, kind: str, code: int
) -> None:
    answer = client.get(f"/fail/{kind}")
    assert answer.status_code == code
    assert errors.PAGES[code].title in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_failure_names_a_reference_that_the_log_knows(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    page = client.get("/fail/crash").text
    found = re.search(r"\b[0-9a-f]{32}\b", page)
    assert found
    assert f"Reference {found.group()}: 500 for GET /fail/crash" in caplog.text
    assert "RuntimeError: secret detail" in caplog.text


def test_a_wrong_statement_is_our_fault_and_a_lock_is_not(
    client: FlaskClient,
) -> None:
    assert client.get("/fail/statement").status_code == 500
    assert client.get("/fail/database").status_code == 503


@pytest.mark.parametrize(
    "address", ["/?q=%FF", "/?%C3=1", "/?q=%ED%A0%80", "/%00", "/?q=a%00b", "/?a%00=1"]
)
def test_an_address_that_is_no_text_is_a_bad_request(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert errors.PAGES[400].title in answer.text


@pytest.mark.parametrize("path", [b"/caf\xe9", b"/\xed\xa0\x80"])
def test_a_path_that_is_no_text_is_a_bad_request(client: FlaskClient, path: bytes) -> None:
    answer = client.get("/", environ_overrides={"PATH_INFO": path.decode("latin-1")})
    assert answer.status_code == 400


@pytest.mark.parametrize("form", [{"text": "a\0b"}, {"te\0xt": "a"}])
def test_a_form_with_a_nul_character_is_a_bad_request(
    client: FlaskClient, form: dict[str, str]
) -> None:
    assert client.post("/save", data=form).status_code == 400


def test_text_of_every_script_goes_through(client: FlaskClient) -> None:
    assert client.post("/save?q=日本", data={"text": "日本語🎉"}).text == "日本語"


def test_a_form_larger_than_the_limit_is_refused(app: Flask, client: FlaskClient) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1024
    assert client.post("/save", data={"text": "x" * 2048}).status_code == 413


def test_a_form_of_too_many_parts_is_refused(client: FlaskClient) -> None:
    parts = {f"part{number}": "x" for number in range(2_001)}
    answer = client.post("/save", data=parts, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_the_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    answer = client.get("/save")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
