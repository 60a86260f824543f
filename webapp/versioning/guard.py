"""Append-only triggers: the database itself refuses to rewrite or remove a version.

A row may be closed once (flag off, `version_to` set, all else as it was); the current row's
`__unversioned__` columns may change in place; and a row may be amended by the very transaction that
inserted it, which names its open change to the connection (`change.allow_amending`). Everything
else is refused, INSERT OR REPLACE and TRUNCATE included. Rows of append-only tables (the changes)
are never altered. Whoever owns the database can drop triggers: guards stop accidents.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, Table, event, text

from .change import OPEN_CHANGE
from .sqlite import GUARD_FUNCTION

REFUSAL = "history is append-only: a version is never changed or removed"
#: What a guarded table holds, as its ``info`` says.
KINDS = ("versioned", "links", "append_only")
FUNCTION = f"""
CREATE OR REPLACE FUNCTION versioning_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_LEVEL = 'ROW' AND TG_ARGV[0] = 'versioned' THEN
    IF OLD.change_id::text = current_setting('{OPEN_CHANGE}', true) THEN
      IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '{REFUSAL} (%)', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def install_guards(metadata: MetaData) -> None:
    """Have ``metadata.create_all()`` make the triggers with the tables. Repeating it is harmless.

    On SQLite the triggers call a function that `prepare_sqlite` gives each connection, so a
    program that opens the file without it can read but not write versioned tables.
    """
    if not event.contains(metadata, "after_create", create_guards):
        event.listen(metadata, "after_create", create_guards)


def create_guards(
    target: MetaData, connection: Connection, tables: Any = None, **options: Any
) -> None:
    """Make the triggers of the tables just created."""
    for table in tables or ():
        for statement in guard_statements(table, connection.dialect.name):
            connection.execute(text(statement))


def guard_statements(table: Table, dialect: str) -> list[str]:
    """The DDL that guards a table on a database; empty for other tables and databases."""
    kind = next(
        (kind for kind in ("versioned", "links", "append_only") if kind in table.info), None
    )
    if kind is None:
        return []
    return {"sqlite": _sqlite, "postgresql": _postgresql}.get(dialect, _none)(table, kind)


def _none(table: Table, kind: str) -> list[str]:
    return []


def _allowed(table: Table, same: str) -> str:
    """The condition under which an UPDATE of a versioned row is lawful for anyone."""
    free = {"is_current_version", "version_to", *table.info["versioned"]}
    kept = [  # a computed column follows from the others, and PostgreSQL has no NEW value of it
        same.format(_quoted(column.name))
        for column in table.columns
        if column.name not in free and column.computed is None
    ]
    closing = "NOT NEW.is_current_version AND NEW.version_to IS NOT NULL"
    in_place = f"{same.format(_quoted('is_current_version'))} AND NEW.version_to IS NULL"
    return " AND ".join(
        [*kept, "OLD.is_current_version", "OLD.version_to IS NULL", f"({closing} OR {in_place})"]
    )


def _allowed_link(table: Table, same: str) -> str:
    """A link may be closed, once."""
    kept = [
        same.format(_quoted(column.name))
        for column in table.columns
        if column.name != "removed_in" and column.computed is None
    ]
    return " AND ".join([*kept, "OLD.removed_in IS NULL", "NEW.removed_in IS NOT NULL"])


def _lawful(table: Table, kind: str, same: str) -> str:
    return {"versioned": _allowed, "links": _allowed_link}[kind](table, same)


def _sqlite(table: Table, kind: str) -> list[str]:
    name, refuse = table.name, f"SELECT RAISE(ABORT, '{REFUSAL}')"
    # no open change and a row without one are both NULL, which makes the row nobody's own
    own = f"OLD.change_id IS NOT NULL AND OLD.change_id IS {GUARD_FUNCTION}()"
    own = own if kind != "append_only" else "0"
    allowed = _lawful(table, kind, "NEW.{0} IS OLD.{0}") if kind != "append_only" else "0"
    key = " AND ".join(f"{_quoted(c.name)} = NEW.{_quoted(c.name)}" for c in table.primary_key)
    exists = f"EXISTS (SELECT 1 FROM {_quoted(name)} WHERE {key})"
    # asking for the function, whatever its answer, stops programs that do not have it
    known = f"({GUARD_FUNCTION}() IS NULL OR 1)"
    rules = {
        "insert": f"BEFORE INSERT ON {_quoted(name)} WHEN {known} AND {exists}",
        "update": f"BEFORE UPDATE ON {_quoted(name)} WHEN NOT ({allowed}) AND NOT ({own})",
        "delete": f"BEFORE DELETE ON {_quoted(name)} WHEN NOT ({own})",
    }
    schema = f"{_quoted(table.schema)}." if table.schema else ""  # an attached file
    return [
        f"CREATE TRIGGER {schema}{_quoted(f'{name}_guard_{what}')} {rule} BEGIN {refuse}; END"
        for what, rule in rules.items()
    ]


def _postgresql(table: Table, kind: str) -> list[str]:
    name = f"{_quoted(table.schema)}.{_quoted(table.name)}" if table.schema else _quoted(table.name)
    rows = "append_only" if kind == "append_only" else "versioned"
    refuse = f"EXECUTE FUNCTION versioning_refuse('{rows}')"
    # compared as stored images: there is no equality for json, and 1.0 is not 1.00
    same = "ROW(NEW.{0})::record *= ROW(OLD.{0})::record"
    unless = f"WHEN (NOT ({_lawful(table, kind, same)}))" if kind != "append_only" else ""
    rules = {
        "update": f"BEFORE UPDATE ON {name} FOR EACH ROW {unless}",
        "delete": f"BEFORE DELETE ON {name} FOR EACH ROW",
        "truncate": f"BEFORE TRUNCATE ON {name} FOR EACH STATEMENT",
    }
    triggers = [
        f"CREATE TRIGGER {_quoted(f'{table.name}_guard_{what}')} {rule} {refuse}"
        for what, rule in rules.items()
    ]
    return [FUNCTION, *triggers]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
