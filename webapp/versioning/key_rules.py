"""What a key may be made of (`key_of`), checked when a class is mapped; the database's CHECK."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, Table, and_
from sqlalchemy.orm import Mapper
from sqlalchemy.schema import conv

from .errors import VersioningError
from .key_parts import SIGN, TEXTS, refusal, written
from .keys import KEY_OF, fixed_names, key_names, listed
from .shape import version_table


def complete_key(mapper: Mapper[Any], cls: type[Any]) -> None:
    """Once a class is mapped: its key's columns are checked, and the database told to insist."""
    table, names = version_table(mapper), key_names(mapper)
    if not names or mapper.inherits is not None:
        return
    columns = [_key_column(mapper, cls, name) for name in names]
    table.info[KEY_OF] = tuple(column.key for column in columns)
    for dialect in ("sqlite", "postgresql"):
        first, *others = (written(column, dialect) for column in columns)
        text = first
        for other in others:
            text = text.concat(SIGN).concat(other)
        filled = [column != "" for column in columns if type(column.type) in TEXTS]
        rule = CheckConstraint(
            and_(table.c.id == text, *filled),
            name=conv(f"ck_{table.name}_key"),
            info={KEY_OF: dialect},
        )
        rule.ddl_if(dialect=dialect)


def key_check(table: Table, dialect: str) -> CheckConstraint | None:
    """What has the database hold ids against the columns that make them; None for other tables."""
    rules = (each for each in table.constraints if each.info.get(KEY_OF) == dialect)
    return next((each for each in rules if isinstance(each, CheckConstraint)), None)


def _key_column(mapper: Mapper[Any], cls: type[Any], name: str) -> Column[Any]:
    column: Any = mapper.columns.get(name)
    why = "is no column of the class" if column is None else _why_not(mapper, cls, name, column)
    if why:
        raise VersioningError(f"{cls.__name__}.id is made of {name} (key_of), but {name} {why}.")
    found: Column[Any] = column
    return found


def _why_not(mapper: Mapper[Any], cls: type[Any], name: str, column: Column[Any]) -> str | None:
    """Why the column cannot be a part of the key."""
    default: Any = column.default
    if column.table is not version_table(mapper) or name in ("id", "version_id"):
        return "does not stand beside it among the record's own columns"
    if column.nullable:
        return "may be NULL, and a key is whole: say Mapped[str], or nullable=False"
    if name in getattr(cls, "__unversioned__", ()) or name in getattr(cls, "__masked__", ()):
        return "is written in place or not for showing, and an id is neither"
    if column.computed is not None or column.server_default is not None or column.identity:
        return "gets its value from the database, too late for the id"
    if column.onupdate is not None or (default is not None and not default.is_scalar):
        return "has a default that is not a plain value; give it when the record is made"
    why = refusal(column)
    return f"cannot be a part of a key: {why}" if why else None


def refuse_reference(property: Any) -> None:
    """Raise VersioningError for a reference that would rewrite a key of which it is a part."""
    names = set(property.names) & fixed_names(property.parent)
    follows = property.kind == "following" and property.names[-1] in names
    if follows or (names and property.on_delete == "set null"):
        raise VersioningError(
            f"{property} holds {listed(sorted(names))}, which the id is made of (key_of) and which"
            " never changes: leave the version number out of the key, and on_delete as it is."
        )
