"""The admin of an application: a view for every versioned model of the apps that it loads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme
from sqlalchemy.orm import configure_mappers

from webapp import extensions
from webapp.extensions import db
from webapp.versioning import is_versioned

from . import presentation
from .home import HomeView
from .registry import Registration, registrations
from .search_page import ENDPOINT, init_search
from .view import VersionedModelView

NAME = "Versioned Admin"


def init_admin(app: Flask, *, reserved: Collection[str] = ()) -> Admin:
    """Give `app` its admin at `/admin/`, which leaves the endpoints in `reserved` to other rooms.

    Shows the registered models of `app.config["APPS"]` in their order, then every other versioned
    model of these apps through `VersionedModelView`.
    """
    configure_mappers()  # views look at relations, which exist only then
    presentation.init_app(app)
    admin = Admin(
        app,
        NAME,
        index_view=HomeView(db, url="/admin"),
        theme=Bootstrap4Theme(base_template="admin/master.html"),
    )
    taken = {admin.endpoint, ENDPOINT, *reserved, *app.blueprints, *app.view_functions}
    for each in _shown(tuple(app.config.get("APPS", ()))):
        options = {
            "name": presentation.word_for(each.model),
            "endpoint": _endpoint(each.model, taken),
            **each.options,
        }
        taken.add(options["endpoint"])
        view = each.view(each.model, db, **options)
        _size_pages(view, app.config.get("PAGE_SIZE"))
        admin.add_view(view)
    init_search(admin)
    return admin


def _shown(apps: tuple[str, ...]) -> Iterator[Registration]:
    registered = [each for each in registrations() if _belongs(each.model, apps)]
    yield from registered
    seen = {each.model for each in registered}
    for model in _models(apps):
        if model not in seen:
            yield Registration(model, VersionedModelView)


def _models(apps: tuple[str, ...]) -> list[type[Any]]:
    """The versioned models of the apps, app by app, each in the order of its tables."""
    mappers = [each for each in extensions.Base.registry.mappers if each.inherits is None]
    order = list(db.metadata.tables.values())
    found = [
        each.class_ for each in mappers if _belongs(each.class_, apps) and is_versioned(each.class_)
    ]
    return sorted(found, key=lambda model: (_place(model, apps), order.index(model.__table__)))


def _place(model: type[Any], apps: tuple[str, ...]) -> int:
    places = (i for i, app in enumerate(apps) if f"{model.__module__}.".startswith(f"{app}."))
    return next(places, -1)


def _belongs(model: type[Any], apps: tuple[str, ...]) -> bool:
    return _place(model, apps) >= 0


def _endpoint(model: type[Any], taken: set[str]) -> str:
    """The model's name in lower case; with its app's name where another has that already."""
    name = model.__name__.lower()
    if name not in taken:
        return name
    return f"{model.__module__.rpartition('.')[0].rpartition('.')[2] or 'app'}_{name}"


def _size_pages(view: Any, size: int | None) -> None:
    """The setting PAGE_SIZE, where the view declares no size of its own."""
    if size and getattr(type(view), "page_size", size) == VersionedModelView.page_size:
        view.page_size = size
        view.page_size_options = tuple(sorted({size, *view.page_size_options}))
