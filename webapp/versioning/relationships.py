"""The relationships behind references: they know which choice they are.

When the class is mapped, its table gets the foreign keys and the index that the choice needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from weakref import WeakSet

from sqlalchemy import Column, ColumnElement, ForeignKeyConstraint, Table, and_, event, inspect
from sqlalchemy.orm import Mapper, Relationship, foreign, remote

from .anchors import demand_living, keeps_versions, record_key
from .errors import VersioningError
from .key_rules import refuse_reference
from .queries import live
from .shape import version_table

Kind = Literal["pinned", "following", "floating"]
OnDelete = Literal["refuse", "cascade", "set null"]
#: In ``Table.info``: the references that lead to the table's records, and those yet to be resolved.
REFERRED = "versioning.referred"


@dataclass(frozen=True)
class Reference:
    """One declared reference.

    `name` is the relationship's key in `model`, `target` the versioned class that it leads to.
    `columns` are the attributes of `model` that hold the target's key, `version` the one that holds
    its version number, None in a floating reference. `on_delete` says what happens to a living
    `model` record whose target is deleted; nothing happens to a pinned one.
    """

    model: type[Any]
    name: str
    kind: Kind
    target: type[Any]
    columns: tuple[str, ...]
    version: str | None
    on_delete: OnDelete


@lru_cache(maxsize=256)
def reference_properties(mapper: Mapper[Any]) -> tuple[ReferenceProperty, ...]:
    """The relationships behind `references_of`."""
    return tuple(p for p in mapper.relationships if isinstance(p, ReferenceProperty))


@lru_cache(maxsize=256)
def followed_versions(mapper: Mapper[Any]) -> frozenset[str]:
    """Attributes that hold the version numbers of following references."""
    found = reference_properties(mapper)
    return frozenset(p.names[-1] for p in found if p.kind == "following")


def referring(mapper: Mapper[Any]) -> list[ReferenceProperty]:
    """The relationships behind `references_to`; at next to no cost where there are none."""
    found: list[ReferenceProperty] | None = version_table(mapper).info.get(REFERRED)
    return found or []


class TiedProperty(Relationship[Any]):
    """A relationship that gets its constraints once both classes are mapped."""

    inherit_cache = True
    #: Where the target's table keeps the list of those that lead to it.
    listed = REFERRED

    def set_parent(self, parent: Mapper[Any], init: bool) -> None:
        super().set_parent(parent, init)
        event.listen(parent, "after_mapper_constructed", self._constrain)

    def _constrain(self, mapper: Mapper[Any], cls: type[Any]) -> None:
        target = target_of(self)
        if target is None:
            _WAITING.add(self)
        else:
            self.tie(target)

    def tie(self, target: Mapper[Any]) -> None:
        """Add the constraints; the target's table learns who leads to it."""
        table = version_table(target)
        if not keeps_versions(table):
            raise VersioningError(
                f"{self} refers to {target.class_.__name__}, which keeps no versions. Use a foreign"
                " key and relationship() for it."
            )
        table.info.setdefault(self.listed, []).append(self)
        self.argument = target.class_  # of two classes with one name, a name tells none


class ReferenceProperty(TiedProperty):
    """A many-to-one relationship that knows which choice it is."""

    inherit_cache = True

    def __init__(
        self, kind: Kind, columns: tuple[str, ...], on_delete: OnDelete, target: Any, options: Any
    ) -> None:
        super().__init__(target, primaryjoin=self._join, uselist=False, **options)
        self.kind = kind
        self.names = columns
        self.on_delete = on_delete

    @property
    def reference(self) -> Reference:
        """What was declared, as data."""
        followed = self.kind != "floating"
        columns = self.names[:-1] if followed else self.names
        version = self.names[-1] if followed else None
        owner, target = self.parent.class_, self.mapper.class_
        return Reference(owner, self.key, self.kind, target, columns, version, self.on_delete)

    @property
    def key_columns(self) -> list[Column[Any]]:
        """The columns that hold the target's key."""
        columns = self.referring_columns
        return columns if self.kind == "floating" else columns[:-1]

    @property
    def version_column(self) -> Column[Any]:
        """The column that holds the target's version number; not in a floating reference."""
        return self.referring_columns[-1]

    @property
    def referring_columns(self) -> list[Column[Any]]:
        """All columns of the reference, the version number's last."""
        return [_column(self, name) for name in self.names]

    def tie(self, target: Mapper[Any]) -> None:
        super().tie(target)
        table, leads_to = self.parent.local_table, version_table(target)
        assert isinstance(table, Table)
        key = _key(self, leads_to)
        versions = version_table(self.parent)
        if self.kind == "following" and table is not versions and keeps_versions(versions):
            raise VersioningError(
                f"{self}: a following reference cannot stand in the table of a subclass, whose rows"
                " would be rewritten. Declare it in the base class, or make it floating."
            )
        refuse_reference(self)
        if self.kind != "floating":  # deferred: one flush may write the two in any order
            table.append_constraint(
                ForeignKeyConstraint(
                    self.referring_columns, key, deferrable=True, initially="DEFERRED"
                )
            )
        if self.kind != "pinned":
            demand_living(table, versions, self.key_columns, leads_to)

    def _join(self) -> ColumnElement[bool]:
        table = version_table(known_target(self))
        pairs = zip(self.referring_columns, _key(self, table), strict=True)
        same = [foreign(local) == remote(key) for local, key in pairs]
        return and_(*same, live(Remote(table))) if self.kind == "floating" else and_(*same)


