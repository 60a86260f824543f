"""Digests for versions that are older than the digests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, inspect
from sqlalchemy.orm import Session

from .canonical import Digest, digest
from .digest_rows import DIGEST, Key, Reader, in_batches, links_from, links_of_rows, reader_of
from .digests import Beginning, beginning_of, insert_digests
from .errors import VersioningError
from .shape import version_table


def complete_digests(
    session: Session, model: type[Any], *, progress: Callable[[int], None] | None = None
) -> int:
    """Give a digest to each version of a model that is older than the digests; returns how many.

    What stands there now is taken for what was saved: check it first. The caller commits. Memory
    does not grow with the table. `progress` is told the number made so far, a batch at a time.

    Raises VersioningError where older versions were given digests before: who lacks one since then
    was never made by the versioning, and it is a finding.
    """
    mapper = inspect(model)
    table = version_table(mapper)
    connection = session.connection(bind_arguments={"mapper": mapper})
    beginning = beginning_of(connection, table)
    if beginning.completed:
        raise VersioningError(
            f"The older versions of {model.__name__} have got their digests already, and nothing"
            " was written. A version that lacks one now is a finding: see the integrity check."
        )
    reader = reader_of(table, connection.dialect)
    completion = Completion(reader, beginning)
    made = 0
    for rows in in_batches(connection, _query(reader)):
        links = links_of_rows(connection, links_from(table), rows)
        new = list(completion.digests(rows, links))
        if new:
            insert_digests(connection, table, None, new)
        made += len(new)
        if progress is not None:
            progress(made)
    return made


class Completion:
    """Walks through versions in the order of their keys; each digest stands on the one before."""

    def __init__(self, reader: Reader, beginning: Beginning) -> None:
        self.reader = reader
        self.beginning = beginning
        self.last: tuple[Any, Any, bytes | None] = (None, 0, None)

    def digests(
        self, rows: Sequence[Sequence[Any]], links: Mapping[Key, str]
    ) -> Iterator[tuple[Any, int, Digest]]:
        place = len(self.reader.content.columns)
        for row, content, change in self.reader.lines(rows, links):
            id, version_id, stored = row[0], row[1], row[-1]
            number = row[place] if self.reader.change is not None else None
            if stored is None and not self.beginning.demands(number):
                before = self.last[2] if self.last[:2] == (id, version_id - 1) else None
                made = digest(content, change, before)
                stored = made.digest
                yield id, version_id, made
            self.last = (id, version_id, stored)


def _query(reader: Reader) -> Select[Any]:
    """The versions in order, each with its digest."""
    table = reader.content.table
    own = table.info[DIGEST]
    is_own = and_(own.c.id == table.c.id, own.c.version_id == table.c.version_id)
    query = reader.query(reader.source.outerjoin(own, is_own), own.c.digest)
    return query.order_by(table.c.id, table.c.version_id)
