"""The rows that count now, and the rows that counted at a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    func,
    literal_column,
    or_,
    orm,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql.base import ExecutableOption

from .shape import data_columns

T = TypeVar("T")


def is_alive(rows: Any) -> ColumnElement[bool]:
    """The predicate "no tombstone", with the literal that the partial indexes have."""
    alive: ColumnElement[bool] = rows.version_op != literal_column("'delete'")
    return alive


def is_tombstone(rows: Any) -> ColumnElement[bool]:
    """The predicate "a tombstone", with the literal that the partial indexes have."""
    gone: ColumnElement[bool] = rows.version_op == literal_column("'delete'")
    return gone


def live(model: Any) -> ColumnElement[bool]:
    """The predicate "the newest version, and not deleted".

    `model` is a mapped class, an alias of one, or a table's columns. It is spelt as the partial
    indexes are: SQLite uses such an index only when the query repeats its condition, and a bound
    parameter or ``IS TRUE`` would not be recognised (https://www.sqlite.org/partialindex.html).
    """
    rows = model.c if isinstance(model, FromClause) else model
    return and_(is_newest(rows), is_alive(rows))


def deleted(model: Any) -> ColumnElement[bool]:
    """The predicate "the newest version, and a tombstone", spelt as its partial index is."""
    rows = model.c if isinstance(model, FromClause) else model
    return and_(is_newest(rows), is_tombstone(rows))


def count_live(model: type[Any]) -> ColumnElement[int]:
    """The number of live records: of all the records, less the deleted ones.

    Each is counted in an index of its own. A plain count of the live rows would make SQLite read
    every current row as well, which takes five times as long.
    """
    return _count(model, is_newest(model)) - _count(model, deleted(model))


def _count(model: type[Any], which: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(model).where(which).scalar_subquery()


def is_newest(rows: Any) -> ColumnElement[bool]:
    """The predicate "the persisted flag is set", as the partial indexes spell it."""
    newest: ColumnElement[bool] = rows.is_current_version == true()
    return newest


def whole(mapper: Mapper[Any], aliased: bool = False) -> Any:
    """The class, or an alias of it, whose rows load with the columns of their own subclasses."""
    if mapper.polymorphic_on is None:
        return orm.aliased(mapper.class_) if aliased else mapper.class_
    return orm.with_polymorphic(mapper, "*", aliased=aliased)


def undeferred(rows: Any, mapper: Mapper[Any]) -> Iterator[ExecutableOption]:
    """Options that load every data attribute of what `whole` gave, deferred ones too."""
    known = data_columns(mapper.class_)
    yield from (orm.undefer(getattr(rows, name)) for name in known)
    for each in mapper.self_and_descendants if mapper.polymorphic_on is not None else ():
        for name in set(data_columns(each.class_)).difference(known):
            yield orm.undefer(getattr(getattr(rows, each.class_.__name__), name))


def beside_before(mapper: Mapper[Any]) -> tuple[Any, Any, tuple[ExecutableOption, ...]]:
    """The versions of a class, those before them (`follows`), and the options that load every data
    attribute of both: for a statement."""
    return _beside_before(mapper, frozenset(mapper.self_and_descendants))


@lru_cache(maxsize=256)
def _beside_before(
    mapper: Mapper[Any], _classes: frozenset[Mapper[Any]]
) -> tuple[Any, Any, tuple[ExecutableOption, ...]]:
    """Made once: with an alias of its own, a statement over few rows took twice as long. Known by
    the classes below as well, of which there may be more later."""
    version, before = whole(mapper), whole(mapper, aliased=True)
    return version, before, (*undeferred(version, mapper), *undeferred(before, mapper))


def follows(version: Any, before: Any) -> ColumnElement[bool]:
    """Whether a row is the next version after another. Each is an alias, or a table's columns."""
    return and_(before.id == version.id, before.version_id == version.version_id - 1)


def newest_at(model: Any, when: datetime) -> ColumnElement[bool]:
    """The predicate "the newest version at that moment", a tombstone too.

    `model` is a mapped class, an alias of one, or a table's columns; `when` is aware.
    """
    rows = model.c if isinstance(model, FromClause) else model
    return and_(rows.version_from <= when, or_(rows.version_to.is_(None), rows.version_to > when))


def alive_at(model: Any, when: datetime) -> ColumnElement[bool]:
    """The predicate "the newest version at that moment, and not deleted then".

    As `newest_at`; what `live` says of the present. `as_of_index` is spelt alike.
    """
    rows = model.c if isinstance(model, FromClause) else model
    return and_(newest_at(rows, when), is_alive(rows))


def deleted_at(model: Any, when: datetime) -> ColumnElement[bool]:
    """The predicate "deleted at that moment": the newest version was a tombstone. As `alive_at`."""
    rows = model.c if isinstance(model, FromClause) else model
    return and_(newest_at(rows, when), is_tombstone(rows))


def began_before(
    session: Session, model: type[Any], when: datetime, most: int
) -> ColumnElement[bool] | None:
    """The predicate "begun by that moment", by the keys of the versions that had.

    Only where at most `most` versions had begun, None where there are more: an early moment's few
    are then found by their times and sorted, instead of in the order of a list that holds all.
    """
    key = model.id, model.version_id
    begun = select(*key).where(model.version_from <= when, is_alive(model)).limit(most + 1)
    found = session.scalar(select(func.count()).select_from(begun.subquery())) or 0
    return None if found > most else tuple_(*key).in_(begun)


def current(model: type[T]) -> Select[T]:
    """Select the live records: the newest version of each, without the deleted ones."""
    return select(model).where(live(model))


def as_of(model: type[T], when: datetime, id: Any = None) -> Select[T]:
    """Select the records as they were at a moment, without those that were deleted then.

    `when` is aware. A version counts from its `version_from` on, inclusive, until the next one's.
    All versions of a transaction bear the time of its first write, so a transaction that commits
    late is seen, afterwards, as of a moment before its commit. With `id`, only that record's
    version is selected, at a cost that does not grow with its history.

    Raises ValueError when `when` is naive.
    """
    if isinstance(when, datetime) and when.utcoffset() is None:
        raise ValueError(f"{when!r} has no time zone; pass an aware datetime, such as UTC")
    rows: Any = model
    if id is not None:
        newest = (
            select(rows.version_id)
            .where(rows.id == id, rows.version_from <= when)
            .order_by(rows.version_id.desc())
            .limit(1)
            .correlate(None)
            .scalar_subquery()
        )
        return select(model).where(rows.id == id, rows.version_id == newest, is_alive(rows))
    return select(model).where(alive_at(rows, when))
