"""A record in an address is its id alone: `?id=7` is record 7, whatever its versions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, inspect, literal, select
from sqlalchemy.orm import Session, scoped_session

from webapp.versioning import is_versioned

from . import documents

CANONICAL = re.compile(r"0|-?[1-9]\d{0,18}", re.ASCII)
LARGEST = 2**63 - 1
LONGEST = 255


def id_name(model: type[Any]) -> str:
    """The attribute that identifies a record: `id`, or the one key of an unversioned model."""
    if is_versioned(model):
        return "id"
    mapper = inspect(model)
    if len(mapper.primary_key) != 1:
        raise TypeError(f"{model.__name__} has a composite key, which no address can hold.")
    return mapper.get_property_by_column(mapper.primary_key[0]).key


def parse(model: type[Any], text: Any) -> Any | None:
    """The id that the text spells, None when it cannot be one.

    Only the canonical spelling counts (`01` and ` 1` are no ids), and only what every database can
    compare: PostgreSQL fails on a number out of range and on a NUL.
    """
    if not isinstance(text, str) or not text or len(text) > LONGEST:
        return None
    type_ = _column(model).type
    if isinstance(type_, sa.Integer):
        number = int(text) if CANONICAL.fullmatch(text) else None
        return number if number is not None and abs(number) <= LARGEST else None
    if isinstance(type_, sa.Uuid):
        return _uuid(text, type_)
    return text if documents.is_storable(text) else None


def is_typed(model: type[Any]) -> bool:
    """Whether a person gives a new record its id: neither the versioning nor a default does."""
    column = _column(inspect(model).base_mapper.class_)
    given = column.default is not None or column.server_default is not None
    return not (given or isinstance(column.type, sa.Integer))


def check(model: type[Any], value: Any) -> None:
    """Raise ValueError for a typed id that no address can hold."""
    if value is None or parse(model, str(value)) is None:
        raise ValueError(f"An id is a text of 1 to {LONGEST} characters that can be printed.")


def matches(model: type[Any], value: Any) -> ColumnElement[bool]:
    """Whether a row belongs to the record of that id.

    An integer is compared as a BIGINT, so that one beyond the column's range is merely not found.
    """
    column = getattr(model, id_name(model))
    return column == (literal(value, sa.BigInteger) if isinstance(value, int) else value)


def among(model: type[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether a row belongs to one of the records of those ids."""
    wanted = [literal(each, sa.BigInteger) if isinstance(each, int) else each for each in values]
    found: ColumnElement[bool] = getattr(model, id_name(model)).in_(wanted)
    return found


def newest(session: Session | scoped_session[Any], model: type[Any], text: Any) -> Any | None:
    """The newest version of the record, a tombstone too; None when there was never one."""
    value = parse(model, text)
    if value is None:
        return None
    statement = select(model).where(matches(model, value)).limit(1)
    if is_versioned(model):
        statement = statement.order_by(model.version_id.desc())
    return session.scalars(statement).first()


def _column(model: type[Any]) -> Any:
    return inspect(model).column_attrs[id_name(model)].columns[0]


def _uuid(text: str, type_: sa.Uuid[Any]) -> Any | None:
    try:
        value = uuid.UUID(text)
    except ValueError:
        return None
    if str(value) != text:
        return None
    return value if type_.as_uuid else text
