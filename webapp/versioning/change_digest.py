"""One digest of all that a change did: what a sign-off is bound to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, Table, inspect, select
from sqlalchemy.orm import Session

from .canonical import NO_LINKS, change_line, content_of
from .digest_rows import in_batches, links_from, links_of_rows
from .feed import tally
from .recorded import change_model
from .shape import version_table


def change_digest(session: Session, change_id: int) -> str | None:
    """The SHA-256, in hexadecimal, of what a change says and of all the versions that it made, in
    all models; None where there is no such change.

    It is computed from the rows as they are stored now, whether or not digests are kept: two calls
    agree as long as nothing of it was altered, added or removed. The bytes that are hashed are the
    change's line, then the SHA-256 of each version's line, in ascending order; `canonical` tells
    both lines. Two statements, one for each model that it touched, and one for each table of links.

    Raises VersioningError where the session records no changes.
    """
    return change_digests(session, [change_id]).get(change_id)


def change_digests(
    session: Session, change_ids: Collection[int], *, models: Iterable[type[Any]] | None = None
) -> dict[int, str]:
    """The `change_digest` of each of the changes that there are, by number, in as many statements
    as that of one. Whoever knows which `models` they touched need not have all of them asked."""
    recorder = inspect(change_model(session))
    connection = session.connection(bind_arguments={"mapper": recorder})
    lines = _lines(connection, version_table(recorder), change_ids)
    found: dict[int, list[bytes]] = {id: [] for id in lines}
    if models is None:
        tallies = tally(session, list(lines))
        models = dict.fromkeys(each.model for parts in tallies.values() for each in parts)
    for model in models if lines else ():
        connection = session.connection(bind_arguments={"mapper": inspect(model)})
        for id, digest in _of_versions(connection, version_table(inspect(model)), list(lines)):
            found[id].append(digest)
    return {id: _digest(line, found[id]) for id, line in lines.items()}


def _digest(line: str, versions: list[bytes]) -> str:
    hashed = sha256(line.encode("utf-8", "surrogatepass"))
    for each in sorted(versions):
        hashed.update(each)
    return hashed.hexdigest()


def _lines(connection: Connection, changes: Table, ids: Collection[int]) -> dict[int, str]:
    reader = change_line(changes, connection.dialect)
    query = select(changes.c.id, *reader.columns).where(changes.c.id.in_(ids))
    return {id: reader.line(row) for id, *row in connection.execute(query)}


def _of_versions(
    connection: Connection, table: Table, ids: Collection[int]
) -> Iterator[tuple[int, bytes]]:
    """The number of the change and the digest of the line, of each of the changes' versions."""
    content = content_of(table, connection.dialect)
    query: Select[Any] = select(*content.columns, table.c.change_id.label("of_change"))
    query = query.select_from(content.source).where(table.c.change_id.in_(ids))
    for rows in in_batches(connection, query):
        links = links_of_rows(connection, links_from(table), rows)
        for *row, id in map(tuple, rows):
            line = content.line(row, links.get((row[0], row[1]), NO_LINKS))
            yield id, sha256(line.encode("utf-8", "surrogatepass")).digest()
