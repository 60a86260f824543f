"""The shop behind the admin, and what its tests do with it: build, open, post."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from tests import accounts
from tests.shared import app_for
from webapp.extensions import db
from webapp.versioning import change, current


@pytest.fixture
def settings() -> dict[str, Any]:
    """Settings of the application; a test file may override them."""
    return {}


@pytest.fixture
def app(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, settings: dict[str, Any]
) -> Iterator[Flask]:
    given = {
        **accounts.SETTINGS,
        "TESTING": True,
        "WTF_CSRF_ENABLED": False,
        "PROPAGATE_EXCEPTIONS": False,  # an error is a page here, as in life
        "DATABASE_URL": database_url,
        "INSTANCE_PATH": str(tmp_path / "instance"),
        "APPS": ("tests.admin.shop",),
        "TIMEZONE": "Europe/Berlin",
        **settings,
    }
    with app_for(request, given) as app:
        yield app


class Shop:
    """The shop's records, made and read past the pages."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def add(self, model: Any, **values: Any) -> Any:
        """A new record; returns its id."""
        with self.app.app_context(), change(db.session, actor="Alice"):
            row = model(**values)
            db.session.add(row)
            db.session.commit()
            return row.id

    def edit(self, model: Any, id: Any, actor: str = "Bob", **values: Any) -> None:
        with self.app.app_context(), change(db.session, actor=actor):
            row = db.session.scalars(current(model).where(model.id == id)).one()
            for name, value in values.items():
                setattr(row, name, value)
            db.session.commit()

    def delete(self, model: Any, id: Any, actor: str = "Bob") -> None:
        with self.app.app_context(), change(db.session, actor=actor):
            db.session.delete(db.session.scalars(current(model).where(model.id == id)).one())
            db.session.commit()

    def versions(self, model: Any, id: Any) -> list[Any]:
        """Every version, oldest first."""
        with self.app.app_context():
            query = select(model).where(model.id == id).order_by(model.version_id)
            rows = list(db.session.scalars(query))
            db.session.expunge_all()
            return rows


@pytest.fixture
def shop(app: Flask) -> Shop:
    return Shop(app)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL that runs, aside of BEGIN and the like, and of the one that asks who is there."""
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "FROM sign_in" in statement:
            return
        if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def view_of(app: Flask) -> Any:
    """The view of a model, by its class."""
    views = {getattr(each, "model", None): each for each in app.extensions["admin"][0]._views}
    return views.__getitem__


class FormReader(HTMLParser):
    """What a browser would send for the page's edit form, if nobody typed anything."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside = False
        self.fields: list[tuple[str, str]] = []
        self.textarea: str | None = None
        self.select: str | None = None
        self.options: list[tuple[str, bool]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = "admin-form" in given.get("class", "")
        if not self.inside:
            return
        if tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            if kind in ("submit", "button") or (
                kind in ("checkbox", "radio") and "checked" not in given
            ):
                return
            value = given.get("value", "on" if kind == "checkbox" else "")
            if kind == "text":  # a browser drops line ends of an <input>
                value = value.replace("\r", "").replace("\n", "")
            self.fields.append((given["name"], value))
        elif tag == "textarea":
            self.textarea, self.text = given["name"], ""
        elif tag == "select":
            self.select, self.options = given["name"], []
        elif tag == "option":
            self.options.append((given["value"], "selected" in given))

    def handle_data(self, data: str) -> None:
        if self.textarea is not None:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea" and self.textarea is not None:
            text = self.text.replace("\r\n", "\n").replace("\r", "\n")
            text = text.removeprefix("\n")  # the parser of a browser drops one
            self.fields.append((self.textarea, text.replace("\n", "\r\n")))
            self.textarea = None
        elif tag == "select" and self.select is not None:
            chosen = [value for value, selected in self.options if selected]
            if self.options:
                self.fields.append((self.select, chosen[-1] if chosen else self.options[0][0]))
            self.select = None


def form_of(page: TestResponse) -> dict[str, str]:
    """The fields of the page's edit form as a browser would send them."""
    reader = FormReader()
    reader.feed(page.get_data(as_text=True))
    return dict(reader.fields)


def save(client: FlaskClient, url: str, /, **typed: str) -> TestResponse:
    """Open the form at `url`, type, and press Save."""
    return client.post(url, data=form_of(client.get(url)) | typed)
