"""One application for many tests: each gets it over a database of its own, and as it was made.

Building an application and answering its first request takes ten times as long as a page does.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Dialect, Engine, event, make_url

from tests.ready import done_with, make_ready
from webapp import create_app
from webapp.extensions import db

#: The applications made so far, by their settings and the tables that there were.
_MADE: dict[tuple[str, frozenset[str]], Flask] = {}
#: Fixtures by which a test alters what an application is built from.
ALTERING = {"monkeypatch"}


@contextmanager
def app_for(request: pytest.FixtureRequest, given: dict[str, Any]) -> Iterator[Flask]:
    """An application with these settings, its tables and the cast.

    A test that may alter what it is built from, or is marked `own_app`, has one of its own.
    """
    own = ALTERING & set(request.fixturenames) or request.node.get_closest_marker("own_app")
    app = create_app(given) if own else _shared(given)
    parts = [app.config, app.extensions, *([] if own else map(vars, _views(app)))]
    before = [dict(part) for part in parts]
    try:
        make_ready(app)
        yield app
    finally:
        done_with(app)
        if app.config["RATELIMIT_ENABLED"]:
            app.extensions["throttle"].reset()  # requests that were counted
        for part, saved in zip(parts, before, strict=True):
            part.clear()
            part.update(saved)


def _views(app: Flask) -> Iterator[Any]:
    for admin in app.extensions["admin"]:
        yield from admin._views


def _shared(given: dict[str, Any]) -> Flask:
    url, folder = make_url(given["DATABASE_URL"]), Path(given["INSTANCE_PATH"])
    theirs = {"DATABASE_URL": url.drivername, "INSTANCE_PATH": ""}
    key = repr(sorted((given | theirs).items())), frozenset(db.metadata.tables)
    app = _MADE.get(key)
    if app is None:
        app = create_app(given)
        with app.app_context():
            _follow(db.engine)
        _MADE[key[0], frozenset(db.metadata.tables)] = app  # its models may be new ones
        # it stays, so nobody has to look whether it is rubbish: a dozen of them make that seconds
        gc.collect()
        gc.freeze()
        return app
    folder.mkdir(parents=True, exist_ok=True)
    app.instance_path = str(folder)
    app.config.update(SQLALCHEMY_DATABASE_URI=url, UPLOADS=str(folder / "uploads"))
    with app.app_context():
        db.engine.url = url
    return app


def _follow(engine: Engine) -> None:
    """Let its connections lead to whatever its URL is by then, so that what it has compiled serves
    many tests: to compile it anew for each took a third of their time."""

    def point(dialect: Dialect, record: object, args: list[Any], given: dict[str, Any]) -> None:
        args[:], named = dialect.create_connect_args(engine.url)
        given.update(named)

    event.listen(engine, "do_connect", point)
