"""The databases to measure on, as an application would have them: every commit reaches the disk."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from tests import postgresql
from webapp.versioning import prepare_sqlite

#: A server as installed: only its address and the number of connections are ours.
SETTINGS = {"listen_addresses": "", "max_connections": "100"}
KINDS = ("sqlite", "postgresql")


@contextmanager
def servers(kinds: list[str]) -> Iterator[dict[str, str]]:
    """Addresses by kind: a folder for SQLite files, a server's URL for PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = {"sqlite": f"sqlite:///{folder}"} if "sqlite" in kinds else {}
        if "postgresql" not in kinds:
            yield found
            return
        named, programs = postgresql.named_server(), postgresql.programs()
        if named is not None:
            yield {**found, "postgresql": named.render_as_string(hide_password=False)}
        elif programs is None:
            raise SystemExit(postgresql.HOW_TO_GET_IT)
        else:
            with postgresql.server(programs, settings=SETTINGS) as url:
                yield {**found, "postgresql": url.render_as_string(hide_password=False)}


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """A database of one's own on the server, gone at the end."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    if server.startswith("sqlite"):
        url = f"{server}/{name}.sqlite"
        try:
            yield url
        finally:
            for path in Path(url.removeprefix("sqlite:///")).parent.glob(f"{name}*"):
                path.unlink()
        return
    parsed = postgresql.make_url(server)
    with postgresql.schema(parsed, name) as found:
        yield found.render_as_string(hide_password=False)


def connect(url: str) -> Engine:
    """An engine as the application has it, the same for every contender."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine)
    return engine


def settle(engine: Engine) -> None:
    """Statistics up to date, dead rows gone: as a database is after its night."""
    if engine.dialect.name == "sqlite":
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def version_of(url: str) -> str:
    engine = connect(url)
    query = "SELECT sqlite_version()" if url.startswith("sqlite") else "SHOW server_version"
    with engine.connect() as connection:
        found = str(connection.scalar(text(query))).split()[0]
    engine.dispose()
    return found
