"""Many-to-many between versioned records: each link knows in which versions of its owner it holds.

A link is a row of its own table: who is linked to whom, the owner's version that added it and the
one that removed it. So the next version of an owner copies no link, one link more is one row more,
and any older version still answers with the links that it had. A row is only ever closed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Computed,
    Index,
    Integer,
    Table,
    and_,
    inspect,
    or_,
    text,
)
from sqlalchemy.orm import Mapper, Relationship, foreign

from .anchors import LIVING, demand_living, keeps_versions, record_key
from .errors import VersioningError
from .queries import live
from .relationships import TiedProperty, known_target
from .shape import version_table

#: In ``Table.info``: the links that lead to the table's records; and what marks a table of links.
LINKED, LINKS = "versioning.linked", "links"
#: In ``Table.info`` of a table of links: the table of their owners' versions.
OWNER = "versioning.owner"
OPEN = "removed_in IS NULL"


def linked(
    *,
    target: Any = None,
    table: str | None = None,
    on_delete: Literal["refuse", "unlink"] = "refuse",
    **options: Any,
) -> Relationship[Any]:
    """Links to any number of other records, as part of this record's history. ::

        class Product(Versioned, Base):
            __tablename__ = "product"
            tags: Mapped[list[Tag]] = linked()

    The table of links, here ``product_tags``, makes itself; `table` names it otherwise. Change the
    collection as any other: ``product.tags.append(tag)``. An edit of the links alone is a version
    of the owner, by the rules that hold for its columns: none where nothing is different in the
    end, one a transaction, refused in a superseded version, with VersionConflict where somebody
    else saved meanwhile. `diff` shows it (kind "links", ids that went and came), `restore`, `undo`
    and `undo_change` bring links back.

    An owner's next version writes no link; adding one to ten thousand writes one row. A row of an
    older version reads the links that it had; what they lead to is read as it is now, and left out
    where it is deleted. `load_as_of` reads both as of a moment, `links_at` the ids alone, and
    `blame` names the version that last put one in or took one out.

    Deleting the owner ends its links. Deleting what living owners link to is refused
    (`StillReferenced`); with ``on_delete="unlink"`` it is taken out of them, as versions of theirs.
    The database itself refuses links to the dead, see `floating`.

    `target` is the class or its name where the annotation does not say it; `options` are those of
    ``relationship()`` for reading, such as ``order_by``. Raises VersioningError when the class is
    mapped, if either side keeps no versions.
    """
    return LinkProperty(target, table, on_delete, options)


class LinkProperty(TiedProperty):
    """A many-to-many relationship that this package writes, by closing and adding rows."""

    inherit_cache = True
    listed = LINKED
    kind = "linked"

    def __init__(self, target: Any, table: str | None, on_delete: str, options: Any) -> None:
        joins: dict[str, Any] = {
            "secondary": lambda: self.links,
            "primaryjoin": self._from_owner,
            "secondaryjoin": self._to_target,
        }
        super().__init__(target, **joins, **options)
        self.table_name = table
        self.on_delete = on_delete
        self.links: Table

    @property
    def owner_columns(self) -> list[Column[Any]]:
        """The columns of the table of links that hold the owner's key."""
        return [self.links.c[f"owner_{c.name}"] for c in record_key(version_table(self.parent))]

    @property
    def target_columns(self) -> list[Column[Any]]:
        """The columns of the table of links that hold the key of what is linked to."""
        return [self.links.c[f"target_{c.name}"] for c in record_key(self._target_table)]

    @property
    def ends(self) -> list[Column[Any]]:
        """The columns of both keys, the owner's first."""
        return [*self.owner_columns, *self.target_columns]

    @property
    def _target_table(self) -> Table:
        return version_table(known_target(self))

    def holds_in(self, version: Any) -> ColumnElement[bool]:
        """Whether a link holds in this version of its owner."""
        rows = self.links.c
        return and_(
            rows.added_in <= version, or_(rows.removed_in.is_(None), rows.removed_in > version)
        )

    def do_init(self) -> None:
        super().do_init()
        # Private, and guarded by a test: what has a flush insert and delete links. A
        # relationship only for viewing writes none either, but does not notice changes.
        self._dependency_processor = cast(Any, _NoProcessor())

    def tie(self, target: Mapper[Any]) -> None:
        super().tie(target)
        owner, leads_to = version_table(self.parent), version_table(target)
        if not keeps_versions(owner):
            raise VersioningError(
                f"{self}: {self.parent.class_.__name__} keeps no versions, so its links cannot"
                " either. Use relationship() with a secondary table."
            )
        name = self.table_name or f"{owner.name}_{self.key}"
        self.links = _table(name, owner, leads_to)
        demand_living(self.links, self.links, self.owner_columns, owner)
        demand_living(self.links, self.links, self.target_columns, leads_to)
        Index(f"ix_{name}_added", *self.owner_columns, self.links.c.added_in)
        where = text(OPEN)
        Index(
            f"uq_{name}_open", *self.ends, unique=True, sqlite_where=where, postgresql_where=where
        )

    def _from_owner(self) -> ColumnElement[bool]:
        owner = version_table(self.parent)
        pairs = zip(self.owner_columns, record_key(owner), strict=True)
        same = [foreign(column) == key for column, key in pairs]
        return and_(*same, self.holds_in(owner.c.version_id))

    def _to_target(self) -> ColumnElement[bool]:
        table = self._target_table
        pairs = zip(self.target_columns, record_key(table), strict=True)
        return and_(*(foreign(column) == key for column, key in pairs), live(table))


class _NoProcessor:
    """Has a flush write nothing of its own for a relationship."""

    cascade: Any = None

    def per_property_preprocessors(self, uow: Any) -> None:
        pass


def _table(name: str, owner: Table, target: Table) -> Table:
    columns: list[Column[Any]] = [
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        *(Column(f"owner_{c.name}", c.type, nullable=False) for c in record_key(owner)),
        *(Column(f"target_{c.name}", c.type, nullable=False) for c in record_key(target)),
        Column("added_in", Integer, nullable=False),
        Column("removed_in", Integer),
        Column("change_id", BigInteger),
        Column(
            LIVING,
            Boolean(create_constraint=False),
            Computed(f"CASE WHEN {OPEN} THEN true END", persisted=True),
        ),
    ]
    info = {LINKS: True, OWNER: owner}
    return Table(name, owner.metadata, *columns, schema=owner.schema, info=info)


@lru_cache(maxsize=256)
def link_properties(mapper: Mapper[Any]) -> tuple[LinkProperty, ...]:
    """The mapper's relationships that are links."""
    return tuple(p for p in mapper.relationships if isinstance(p, LinkProperty))


def linking(mapper: Mapper[Any]) -> list[LinkProperty]:
    """The links of any class that lead to the mapper's records."""
    found: list[LinkProperty] | None = version_table(mapper).info.get(LINKED)
    return found or []


def link_names(model: type[Any]) -> tuple[str, ...]:
    """The attributes of a model that are links."""
    return tuple(p.key for p in link_properties(inspect(model)))
