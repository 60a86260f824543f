"""The application's database: its engine, its tables with their guards, its upgrade, its health."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, g, has_request_context, request
from sqlalchemy import URL, Connection, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from webapp import migrations, versioning
from webapp.config import PREFIX, ConfigError
from webapp.extensions import db

CONNECT_SECONDS = 5
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class DatabaseUnavailable(ConfigError):
    """The database cannot be opened. The message is one line without the password."""


def parse(url: str) -> URL:
    """The URL, when SQLAlchemy knows its form and its driver is installed."""
    try:
        parsed = make_url(url)
        create_engine(parsed).dispose()
    except (ArgumentError, ValueError):
        # The text may hold a password, so it is not shown.
        raise ConfigError(
            f"{PREFIX}DATABASE_URL is not a database URL: write it as"
            " postgresql://user:password@host/name or sqlite:////folder/file.sqlite."
        ) from None
    except (NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"{PREFIX}DATABASE_URL names the driver {parsed.drivername}, which is not here"
            f" ({error}): install it, for PostgreSQL with pip install"
            " 'versioned-admin[postgresql]'."
        ) from None
    return parsed


def engine_options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "postgresql":
        return {
            "connect_args": {"connect_timeout": CONNECT_SECONDS},
            "pool_pre_ping": True,  # a server that restarted costs a request nothing
        }
    return {}


def prepare() -> None:
    """Let each connection be as the pages need it. Needs an application context."""
    if db.engine.dialect.name == "sqlite":
        versioning.prepare_sqlite(db.engine, begin=_begin)  # what PostgreSQL has by itself
    else:
        event.listen(db.engine, "connect", _compile_nothing)
    versioning.install_guards(db.metadata)
    versioning.keep_digests(db.metadata)


def _compile_nothing(connection: Any, record: object) -> None:
    """PostgreSQL compiles a long statement before it runs it, unless `jit` is off: over the tables
    of many models that takes a hundred times as long as the answer."""
    with connection.cursor() as cursor:
        cursor.execute("SET jit = off")
    connection.commit()


def only_read() -> None:
    """Promise that the rest of this application context writes nothing, so it holds no one up."""
    g.only_reads = True


@contextmanager
def aside() -> Iterator[Connection]:
    """A transaction of its own beside the request's, committed at the end. It may write even where
    the request only reads, so on SQLite the request's own must not hold the write lock."""
    g.writes_aside = True
    try:
        with db.engine.begin() as connection:
            yield connection
    finally:
        g.writes_aside = False


def _begin() -> str:
    """Whoever may write takes the write lock at once: what it reads is not stale when it writes."""
    if g.get("writes_aside"):
        return "IMMEDIATE"
    reads = g.get("only_reads") or (has_request_context() and request.method in SAFE_METHODS)
    return "DEFERRED" if reads else "IMMEDIATE"


def create_tables() -> None:
    """Make the tables and guards that are not there yet; any number of processes may do so.

    Raises `DatabaseUnavailable` when the database cannot be reached or may not be written to, and
    `migrations.Unfit` when its tables are not those of the models.
    """
    with _one_line(), migrations.alone(db.engine) as connection:
        migrations.make_tables(connection, branches())


def upgrade() -> list[str]:
    """Bring the database to the newest revisions, all or none: one line for each thing done.

    Any number of processes may do so at once. Raises as `create_tables` does, and
    `migrations.UpgradeFailed` when a revision is wrong.
    """
    with _one_line(), migrations.alone(db.engine) as connection:
        return migrations.upgrade(connection, branches())


def differences() -> list[str]:
    """How the database differs from the models; see `migrations.differences`."""
    only_read()
    with _one_line(), db.engine.connect() as connection:
        return migrations.differences(connection, branches())


def branches() -> list[migrations.Branch]:
    """Whose revisions the database follows."""
    return migrations.branches(current_app.config["APPS"])


def check() -> None:
    """Raises `DatabaseUnavailable` when the database does not answer."""
    with _one_line(), db.engine.connect() as connection:
        connection.execute(select(1))


def shown() -> str:
    """The database's URL without its password and its options, which may hold one as well."""
    return db.engine.url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise DatabaseUnavailable(
            f"The database {shown()} cannot be used ({reason}): see that it runs and can be"
            f" reached, or set {PREFIX}DATABASE_URL to another."
        ) from None


def close() -> None:
    """Let go of the session and of every connection."""
    db.session.remove()
    db.engine.dispose()
