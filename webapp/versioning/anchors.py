"""What a reference to a record holds on to: one row a record beside the table of its versions.

The key of a record is not unique in a table of versions, so a foreign key needs something else. The
first version would do for "it exists", but not for "it lives". A table of records says both: its
row bears ``living`` as long as the record lives, and NULL from its tombstone on. Whoever refers has
a computed column ``version_living``, true in a living record's current row and NULL in all others,
and a foreign key of both. So the database refuses a reference to the dead, and the death of what
the living refer to, whichever session comes first, at any isolation level.

Triggers keep the table, on whatever way a version is written. Nothing is written at an edit: only
creating, deleting and restoring a record that others may refer to costs a row. Models that no one
refers to have no such table. The triggers are written for SQLite and PostgreSQL; on another
database the table stays empty, and so every reference is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    Connection,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
    event,
    text,
)

from .guard_rules import quoted

#: In ``Table.info``: the table of records beside a table of versions, and the other way round.
ANCHOR, ANCHORED = "versioning.anchor", "versioning.anchored"
LIVING = "version_living"
FILLED = f"{LIVING} IS NOT NULL"


def keeps_versions(table: Table) -> bool:
    """Whether the table has the columns of a versioned model."""
    return {"is_current_version", "version_op", "version_id"} <= set(table.c.keys())


def record_key(table: Table) -> list[Column[Any]]:
    """The columns that name a record in its table of versions."""
    return [column for column in table.primary_key if column.name != "version_id"]


def plain_id(values: Sequence[Any]) -> Any:
    """A record's id, of the values of its key: one as it is, several as a tuple."""
    return values[0] if len(values) == 1 else tuple(values)


def demand_living(
    table: Table, versions: Table, columns: Sequence[Column[Any]], target: Table
) -> None:
    """Have the database insist that rows of the living refer to living records of `target`.

    `versions` is the table that knows which rows of `table` are current: it itself; or that of a
    base class, in which case no more than the record's existence can be demanded.
    """
    anchor = anchor_of(target)
    key = [anchor.c[column.name] for column in record_key(target)]
    deferred: dict[str, Any] = {"deferrable": True, "initially": "DEFERRED"}
    name = "_".join(["ix", table.name, *(column.name for column in columns), "living"])
    if table is not versions and keeps_versions(versions):
        table.append_constraint(ForeignKeyConstraint(columns, key, **deferred))
        Index(name, *columns)
        return
    living = _living(table)
    constraint = ForeignKeyConstraint([*columns, living], [*key, anchor.c.living], **deferred)
    table.append_constraint(constraint)
    Index(name, *columns, living, sqlite_where=text(FILLED), postgresql_where=text(FILLED))


def anchor_of(table: Table) -> Table:
    """The table of records beside a table of versions, made on first call."""
    found = table.info.get(ANCHOR)
    if found is None:
        key = [Column(c.name, c.type, primary_key=True) for c in record_key(table)]
        for column in key:
            column.autoincrement = False
        living: Column[bool] = Column("living", Boolean(create_constraint=False))
        names = [column.name for column in key]
        found = Table(
            f"{table.name}_record",
            table.metadata,
            *key,
            living,
            UniqueConstraint(*names, "living"),
            schema=table.schema,
            info={ANCHORED: table},
        )
        table.info[ANCHOR] = found
        if not event.contains(table.metadata, "after_create", _create_triggers):
            event.listen(table.metadata, "after_create", _create_triggers)
    return found


def _living(table: Table) -> Column[Any]:
    """The computed column that tells a living record's current row; of unversioned rows, any."""
    if LIVING not in table.c:
        expression = "true"
        if keeps_versions(table):
            expression = "CASE WHEN is_current_version AND version_op <> 'delete' THEN true END"
        computed = Computed(expression, persisted=True)
        table.append_column(Column(LIVING, Boolean(create_constraint=False), computed))
    return table.c[LIVING]


def _create_triggers(
    target: MetaData, connection: Connection, tables: Any = None, **options: Any
) -> None:
    """Make the triggers of the tables of records just created, and fill them."""
    for anchor in tables or ():
        if ANCHORED in anchor.info:
            for statement in anchor_statements(anchor, connection.dialect.name):
                connection.execute(text(statement))


