"""``update()``, ``delete()`` and ``insert()`` statements on a versioned model keep its history too.

Listens to ``do_orm_execute``. What would alter rows behind the history's back is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from sqlalchemy import BindParameter, Delete, Insert, Result, Table, Update, inspect, select, tuple_
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.orm import Mapper, ORMExecuteState, QueryableAttribute, Session

from .allot import allot_ids, allots_ids
from .change import open_change
from .errors import ReadOnlyVersion, UnknownVersion, VersioningError
from .keys import ids_of_rows, key_names, refuse_set
from .ledger import is_enabled
from .repoint import complete_values
from .shape import (
    PART,
    VERSION_COLUMNS,
    chunks,
    has_versions,
    part_tables,
    unversioned_columns,
    version_table,
)
from .sweep import Sweep

CHUNK = 500


def version_statement(execute_state: ORMExecuteState) -> Result[Any] | None:
    """Rewrite an ORM statement that would alter a versioned table; None lets it run as it is."""
    if execute_state.is_column_load:
        # a flush here would move the object to its new row, and then the old one's be loaded
        execute_state.update_execution_options(autoflush=False)
    if not (execute_state.is_update or execute_state.is_delete or execute_state.is_insert):
        return None
    session: Session = execute_state.session
    # a SELECT of entities from_statement() a DML statement's RETURNING
    statement = getattr(execute_state.statement, "element", execute_state.statement)
    mapper = execute_state.bind_mapper
    if not is_enabled(session):
        return None
    if mapper is None:
        _refuse_table(statement)
        return None
    if not has_versions(mapper):
        return None
    session.flush()
    if isinstance(statement, Insert):
        _prepare_insert(execute_state, statement, mapper)
        return None
    assert isinstance(statement, Update | Delete)
    parameters = execute_state.parameters or {}
    if not isinstance(parameters, Mapping):
        return _update_by_key(session, mapper, statement, parameters)
    if isinstance(statement, Delete):
        return Sweep(session, mapper, statement, parameters).delete()
    values = complete_values(mapper, _values(mapper, statement, parameters))
    if values and values.keys() <= unversioned_columns(mapper):
        return Sweep(session, mapper, statement, parameters).update_in_place(values)
    return Sweep(session, mapper, statement, parameters).update(values)


def _refuse_table(statement: Any) -> None:
    table = getattr(statement, "table", None)
    kinds = "versioned", PART
    if (
        isinstance(table, Table)
        and any(kind in table.info for kind in kinds)
        and not statement.is_insert
    ):
        raise VersioningError(
            f"A statement on the table {table.name} would rewrite its history. Nothing was"
            " written: use update() or delete() on the mapped class, which makes versions."
        )


def _values(
    mapper: Mapper[Any], statement: Update, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The SET clause by attribute name."""
    given: dict[Any, Any] = {**(statement._values or {})}
    given.update((name, value) for name, value in parameters.items() if name in mapper.columns)
    values = {_attribute(mapper, key): _plain(value, parameters) for key, value in given.items()}
    _refuse_by_hand(mapper, values.keys() & (VERSION_COLUMNS | {"id"}))
    refuse_set(mapper, values.keys())
    return values


def _refuse_by_hand(mapper: Mapper[Any], names: Set[str]) -> None:
    if names:
        raise ReadOnlyVersion(
            f"{', '.join(sorted(names))} of {mapper.class_.__name__} cannot be set by hand."
            " Nothing was written: leave them out, and the versioning sets them."
        )


def _attribute(mapper: Mapper[Any], key: Any) -> str:
    if isinstance(key, str):
        return mapper.get_property(key).key if key in mapper.attrs else key
    if isinstance(key, QueryableAttribute):
        return key.key
    table = version_table(mapper) if key.table is None else key.table
    return mapper.get_property_by_column(table.c[key.key]).key


def _plain(value: Any, parameters: Mapping[str, Any]) -> Any:
    """A parameter's value; SQL expressions stay what they are."""
    if isinstance(value, BindParameter):
        return parameters.get(value.key, value.effective_value)
    return value


