"""One digest of all that a change did: what a sign-off is bound to."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, Table, inspect, select
from sqlalchemy.orm import Session

from .canonical import change_line, content_of
from .digests import in_batches, links_of_rows
from .recorded import change_model, recorded_models
from .shape import version_table


def change_digest(session: Session, change_id: int) -> str | None:
    """The SHA-256, in hexadecimal, of what a change says and of all the versions that it made, in
    all models; None where there is no such change.

    It is computed from the rows as they are stored now, whether or not digests are kept: two calls
    agree as long as nothing of it was altered, added or removed. The bytes that are hashed are the
    change's line, then the SHA-256 of each version's line, in ascending order; `canonical` tells
    both lines. A statement for each model, and one for each table of links.

    Raises VersioningError where the session records no changes.
    """
    recorder = inspect(change_model(session))
    connection = session.connection(bind_arguments={"mapper": recorder})
    line = _line(connection, version_table(recorder), change_id)
    if line is None:
        return None
    found: list[bytes] = []
    for model in recorded_models(session):
        connection = session.connection(bind_arguments={"mapper": inspect(model)})
        found += _of_versions(connection, version_table(inspect(model)), change_id)
    hashed = sha256(line.encode("utf-8", "surrogatepass"))
    for each in sorted(found):
        hashed.update(each)
    return hashed.hexdigest()


def _line(connection: Connection, changes: Table, change_id: int) -> str | None:
    reader = change_line(changes, connection.dialect)
    query = select(*reader.columns).where(changes.c.id == change_id)
    row = connection.execute(query).first()
    return None if row is None else reader.line(*row)


def _of_versions(connection: Connection, table: Table, change_id: int) -> list[bytes]:
    content = content_of(table, connection.dialect)
    query: Select[Any] = select(*content.columns).select_from(content.source)
    found = []
    for rows in in_batches(connection, query.where(table.c.change_id == change_id)):
        links = links_of_rows(connection, table, rows)
        for row in map(tuple, rows):
            line = content.line(row, links[row[0], row[1]])
            found.append(sha256(line.encode("utf-8", "surrogatepass")).digest())
    return found