class CollectedProperty(Relationship[Any]):
    """The one-to-many relationship over the rows that refer to its record."""

    inherit_cache = True

    def __init__(self, by: str, target: Any, options: Any) -> None:
        kept: dict[str, Any] = {"back_populates": by, "passive_deletes": "all"}
        super().__init__(target, primaryjoin=self._join, **kept, **options)
        self.by = by

    def _join(self) -> ColumnElement[bool]:
        found = known_target(self).relationships.get(self.by)
        if not isinstance(found, ReferenceProperty) or found.kind == "pinned":
            raise VersioningError(
                f"{self}: the class has no following or floating reference {self.by}. Name one that"
                " leads here."
            )
        pairs = zip(found.key_columns, record_key(version_table(self.parent)), strict=True)
        same = [key == remote(foreign(local)) for local, key in pairs]
        rows = version_table(found.parent)
        return and_(*same, live(Remote(rows))) if keeps_versions(rows) else and_(*same)


class Remote:
    """A table's columns, marked as the far side of a join."""

    def __init__(self, table: Table) -> None:
        self.is_current_version: Any = remote(table.c.is_current_version)
        self.version_op: Any = remote(table.c.version_op)


#: References to classes that are not mapped yet.
_WAITING: WeakSet[TiedProperty] = WeakSet()


def tie_references() -> None:
    """Once a versioned class is mapped: the references that waited for it get their constraints."""
    for waiting in list(_WAITING):
        target = target_of(waiting)
        if target is not None:
            _WAITING.discard(waiting)
            waiting.tie(target)


def _key(property: ReferenceProperty, table: Table) -> list[Column[Any]]:
    """The target's columns that the reference's columns name."""
    key = record_key(table)
    found = key if property.kind == "floating" else [*key, table.c.version_id]
    if len(found) != len(property.names):
        raise VersioningError(
            f"{property} names the columns {', '.join(property.names)}, but a {property.kind}"
            f" reference to {table.name} takes one for each of"
            f" {', '.join(column.name for column in found)}."
        )
    return found


def _column(property: ReferenceProperty, name: str) -> Column[Any]:
    found = property.parent.columns.get(name)
    if found is None:
        raise VersioningError(
            f"{property} names the column {name}, which the class does not have: declare it, for"
            f" example as {name}: Mapped[int]."
        )
    assert isinstance(found, Column)
    return found


def known_target(property: Relationship[Any]) -> Mapper[Any]:
    found = target_of(property)
    if found is None:
        raise VersioningError(f"{property} refers to a class that is not mapped.")
    return found


def target_of(property: Relationship[Any]) -> Mapper[Any] | None:
    """The mapper that the relationship leads to; None as long as it is not there."""
    argument = property.argument
    if isinstance(argument, str):
        return _named(property.parent, argument)
    if not isinstance(argument, type) and callable(argument):
        try:
            argument = argument()
        except NameError:
            return None
    mapper = inspect(argument, raiseerr=False)
    return mapper if isinstance(mapper, Mapper) else None


def _named(parent: Mapper[Any], name: str) -> Mapper[Any] | None:
    """The mapper of the class with that name, of the parent's own module where several have one."""
    classes = {mapper.class_: mapper for mapper in parent.registry.mappers}
    found = [cls for cls in classes if f".{cls.__module__}.{cls.__name__}".endswith(f".{name}")]
    beside = [cls for cls in found if cls.__module__ == parent.class_.__module__]
    return next((classes[cls] for cls in beside or found), None)
