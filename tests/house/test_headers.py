"""The headers by which a browser keeps to this server's own scripts, styles and frames."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp import auth

EXPECTED = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'; object-src 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize(
    ("address", "status"),
    [("/", 302), ("/admin/", 200), ("/health", 200), ("/nowhere", 404), ("/admin/?q=%ff", 400),
     ("/static/css/app.css", 200), ("/admin/static/vendor/jquery.min.js", 200)],
)  # fmt: skip
def test_every_answer_bears_them(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    answer.close()  # a static file is open until then
    assert answer.status_code == status
    assert {name: answer.headers.getlist(name) for name in EXPECTED} == {
        name: [value] for name, value in EXPECTED.items()
    }


@pytest.mark.own_app
def test_the_page_of_a_failure_bears_them(app: Flask) -> None:
    app.testing = False
    app.add_url_rule("/broken", "broken", lambda: str(1 / 0))
    auth.allow(app, "broken", everybody=True)
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert EXPECTED.items() <= dict(answer.headers).items()
