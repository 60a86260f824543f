"""Records known by several columns, such as country and code: the id is a text made of them.

So a record still is known by its `id` alone, wherever one is named: addresses, references, links,
digests and files hold that text. It is made once, when the record is created, and since it says
what the columns say, these are written once too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, String, inspect
from sqlalchemy.orm import InstanceState, MappedColumn, Mapper, mapped_column

from .edits import is_expression
from .errors import BadKey, VersioningError
from .key_parts import SIGN, read, write
from .settle import references
from .shape import version_table

#: In ``Column.info`` of an id, the attributes that it is made of; in ``Table.info``, the columns.
KEY_OF = "versioning.key"
LONGEST = 255


def key_of(*columns: str) -> MappedColumn[str]:
    """An id made of other columns, for records that several columns name together. ::

        class Station(Versioned, Base):
            __tablename__ = "station"
            id: Mapped[str] = key_of("country", "code")
            country: Mapped[str] = mapped_column(String(2))
            code: Mapped[str] = mapped_column(String(20))

    `columns` name the attributes, in the order in which they are written: the station FR, AB-1 has
    the id ``FR/AB-1``. It is filled in when a row is inserted, by objects and by ``insert()``; a
    program may give it, as long as it is the same. `id_of` tells it of any columns.

    In a part, ``~`` is written ``~0`` and ``/`` is written ``~1``, so that two keys are never one
    text: the parts of ``a~1b/c`` are ``a/b`` and ``c``. Texts stand letter by letter, with the
    capitals and blanks that they have; whole numbers in decimal, dates as ``2030-01-31``, UUIDs in
    lower case with dashes, members of an enum as the database holds them. Other types are refused,
    CHAR among them, which PostgreSQL fills up with blanks. An id has at most 255 characters.

    Every part is there: the columns are NOT NULL, and an empty text is refused like NULL, since
    forms and files cannot tell the two apart and a key with a hole in it names nothing. What a
    column's ``default`` gives is known in time if it is a plain value.

    Key columns are written once. An edit, ``update()`` or merge that would change one raises
    `BadKey`: create the record under its other key, and delete this one. Restore and undo leave
    them alone. A new object with the key of a deleted record brings that record back, with its
    history, as with any id; `insert()` refuses an id that was ever used.

    The database insists on it as well: a CHECK compares the id with its columns, of all of these
    types, on SQLite and PostgreSQL.

    A part may be the column of a reference: ``key_of("order_id", "line")`` beside ``order:
    Mapped[Order] = floating("order_id")``. The order may be new in the same flush.

    In joined inheritance the id and its columns stand in the first table. Raises VersioningError
    when the class is mapped, if a column is missing or cannot be part of a key.
    """
    if len(set(columns)) < len(columns) or len(columns) < 2:
        raise VersioningError(
            f"key_of({', '.join(map(repr, columns))}) needs two columns or more, each once. Of one"
            " column, make the id itself: id: Mapped[str]."
        )
    return mapped_column(
        String(LONGEST),
        primary_key=True,
        sort_order=-2,
        insert_default=_fill,
        info={KEY_OF: columns},
    )


def id_of(model: type[Any], *parts: Any, **named: Any) -> str:
    """The id of the model's record with that key, whether there is one or not. ::

        session.scalars(current(Station).where(Station.id == id_of(Station, "FR", "AB-1")))
        id_of(Station, country="FR", code="AB-1")

    Raises BadKey where the parts make no id.
    """
    mapper = inspect(model)
    names = key_names(mapper)
    if not names:
        raise VersioningError(f"The id of {model.__name__} is not made of columns (key_of).")
    given = dict(zip(names, parts, strict=False)) | named
    if len(parts) + len(named) != len(names) or given.keys() != set(names):
        raise BadKey(f"The id of {model.__name__} is made of {listed(names)}: give each.", names)
    return made_of(mapper, given)


def key_columns(model: type[Any]) -> tuple[str, ...]:
    """The attributes that the model's ids are made of, in order; none where they are not."""
    return key_names(inspect(model))


@lru_cache(maxsize=256)
def key_names(mapper: Mapper[Any]) -> tuple[str, ...]:
    """As `key_columns`, of a mapper."""
    found: tuple[str, ...] = version_table(mapper).c.id.info.get(KEY_OF, ())
    return found


@lru_cache(maxsize=256)
def fixed_names(mapper: Mapper[Any]) -> frozenset[str]:
    """The key's attributes, to ask of each edit."""
    return frozenset(key_names(mapper))


def is_made(column: Column[Any]) -> bool:
    """Whether the column is an id that `key_of` has declared."""
    return KEY_OF in column.info


def made_of(mapper: Mapper[Any], values: Mapping[str, Any]) -> str:
    """The id that the values make, by attribute name. Raises BadKey."""
    parts = {name: (mapper.columns[name], values.get(name)) for name in key_names(mapper)}
    return _made(mapper.class_.__name__, parts)


def key_differences(model: type[Any], id: str, values: Mapping[str, Any]) -> list[str]:
    """The key's attributes of which the values say otherwise than the id."""
    mapper = inspect(model)
    names, parts = key_names(mapper), read(id)
    told = dict(zip(names, parts, strict=True)) if len(parts) == len(names) else {}
    return [
        name
        for name in names
        if name in values and not _says(mapper.columns[name], values[name], told.get(name))
    ]


