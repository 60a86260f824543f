"""Holds stored versions against their digests: what was altered, forged or taken away shows.

Streams a stretch of records from the database in batches; memory does not grow with the table.
"""

from __future__ import annotations

import sqlite3
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
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from .canonical import Digest
from .digest_rows import DIGEST, Reader, before_of, in_batches, links_from, links_of_rows, reader_of
from .digests import Beginning, beginning_of
from .findings import Fault, Finding
from .shape import version_table
from .sqlite import any_text, is_undecodable, readable


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
        dialect = self.connection.dialect
        kind = self.table.c.id.type.dialect_impl(dialect)
        self._of_stored = kind.result_processor(dialect, None)
        self.without = 0
        self._beginning: Beginning | None = None

    def findings(self, part: ColumnElement[bool]) -> list[Finding]:
        """What does not fit in the part of the table that the condition names."""
        without = self.without
        try:
            with any_text(self.connection, "strict"):  # for each text, what is lenient takes longer
                return list(self._findings(part))
        except (DBAPIError, sqlite3.Error) as error:
            if not is_undecodable(error):
                raise
        self.without = without
        with any_text(self.connection, "surrogateescape"):
            return list(self._findings(part))

    def _findings(self, part: ColumnElement[bool]) -> Iterator[Finding]:
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
        id = type_coerce(held.id, NullType())
        query = select(id, held.version_id).where(part, ~exists().where(same))
        with any_text(self.connection, "surrogateescape"):
            for rows in in_batches(self.connection, query.order_by(held.id, held.version_id)):
                for stored, version_id in rows:
                    yield Finding(Fault.VERSION_MISSING, self.model, self._id(stored), version_id)

    def _told(self, row: Sequence[Any], due: Digest) -> Iterator[Finding]:
        place = len(self.reader.content.columns)
        change = row[place] if self.reader.change is not None else None
        for fault in self._faults(row, due, change):
            told = change if fault is Fault.CHANGE_ALTERED else None
            yield Finding(fault, self.model, self._id(row[0]), row[1], told)

    def _id(self, stored: Any) -> Any:
        """The record's id, from what the driver gives; one that is no text with its bytes told."""
        stored = readable(stored)
        return stored if self._of_stored is None else self._of_stored(stored)

    def _faults(self, row: Sequence[Any], due: Digest, change: Any) -> list[Fault]:
        if any(map(_is_no_text, row[: len(self.reader.content.columns)])):
            return [Fault.UNREADABLE]
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
    kept = (own.c.digest, own.c.marks, before.c.digest)
    return reader.query(source, *(type_coerce(column, NullType()) for column in kept))


def _is_no_text(value: Any) -> bool:
    try:
        return isinstance(value, str) and value.encode() is None
    except UnicodeEncodeError:
        return True