def anchor_statements(anchor: Table, dialect: str) -> list[str]:
    """The SQL that fills a new table of records and has triggers keep it up."""
    make = {"sqlite": _sqlite, "postgresql": _postgresql}.get(dialect)
    if make is None:
        return []
    names = _Names(anchor)
    return [_fill(names), *make(names)]


def refill_statement(anchor: Table) -> str:
    """The SQL that sets a table of records right, after it was not kept up for a while."""
    names = _Names(anchor)
    return f"{_fill(names)} ON CONFLICT ({names.key}) DO UPDATE SET living = excluded.living"


def _fill(names: _Names) -> str:
    return (
        f"INSERT INTO {names.anchor} ({names.key}, living) SELECT {names.key}, {_alive('')}"
        f" FROM {names.versions} WHERE is_current_version"
    )


class _Names:
    """A table of records and its columns, as SQL writes them."""

    def __init__(self, anchor: Table) -> None:
        versions: Table = anchor.info[ANCHORED]
        columns = [quoted(column.name) for column in anchor.primary_key]
        self.plain = anchor.name
        self.schema = f"{quoted(anchor.schema)}." if anchor.schema else ""
        self.anchor = self.schema + quoted(anchor.name)
        self.unqualified = quoted(anchor.name)
        self.versions = self.schema + quoted(versions.name)
        self.unqualified_versions = quoted(versions.name)
        self.key = ", ".join(columns)
        self.new = ", ".join(f"NEW.{column}" for column in columns)
        self.same_old = " AND ".join(f"{column} = OLD.{column}" for column in columns)


def _sqlite(names: _Names) -> list[str]:
    keep = _keep(names, names.unqualified, "excluded")
    gone = "; ".join(_forget(names, names.unqualified, names.unqualified_versions))
    rules = {
        "insert": f"AFTER INSERT ON {names.unqualified_versions}"
        f" WHEN NEW.version_op <> 'update' BEGIN {keep}; END",
        "update": f"AFTER UPDATE OF version_op ON {names.unqualified_versions}"
        f" WHEN NEW.version_op <> OLD.version_op BEGIN {keep}; END",
        "delete": f"AFTER DELETE ON {names.unqualified_versions} BEGIN {gone}; END",
    }
    return [
        f"CREATE TRIGGER {names.schema}{quoted(f'{names.plain}_{what}')} {rule}"
        for what, rule in rules.items()
    ]


def _postgresql(names: _Names) -> list[str]:
    function = f"{names.schema}{quoted(f'{names.plain}_keep')}"
    gone = "; ".join(_forget(names, names.anchor, names.versions))
    body = f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN {gone};
  ELSE {_keep(names, names.anchor, "EXCLUDED")};
  END IF;
  RETURN NULL;
END $$
"""
    rules = {
        "insert": "AFTER INSERT ON {0} FOR EACH ROW WHEN (NEW.version_op <> 'update')",
        "update": "AFTER UPDATE OF version_op ON {0} FOR EACH ROW"
        " WHEN (NEW.version_op <> OLD.version_op)",
        "delete": "AFTER DELETE ON {0} FOR EACH ROW",
    }
    triggers = [
        f"CREATE TRIGGER {quoted(f'{names.plain}_{what}')} {rule.format(names.versions)}"
        f" EXECUTE FUNCTION {function}()"
        for what, rule in rules.items()
    ]
    return [body, *triggers]


def _keep(names: _Names, anchor: str, excluded: str) -> str:
    return (
        f"INSERT INTO {anchor} ({names.key}, living) VALUES ({names.new}, {_alive('NEW.')})"
        f" ON CONFLICT ({names.key}) DO UPDATE SET living = {excluded}.living"
    )


def _forget(names: _Names, anchor: str, versions: str) -> list[str]:
    """A version was taken back by its own transaction: the one before it counts, if there is."""
    left = f"SELECT {_alive('')} FROM {versions} WHERE {names.same_old}"
    newest = f"({left} ORDER BY version_id DESC LIMIT 1)"
    none = f"NOT EXISTS (SELECT 1 FROM {versions} WHERE {names.same_old})"
    return [
        f"UPDATE {anchor} SET living = {newest} WHERE {names.same_old}",
        f"DELETE FROM {anchor} WHERE {names.same_old} AND {none}",
    ]


def _alive(row: str) -> str:
    return f"CASE WHEN {row}version_op <> 'delete' THEN true END"