def refuse_change(mapper: Mapper[Any], id: Any, names: Collection[str]) -> None:
    """Raise BadKey where an edit of the record is about to change its key."""
    changed = [name for name in key_names(mapper) if name in names]
    if changed:
        record = f"{mapper.class_.__name__} {id}"
        raise BadKey(
            f"{record} is known by its {listed(changed)}, which cannot be changed. Nothing was"
            " written: create a new record with the other key, and delete this one.",
            changed,
        )


def refuse_set(mapper: Mapper[Any], names: Collection[str]) -> None:
    """Raise BadKey where an ``update()`` sets a part of the key."""
    changed = [name for name in key_names(mapper) if name in names]
    if changed:
        raise BadKey(
            f"{listed(changed)} of {mapper.class_.__name__}: records are known by it, and it"
            " cannot be changed. Nothing was written: create new records with the other keys, and"
            " delete these.",
            changed,
        )


def name_new(
    states: Iterable[InstanceState[Any]],
) -> tuple[set[InstanceState[Any]], list[InstanceState[Any]]]:
    """Give new objects the ids that their columns make, those that refer to each other in turn.

    Returns the objects that got one, and those whose key waits for the id of another new object.
    Raises BadKey.
    """
    named: set[InstanceState[Any]] = set()
    waiting = list(states)
    while waiting:
        left = [state for state in waiting if _awaits(state)]
        for state in waiting:
            if state not in left and _name(state):
                named.add(state)
        if len(left) == len(waiting):
            break
        waiting = left
    return named, waiting


def refuse_waiting(states: Iterable[InstanceState[Any]]) -> None:
    """Raise BadKey for objects that refer, by their key, to what has no id."""
    for state in states:
        made_of(state.mapper, state.dict)


def ids_of_rows(mapper: Mapper[Any], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The ids of rows that an ``insert()`` adds, by attribute name. Raises BadKey."""
    return [_checked(mapper, row) for row in rows]


def _name(state: InstanceState[Any]) -> bool:
    """Set the object's id. Returns whether it had none."""
    obj: Any = state.obj()
    names = key_names(state.mapper)
    for name in names:
        if state.dict.get(name) is None:
            default = _default(state.mapper.columns[name])
            if default is not None:
                setattr(obj, name, default)
    is_new = state.dict.get("id") is None
    id = _checked(state.mapper, {name: state.dict.get(name) for name in ("id", *names)})
    if is_new:
        obj.id = id
    return is_new


def _checked(mapper: Mapper[Any], values: Mapping[str, Any]) -> str:
    """The id of the values, which is the one given where one is given."""
    names, given = key_names(mapper), values.get("id")
    id = made_of(mapper, values)
    if given not in (None, id):
        raise BadKey(
            f"{mapper.class_.__name__}: the id is {given!r}, and {listed(names)} make it {id!r}."
            " Nothing was written: leave the id out.",
            ("id", *names),
        )
    return id


def _awaits(state: InstanceState[Any]) -> bool:
    """Carry references over to the key; returns whether one leads to an object without an id."""
    awaits = False
    for relation in references(state.mapper):
        target = state.dict.get(relation.key)
        if target is None:
            continue
        for local, remote in relation.local_remote_pairs or ():
            name = state.mapper.get_property_by_column(local).key
            if name in fixed_names(state.mapper):
                value = getattr(target, relation.mapper.get_property_by_column(remote).key)
                if value is None:
                    awaits = True
                else:
                    setattr(state.obj(), name, value)
    return awaits


def _made(model: str, parts: Mapping[str, tuple[Column[Any], Any]]) -> str:
    texts = []
    for name, (column, given) in parts.items():
        value = _default(column) if given is None else given
        if value is None or is_expression(value):
            what = "is missing" if value is None else "is an SQL expression"
            raise _unmade(model, name, f"{what}; it must be known before the row is written")
        try:
            texts.append(write(column.type, value))
        except ValueError as error:
            raise _unmade(model, name, str(error)) from None
    id = SIGN.join(texts)
    if len(id) > LONGEST:
        names = tuple(parts)
        raise BadKey(
            f"{model}: {listed(names)} make an id of {len(id)} characters, and it has room for"
            f" {LONGEST}. Nothing was written: shorten them.",
            names,
        )
    return id


def _unmade(model: str, name: str, why: str) -> BadKey:
    return BadKey(
        f"{model} is known by its {name}, which {why}. Nothing was written: give each part of the"
        " key.",
        (name,),
    )


def _fill(context: Any) -> str:
    """The id's default: for rows that are inserted past the ORM."""
    table = context.compiled.statement.table
    given = context.get_current_parameters()
    columns = (table.c[name] for name in table.info[KEY_OF])
    return _made(table.name, {c.key: (c, given.get(c.key)) for c in columns})


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    return default.arg if default is not None and default.is_scalar else None


def _says(column: Column[Any], value: Any, part: str | None) -> bool:
    """Whether the value makes that part of an id."""
    try:
        return read(write(column.type, value)) == [part]
    except ValueError:
        return False


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: “country and code”."""
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
