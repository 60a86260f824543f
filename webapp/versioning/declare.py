"""What a versioned class is given before it is mapped, and which shapes are refused with a word.

A class with a table of its own below a versioned one (joined inheritance) shares the record's
versions: its table is keyed by ``(id, version_id)`` too, and each of its rows belongs to a version
in the base table, which alone holds the version columns.
"""

from __future__ import annotations

from typing import Any, get_type_hints

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    event,
    inspect,
)
from sqlalchemy.orm import MappedAsDataclass, MappedColumn, Mapper, mapped_column
from sqlalchemy.util import get_annotations

from . import keys
from .errors import VersioningError
from .indexes import NAME
from .shape import KEY, PART, version_table


def complete_class(cls: type[Any], mixin: type[Any]) -> None:
    """Before a class is mapped: give it the columns that its kind of mapping needs.

    Raises VersioningError for a class that cannot be versioned as it is written.
    """
    if "__mapper__" in cls.__dict__:
        raise VersioningError(
            f"{cls.__name__} names {mixin.__name__} after its base, which mapped it already: write"
            f" class {cls.__name__}({mixin.__name__}, …)."
        )
    if "id" in get_annotations(cls) and "id" not in cls.__dict__:
        cls.id = mapped_column(primary_key=True, sort_order=-2)  # not the mixin's, but of this type
    if issubclass(cls, MappedAsDataclass) and _makes_id(cls):
        _set_dataclass(cls.__dict__["id"], "id")
    if cls.__dict__.get("__abstract__"):
        return
    parent = next((c for c in cls.__mro__[1:] if "__mapper__" in c.__dict__), None)
    if parent is not None:
        if _has_own_table(cls, parent):
            _join_to(cls, parent)
        elif _makes_id(cls):
            raise VersioningError(
                f"{cls.__name__} declares an id by key_of(), but its records stand in the table of"
                f" {parent.__name__}: declare it there."
            )
    elif issubclass(cls, MappedAsDataclass):
        _leave_out_of_init(cls, mixin)


def order_key(mapper: Mapper[Any], cls: type[Any]) -> None:
    """Before a class is mapped: the id leads the key, also where a model overrides the column.

    A record's versions are found by the key's index. Raises VersioningError for another key.
    """
    table = mapper.local_table
    if not isinstance(table, Table):
        return
    if mapper.inherits is None:
        _refuse_other_keys(table, cls)
        if list(table.primary_key)[:1] == [table.c.version_id]:
            table.append_constraint(PrimaryKeyConstraint(table.c.id, table.c.version_id))
    elif mapper.concrete:
        raise VersioningError(
            f"{cls.__name__} is mapped by concrete inheritance, which gives each class records of"
            " its own. Map it by single-table or joined inheritance, or give it no mapped parent."
        )


def complete_part(mapper: Mapper[Any]) -> None:
    """Once a class below another is mapped: its own table is known as a part of the versions."""
    table, base = mapper.local_table, version_table(mapper)
    if not isinstance(table, Table):
        return
    in_place = getattr(mapper.class_, "__unversioned__", ())
    names = frozenset(mapper.columns[name].name for name in in_place) & set(table.c.keys())
    if table is base:
        table.info["versioned"] |= names
        return
    for index in table.indexes:
        if NAME in index.info:
            raise VersioningError(
                f"{mapper.class_.__name__} has an index over current rows, but which rows are"
                f" current is known in the table {base.name} alone: move column and index there."
            )
    table.info[PART] = base, names


def _has_own_table(cls: type[Any], parent: type[Any]) -> bool:
    name = getattr(cls, "__tablename__", None)
    return name is not None and name != _table(parent).name


def _join_to(cls: type[Any], parent: type[Any]) -> None:
    own = get_annotations(cls)
    if any(name in own or name in cls.__dict__ for name in KEY):
        raise VersioningError(
            f"{cls.__name__} has a key of its own, but shares the versions of {parent.__name__}:"
            " leave id and version_id out, and its table gets both, with the foreign key."
        )
    above = _table(parent)
    options: dict[str, Any] = {"init": False} if issubclass(cls, MappedAsDataclass) else {}
    for place, name in enumerate(KEY):
        key: MappedColumn[Any] = mapped_column(
            above.c[name].type,
            primary_key=True,
            autoincrement=False,
            sort_order=place - 2,
            **options,
        )
        setattr(cls, name, key)

    def refer(version_id: Column[Any], table: Table) -> None:
        pairs = [table.c.id, version_id], [above.c.id, above.c.version_id]
        table.append_constraint(ForeignKeyConstraint(*pairs))

    event.listen(key.column, "after_parent_attach", refer)  # the id is there by then


def _table(model: type[Any]) -> Table:
    table = inspect(model).local_table
    assert isinstance(table, Table)
    return table


def _refuse_other_keys(table: Table, cls: type[Any]) -> None:
    misnamed = [c.name for c in table.columns if keys.is_made(c) and c.name != "id"]
    if misnamed:
        raise VersioningError(f"{cls.__name__}.{misnamed[0]}: what key_of() makes is named id.")
    others = [column.name for column in table.primary_key if column.name not in KEY]
    if not others and "id" in table.c:
        return
    names = ", ".join(map(repr, others))
    advice = "Keep the column id as the primary key."
    if len(others) > 1:
        advice = (
            f"Say id: Mapped[str] = key_of({names}), which makes the id of them, and leave"
            " primary_key out of theirs."
        )
    elif others:
        advice = f"Name the column {names} id, or keep the id and say current_unique({names})."
    raise VersioningError(
        f"{cls.__name__}: a record is known by its id alone, which may be a number, a string or a"
        f" UUID. {advice}"
    )


def _makes_id(cls: type[Any]) -> bool:
    made = cls.__dict__.get("id")
    return isinstance(made, MappedColumn) and keys.is_made(made.column)


def _leave_out_of_init(cls: type[Any], mixin: type[Any]) -> None:
    """A dataclass takes no fields from a mixin that is none, so it gets the columns as its own.

    None is an argument of ``__init__``, but for an `id` that the model declares itself and that no
    other columns make.
    """
    own = get_annotations(cls)
    ours: dict[str, Any] = {}
    for name, kind in get_type_hints(mixin).items():
        column = mixin.__dict__.get(name)
        if isinstance(column, MappedColumn) and name not in own and name not in cls.__dict__:
            copy = column._copy()
            _set_dataclass(copy, name)
            ours[name] = kind
            setattr(cls, name, copy)
    cls.__annotations__ = {**ours, **own}


def _set_dataclass(column: MappedColumn[Any], name: str) -> None:
    """Have the column be no argument of ``__init__``."""
    # Private, and guarded by a test: what says of a column how it is a dataclass field.
    column._attribute_options = mapped_column(init=False, repr=name in KEY)._attribute_options
    column._has_dataclass_arguments = True
