"""The recipe of the application: settings, extensions, versioning, then the rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Flask, redirect, url_for
from sqlalchemy.orm import configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import (
    accounts,
    admin,
    audit,
    auth,
    changes,
    config,
    database,
    errors,
    headers,
    health,
    instance,
    integrity,
    logs,
    versioning,
)
from webapp.config import ConfigError, Settings
from webapp.extensions import csrf, db

PACKAGE = Path(__file__).resolve().parent


def build(given: Mapping[str, Any]) -> Flask:
    """The application for `create_app`, which says what this promises."""
    settings = config.load(given)
    app = Flask(
        "webapp",
        instance_path=str(settings.instance),
        template_folder=_folder("templates"),
        static_folder=_folder("static"),
    )
    _configure(app, settings, given)
    logs.init_app(app)
    headers.init_app(app)
    errors.init_app(app)
    auth.init_gate(app)
    health.init_app(app)
    csrf.init_app(app)
    db.init_app(app)
    auth.init_accounts(app)
    for name in settings.APPS:
        _load(name, "models", required=True)
    configure_mappers()
    versioning.enable_versioning(
        db.session,
        change_model=changes.Change,
        describe=changes.describe,
        finish=audit.write_due,
    )
    with app.app_context():
        database.prepare()
    _open_admin(app, settings.APPS)
    return app


def _folder(name: str) -> str:
    """The folder inside the installed package, else beside it in a checkout."""
    inside = PACKAGE / name
    return str(inside if inside.is_dir() else PACKAGE.parent / name)


def _configure(app: Flask, settings: Settings, given: Mapping[str, Any]) -> None:
    production = settings.ENV == "production"
    if production:
        config.check_flask(given, debug=app.debug)
    url = database.parse(settings.database_url)
    if not settings.DATABASE_URL:
        instance.prepare(settings.instance)
    app.config.from_mapping(
        ENV=settings.ENV,
        SECRET_KEY=settings.SECRET_KEY or instance.secret_key(settings.instance),
        APPS=settings.APPS,
        PAGE_SIZE=settings.PAGE_SIZE,
        TIMEZONE=settings.TIMEZONE,
        SESSION_HOURS=settings.SESSION_HOURS,
        IDLE_MINUTES=settings.IDLE_MINUTES,
        SECOND_STEP=settings.SECOND_STEP,
        PROXIES=settings.PROXIES,
        SITE_URL=settings.SITE_URL,
        MAIL_URL=settings.MAIL_URL,
        MAIL_FROM=settings.MAIL_FROM,
        DEMO=settings.DEMO,
        TRUSTED_HOSTS=list(settings.HOSTS) or None,
        UPLOADS=settings.uploads,
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(url),
        MAX_CONTENT_LENGTH=settings.MAX_CONTENT_LENGTH,
        MAX_FORM_MEMORY_SIZE=settings.MAX_CONTENT_LENGTH,  # one long text may fill the request
        MAX_FORM_PARTS=2_000,  # a bulk action over the largest page, with room
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=production,
        # Of this host alone: browsers take a cookie of that name from nobody else.
        SESSION_COOKIE_NAME="__Host-session" if production else "session",
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over lunch still saves
    )
    if settings.PROXIES:
        count = settings.PROXIES
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    ours = {item.name for item in fields(Settings)}
    app.config.update({name: value for name, value in given.items() if name not in ours})


def _load(package: str, part: str, *, required: bool = False) -> None:
    """Import `package.part` where it exists; an error inside of it is the app's own and raised."""
    name = f"{package}.{part}"
    try:
        found = find_spec(name) is not None
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise
        found, required = False, True
    if found:
        import_module(name)
    elif required:
        raise ConfigError(
            f"{config.PREFIX}APPS names {package!r}, which has no models.py that Python can"
            " import: correct the name or install the package."
        )


def _open_admin(app: Flask, apps: tuple[str, ...]) -> None:
    for name in apps:
        _load(name, "admin")
    reserved = (*audit.ENDPOINTS, *integrity.ENDPOINTS, *accounts.ENDPOINTS)
    pages = admin.init_admin(app, reserved=reserved)
    audit.init_audit(pages)
    integrity.init_integrity(pages)
    accounts.init_accounts(pages)
    app.add_url_rule("/", "home", lambda: redirect(url_for("admin.index")))
