"""Every address, every method, every role: let in where the table says so, else refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.routing import Rule

from tests import accounts
from tests.auth.conftest import versions
from tests.auth.routes import NOBODY, ROLES, rule_of
from webapp.admin.view import VersionedModelView

VALUES = {"key": "product", "filename": "css/app.css", "number": "2", "export_type": "csv"}
QUERY = {"id": "1", "version": "1", "a": "1", "b": "2"}
PEOPLE = {role.value: name for name, role in accounts.ROLES.items()}


@pytest.fixture
def stocked(stocked: Flask) -> Flask:
    for view in stocked.extensions["admin"][0]._views:
        if isinstance(view, VersionedModelView):
            view.can_export = True
    return stocked


def rules(app: Flask) -> list[tuple[Rule, str]]:
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def models(app: Flask) -> set[str]:
    views = app.extensions["admin"][0]._views
    return {view.endpoint for view in views if isinstance(view, VersionedModelView)}


def ask(app: Flask, name: str | None, rule: Rule, method: str, **more: Any) -> Any:
    client = accounts.as_(app, name)
    values = {key: VALUES[key] for key in rule.arguments}
    if rule.endpoint == "admin.static":
        values["filename"] = "vendor/jquery.min.js"
    with app.test_request_context():
        address = url_for(rule.endpoint, **values)
    data = {"id": "1"} if method == "POST" else None
    answer = client.open(address, method=method, query_string=QUERY, data=data, **more)
    answer.close()
    return answer


def test_the_table_names_every_endpoint(app: Flask) -> None:
    known = models(app)
    missing = {
        (rule.endpoint, method)
        for rule, method in rules(app)
        if method not in (rule_of(rule.endpoint, known) or {})
    }
    assert not missing, "say in tests/auth/routes.py who may use it"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_the_table_grants_and_nothing_else(stocked: Flask, role: str) -> None:
    known, before = models(stocked), versions(stocked)
    wrong = []
    for rule, method in rules(stocked):
        allowed = role in (rule_of(rule.endpoint, known) or {}).get(method, ())
        if role != NOBODY and rule.endpoint == "security.logout":
            continue  # it would end the walk
        name = PEOPLE.get(role)
        if allowed and method == "POST":
            continue  # what it does when let in is tested where it belongs
        answer = ask(stocked, name, rule, method)
        if allowed:
            ok = answer.status_code < 400 or answer.status_code == 404
        elif role != NOBODY:
            ok = answer.status_code == 403
        elif method == "GET":
            ok = answer.status_code == 302 and answer.location.startswith("/sign-in?next=")
        else:
            ok = answer.status_code == 401
        if not ok:
            wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []
    assert versions(stocked) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_a_method_that_no_route_has_is_refused(stocked: Flask, method: str) -> None:
    for address in (
        "/admin/product/edit/?id=1",
        "/admin/product/delete/",
        "/admin/changes/1/undo/",
    ):
        assert accounts.as_(stocked, "Carol").open(address, method=method).status_code == 405


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "_method"])
def test_a_method_is_not_overridden_by_a_header_or_field(stocked: Flask, name: str) -> None:
    before = versions(stocked)
    client = accounts.as_(stocked, "Carol")
    client.get("/admin/product/edit/?id=1&_method=POST", headers={name: "POST"})
    answer = client.get(f"/admin/product/delete/?id=1&{name}=POST", headers={name: "POST"})
    assert answer.status_code == 405
    assert versions(stocked) == before


@pytest.mark.own_app
def test_an_endpoint_that_no_rule_names_is_refused_to_everybody(app: Flask) -> None:
    app.add_url_rule("/extra", "extra", lambda: "open")
    assert accounts.as_(app, "Carol").get("/extra").status_code == 403


@pytest.mark.own_app
def test_an_exposed_method_that_no_rule_names_is_refused_to_everybody(app: Flask) -> None:
    view = app.extensions["admin"][0]._views[1]
    app.add_url_rule("/admin/supplier/extra/", f"{view.endpoint}.extra", lambda: "open")
    assert accounts.as_(app, "Carol").get("/admin/supplier/extra/").status_code == 403