def _update_by_key(
    session: Session,
    mapper: Mapper[Any],
    statement: Update | Delete,
    rows: Sequence[Mapping[str, Any]],
) -> Result[Any]:
    """The ORM's bulk update by primary key: as edits of objects, in one flush."""
    name = mapper.class_.__name__
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    if isinstance(statement, Delete) or statement.whereclause is not None or statement._values:
        raise VersioningError(
            f"A list of rows updates {name} by their keys, without WHERE and values. Nothing was"
            " written: write it as one statement, with in_() for example."
        )
    if any(row.get(key) is None for row in rows for key in names):
        raise VersioningError(
            f"A row of the list lacks its key, {' and '.join(names)}. Nothing of {name} was"
            " written: give each row the key of the version that it edits."
        )
    keys = [tuple(row[name] for name in names) for row in rows]
    found: dict[Any, Any] = {}
    for part in chunks(keys, CHUNK):
        query = select(mapper.class_).where(tuple_(*mapper.primary_key).in_(part))
        found.update((inspect(obj).identity, obj) for obj in session.scalars(query))
    if unknown := set(keys) - found.keys():
        raise UnknownVersion(
            f"{name} {min(unknown)} is not in the database. Nothing was written: read the records"
            " again."
        )
    for key, row in zip(keys, rows, strict=True):
        for attribute in row.keys() - set(names):
            setattr(found[key], attribute, row[attribute])
    session.flush()
    return IteratorResult(SimpleResultMetaData([]), iter([]))


def _prepare_insert(execute_state: ORMExecuteState, statement: Insert, mapper: Mapper[Any]) -> None:
    """Give inserted rows their ids and their change; refuse forms that could rewrite a row."""
    parameters = execute_state.parameters or {}
    if statement._post_values_clause is not None or statement.select is not None:
        raise VersioningError(
            f"INSERT … SELECT and upserts of {mapper.class_.__name__} would bypass its history."
            " Nothing was written: add objects, or pass insert() a list of rows."
        )
    if statement._multi_values:
        raise VersioningError(
            f"insert({mapper.class_.__name__}).values([...]) cannot be given ids. Nothing was"
            " written: pass the rows as the second argument of session.execute()."
        )
    session = execute_state.session
    rows = [parameters] if isinstance(parameters, Mapping) else list(parameters)
    in_statement = {_attribute(mapper, key) for key in statement._values or ()}
    in_rows = {_attribute(mapper, key) for key in set().union(*rows)}
    _refuse_by_hand(mapper, (in_statement | in_rows) & VERSION_COLUMNS)
    made = _made_ids(mapper, statement, rows) if key_names(mapper) else None
    opened = open_change(session, mapper)
    new: dict[str, Any] = {"change_id": opened.id, "version_from": opened.at}
    if part_tables(mapper):
        new["version_id"] = 1  # the key of each table, where a default would be the first one's
    extra = [new.copy() for _ in rows]
    for more, text in zip(extra, made or (), strict=False):
        more["id"] = text
    lacking = [n for n, row in enumerate(rows) if row.get("id") is None]
    if lacking and "id" not in in_statement and allots_ids(mapper):
        given = (row["id"] for row in rows if row.get("id") is not None)
        ids = allot_ids(session, mapper, len(lacking), given)
        for n, id in zip(lacking, ids, strict=True):
            extra[n]["id"] = id
    complete = [{**row, **more} for row, more in zip(rows, extra, strict=True)]
    execute_state.parameters = complete[0] if isinstance(parameters, Mapping) else complete


def _made_ids(
    mapper: Mapper[Any], statement: Insert, rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The ids that the rows' key columns make (`key_of`)."""
    shared = {_attribute(mapper, key): it for key, it in (statement._values or {}).items()}
    named = [{_attribute(mapper, key): it for key, it in row.items()} for row in rows]
    plain = [{name: _plain(it, row) for name, it in shared.items()} for row in rows]
    return ids_of_rows(mapper, [{**a, **b} for a, b in zip(named, plain, strict=True)])
