"""Holds stored versions against their digests: what was altered, forged or taken away shows.

Streams a stretch of records from the database in batches; memory does not grow with the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    exists,
    inspect,
    or_,
    select,
)
from sqlalchemy.orm import Session

from .canonical import Digest
from .digest_rows import DIGEST, Reader, before_of, in_batches, links_from, links_of_rows, reader_of
from .digests import Beginning, beginning_of
from .findings import Fault, Finding
from .shape import version_table


class DigestCheck:
    """Looks at a model's versions, a part of the table at a time. `without` counts those that are
    older than the digests and have none."""

    def __init__(self, session: Session, model: type[Any]) -> None:
        mapper = inspect(model)
        self.model = model
        self.table = version_table(mapper)
        self.digests: Table = self.table.info[DIGEST]
        self.connection = session.connection(bind_arguments={"mapper": mapper})
        self.reader = reader_of(self.table, self.connection.dialect)
        self.links = links_from(self.table)
        self.without = 0
        self._beginning: Beginning | None = None

    def findings(self, part: ColumnElement[bool]) -> Iterator[Finding]:
        """What does not fit in the part of the table that the condition names."""
        key = self.table.c.id, self.table.c.version_id
        query = _query(self.reader).where(part).order_by(*key)
        for rows in in_batches(self.connection, query):
            links = links_of_rows(self.connection, self.links, rows)
            for row, due in self.reader.digests(rows, links):
                if row[-3] != due.digest:
                    yield from self._told(row, due)

    def gone(self, part: ColumnElement[bool]) -> Iterator[Finding]:
        """The digests of versions that are not there, in the part of the table of digests."""
        held, version = self.digests.c, self.table.c
        same = and_(version.id == held.id, version.version_id == held.version_id)
        query = select(held.id, held.version_id).where(part, ~exists().where(same))
        for rows in in_batches(self.connection, query.order_by(held.id, held.version_id)):
            for id, version_id in rows:
                yield Finding(Fault.VERSION_MISSING, self.model, id, version_id)

    def _told(self, row: Sequence[Any], due: Digest) -> Iterator[Finding]:
        place = len(self.reader.content.columns)
        change = row[place] if self.reader.change is not None else None
        for fault in self._faults(row, due, change):
            told = change if fault is Fault.CHANGE_ALTERED else None
            yield Finding(fault, self.model, row[-4], row[1], told)

    def _faults(self, row: Sequence[Any], due: Digest, change: Any) -> list[Fault]:
        if row[-3] is None:
            if self._should_have_one(change):
                return [Fault.DIGEST_MISSING]
            self.without += 1
            return []
        found = []
        if row[-2][:8] != due.content_mark:
            found.append(Fault.ALTERED)
        if row[-2][8:] != due.change_mark and change is not None:
            found.append(Fault.CHANGE_ALTERED)  # one that is gone is a finding of its own
        if not found and (change is not None or self.reader.change is None):
            found.append(Fault.CHAIN)
        return found

    def _should_have_one(self, change: Any) -> bool:
        if self._beginning is None:
            self._beginning = beginning_of(self.connection, self.table)
        return self._beginning.demands(change)


@lru_cache(maxsize=256)
def _query(reader: Reader) -> Select[Any]:
    """Each version with its digest and its marks, and the digest on which that one stands."""
    table = reader.content.table
    own, before = table.info[DIGEST].alias(), table.info[DIGEST].alias()
    is_own = and_(own.c.id == table.c.id, own.c.version_id == table.c.version_id)
    stands_on = or_(before.c.change_id.is_not(None), own.c.change_id.is_(None))
    follows = and_(before_of(table, before), stands_on)
    source = reader.source.outerjoin(own, is_own).outerjoin(before, follows)
    return reader.query(source, table.c.id, own.c.digest, own.c.marks, before.c.digest)
