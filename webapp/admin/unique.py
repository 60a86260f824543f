"""Values that are unique among the living, checked before the database refuses them.

Flask-Admin's own validator looks at every row, so a record clashes with its own past.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, UniqueConstraint, inspect, select
from sqlalchemy.orm import Session, scoped_session

from webapp.versioning import current, data_columns, id_of, is_versioned, key_columns

from . import presentation

MESSAGE = "Another record has this already."


def clashing(session: Session | scoped_session[Any], obj: Any) -> tuple[str, ...]:
    """The attributes of the first unique rule that another live record satisfies already.

    Empty when there is none. A rule with a NULL among its values binds nobody.
    """
    model = type(obj)
    for attributes in rules(model):
        if attributes == _key(model) and obj.id is not None:
            continue  # it has its key, and nobody else can have it
        values = {name: getattr(obj, name) for name in attributes}
        if None in values.values():
            continue
        with session.no_autoflush:
            if session.scalars(_others(model, obj).where(*_equal(model, values)).limit(1)).first():
                return attributes
    return ()


def message(obj: Any, attributes: tuple[str, ...]) -> str:
    """What is said of attributes that `clashing` has found: of a key, the record that has it."""
    model = type(obj)
    values = {name: getattr(obj, name) for name in attributes}
    if attributes != _key(model) or None in values.values():
        return MESSAGE
    return taken(model, id_of(model, **values))


def taken(model: type[Any], id: Any) -> str:
    """What is said of a key that a living record has."""
    word = presentation.word_for(model)
    return f"{word} {id} is there already: edit that one, or choose another key."


def rules(model: type[Any]) -> Iterator[tuple[str, ...]]:
    """The attributes of every unique index and constraint over the model's own columns, and before
    them those that its ids are made of."""
    if _key(model):
        yield _key(model)
    mapper = inspect(model)
    own = set(data_columns(model)) if is_versioned(model) else set(mapper.column_attrs.keys())
    constraints = [each for table in mapper.tables for each in table.constraints]
    indexes = [each for table in mapper.tables for each in table.indexes]
    unique = (each for each in constraints if isinstance(each, UniqueConstraint))
    for rule in [*unique, *(index for index in indexes if index.unique)]:
        names = tuple(
            mapper.get_property_by_column(column).key
            for column in rule.columns
            if column in mapper.columns.values()
        )
        if names and own.issuperset(names):
            yield names


def _key(model: type[Any]) -> tuple[str, ...]:
    return key_columns(model) if is_versioned(model) else ()


def _others(model: type[Any], obj: Any) -> Any:
    if not is_versioned(model):
        key = inspect(model).primary_key[0]
        mine = getattr(obj, inspect(model).get_property_by_column(key).key)
        return select(key) if mine is None else select(key).where(key != mine)
    query = current(model).with_only_columns(model.id)
    return query if obj.id is None else query.where(model.id != obj.id)


def _equal(model: type[Any], values: dict[str, Any]) -> list[ColumnElement[bool]]:
    return [getattr(model, name) == value for name, value in values.items()]
