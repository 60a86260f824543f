"""Append-only triggers: the database itself refuses to rewrite or remove a version.

A row may be closed once (flag off, `version_to` set, all else as it was); the current row's
`__unversioned__` columns may change in place; and a row may be amended by the very transaction that
inserted it, which names its open change to the connection (`change.allow_amending`). A repair names
itself in that place, and may set a flag to what the version numbers say (`repair.repair_flags`).
Everything else is refused, INSERT OR REPLACE and TRUNCATE included. A digest is replaced by the
transaction that wrote it alone. Rows of append-only tables (the changes) are never altered, save
that a column named in ``info={"append_only": {"followed_by"}}`` may be given its value, once.
Whoever owns the database can drop triggers: guards stop accidents.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, Table, event, text

from .change import OPEN_CHANGE, REPAIR
from .shape import DIGESTS, PART
from .sqlite import GUARD_FUNCTION

#: On PostgreSQL compared as stored images: json has no equality, and 1.0 is not 1.00.
SAME_IMAGE = "ROW({0})::record *= ROW({1})::record"
#: On SQLite, for each column.
SAME_VALUE = "NEW.{0} IS OLD.{0}"
REFUSAL = "history is append-only: a version is never changed or removed"
#: What a guarded table holds, as its ``info`` says.
KINDS = ("versioned", PART, "links", DIGESTS, "append_only")
FUNCTION = f"""
CREATE OR REPLACE FUNCTION versioning_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change text;
  is_free boolean := false;
  ask text;
BEGIN
  IF TG_LEVEL = 'ROW' AND TG_ARGV[0] <> 'append_only' THEN
    IF TG_ARGV[0] = 'versioned' THEN
      change := OLD.change_id::text;
    ELSE  -- the row is part of a version in the base table, which the arguments ask for
      EXECUTE TG_ARGV[1] INTO change, is_free USING OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('{OPEN_CHANGE}', true) = '{REPAIR}'
        AND TG_ARGV[0] = 'versioned' AND to_jsonb(OLD) ? 'is_current_version' THEN
      SELECT format(  -- the flag alone, to what the numbers say; computed columns have no new value
        'SELECT ROW(%s)::record *= ROW(%s)::record AND ($2).is_current_version = NOT EXISTS'
        ' (SELECT 1 FROM %s WHERE id = ($2).id AND version_id > ($2).version_id)'
        ' AND (NOT ($2).is_current_version OR ($2).version_to IS NULL)',
        string_agg(format('($1).%I', attname), ', '),
        string_agg(format('($2).%I', attname), ', '), TG_RELID::regclass
      ) INTO ask FROM pg_attribute
      WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        AND attname <> 'is_current_version';
      EXECUTE ask INTO is_free USING OLD, NEW;
    END IF;
    IF is_free OR change = current_setting('{OPEN_CHANGE}', true) THEN
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
    kind = next((kind for kind in KINDS if kind in table.info), None)
    if kind is None:
        return []
    by_dialect: dict[str, Callable[[Table, str], list[str]]]
    by_dialect = {"sqlite": _sqlite, "postgresql": _postgresql}
    if kind == PART:
        by_dialect = {"sqlite": _sqlite_part, "postgresql": _postgresql_part}
    return by_dialect.get(dialect, _none)(table, kind)


def _none(table: Table, kind: str) -> list[str]:
    return []


def _allowed(table: Table, same: str) -> str:
    """The condition under which an UPDATE of a versioned row is lawful for anyone."""
    kept = _kept(table, same, {"is_current_version", "version_to", *table.info["versioned"]})
    closing = "NOT NEW.is_current_version AND NEW.version_to IS NOT NULL"
    in_place = f"{_same(same, [_quoted('is_current_version')])} AND NEW.version_to IS NULL"
    return " AND ".join(
        [*kept, "OLD.is_current_version", "OLD.version_to IS NULL", f"({closing} OR {in_place})"]
    )


def _allowed_link(table: Table, same: str) -> str:
    """A link may be closed, once."""
    kept = _kept(table, same, {"removed_in"})
    return " AND ".join([*kept, "OLD.removed_in IS NULL", "NEW.removed_in IS NOT NULL"])


def _allowed_once(table: Table, same: str) -> str:
    """The named columns of an append-only table may be given their value, once."""
    once = set(table.info["append_only"])
    first = [f"OLD.{_quoted(each)} IS NULL" for each in sorted(once)]
    given = [f"NEW.{_quoted(each)} IS NOT NULL" for each in sorted(once)]
    return " AND ".join([*_kept(table, same, once), *first, *given])


LAWFUL: dict[str, Callable[[Table, str], str]] = {
    "versioned": _allowed,
    "links": _allowed_link,
    "append_only": _allowed_once,
}


def _lawful(table: Table, kind: str, same: str) -> str | None:
    """The condition under which an UPDATE is lawful for anyone; None where it never is."""
    if kind not in LAWFUL or (kind == "append_only" and table.info[kind] is True):
        return None
    return LAWFUL[kind](table, same)


def _kept(table: Table, same: str, free: Collection[str]) -> list[str]:
    """The conditions under which an UPDATE leaves all but the free columns as they were.

    By name: a column that a table was given later stands at its end, in the model where it may.
    """
    names = [  # a computed column follows from the others, and PostgreSQL has no NEW value of it
        _quoted(column.name)
        for column in sorted(table.columns, key=lambda column: column.name)
        if column.name not in free and column.computed is None
    ]
    if same is SAME_IMAGE and names:  # at once, since every comparison of rows has its price
        return [_same(same, names)]
    return [_same(same, [name]) for name in names]


def _same(same: str, names: Sequence[str]) -> str:
    if same is SAME_IMAGE:
        new, old = (", ".join(f"{row}.{name}" for name in names) for row in ("NEW", "OLD"))
        return same.format(new, old)
    return same.format(*names)


def _sqlite(table: Table, kind: str) -> list[str]:
    # no open change and a row without one are both NULL, which makes the row nobody's own
    own = f"OLD.change_id IS NOT NULL AND OLD.change_id IS {GUARD_FUNCTION}()"
    own = own if kind != "append_only" else "0"
    allowed = _lawful(table, kind, SAME_VALUE) or "0"
    return _sqlite_rules(table, own, allowed, _sqlite_repair(table) if kind == "versioned" else "0")


def _sqlite_repair(table: Table) -> str:
    """A flag alone, set to what the version numbers say, while the connection repairs flags."""
    newer = f"SELECT 1 FROM {_quoted(table.name)} WHERE id = NEW.id AND version_id > NEW.version_id"
    return " AND ".join(
        [
            f"{GUARD_FUNCTION}() IS '{REPAIR}'",
            *_kept(table, SAME_VALUE, {"is_current_version"}),
            f"NEW.is_current_version IS (NOT EXISTS ({newer}))",
            "(NOT NEW.is_current_version OR NEW.version_to IS NULL)",
        ]
    )


def _sqlite_part(table: Table, kind: str) -> list[str]:
    base, free = table.info[PART]
    version = f"EXISTS (SELECT 1 FROM {_quoted(base.name)} WHERE {_same_key(table, base, 'OLD.')}"
    own = f"{version} AND change_id IS NOT NULL AND change_id IS {GUARD_FUNCTION}())"
    in_place = [*_kept(table, SAME_VALUE, free), f"{version} AND is_current_version)"]
    return _sqlite_rules(table, own, " AND ".join(in_place) if free else "0")


def _same_key(table: Table, base: Table, row: str) -> str:
    pairs = zip(base.primary_key, table.primary_key, strict=True)
    return " AND ".join(f"{_quoted(b.name)} = {row}{_quoted(part.name)}" for b, part in pairs)


def _sqlite_rules(table: Table, own: str, allowed: str, repair: str = "0") -> list[str]:
    name, refuse = table.name, f"SELECT RAISE(ABORT, '{REFUSAL}')"
    key = " AND ".join(f"{_quoted(c.name)} = NEW.{_quoted(c.name)}" for c in table.primary_key)
    exists = f"EXISTS (SELECT 1 FROM {_quoted(name)} WHERE {key})"
    # asking for the function, whatever its answer, stops programs that do not have it
    known = f"({GUARD_FUNCTION}() IS NULL OR 1)"
    rules = {
        "insert": f"BEFORE INSERT ON {_quoted(name)} WHEN {known} AND {exists}",
        "update": f"BEFORE UPDATE ON {_quoted(name)} WHEN NOT ({allowed}) AND NOT ({own})"
        f" AND NOT ({repair})",
        "delete": f"BEFORE DELETE ON {_quoted(name)} WHEN NOT ({own})",
    }
    schema = f"{_quoted(table.schema)}." if table.schema else ""  # an attached file
    return [
        f"CREATE TRIGGER {schema}{_quoted(f'{name}_guard_{what}')} {rule} BEGIN {refuse}; END"
        for what, rule in rules.items()
    ]


def _postgresql(table: Table, kind: str) -> list[str]:
    rows = "append_only" if kind == "append_only" else "versioned"
    lawful = _lawful(table, kind, SAME_IMAGE)
    unless = "" if lawful is None else f"WHEN (NOT ({lawful}))"
    return _postgresql_rules(table, f"'{rows}'", unless)


def _postgresql_part(table: Table, kind: str) -> list[str]:
    base, free = table.info[PART]
    asked = f"FROM {_qualified(base)} WHERE {_same_key(table, base, '($1).')}"
    arguments = f"'part', $ask$SELECT change_id::text, false {asked}$ask$"
    if not free:
        return _postgresql_rules(table, arguments, "")
    in_place = f"({' AND '.join(_kept(table, SAME_IMAGE, free))})"
    current = f"'part', $ask$SELECT change_id::text, is_current_version {asked}$ask$"
    return [
        *_postgresql_rules(table, arguments, f"WHEN (NOT {in_place})"),
        f"CREATE TRIGGER {_quoted(f'{table.name}_guard_in_place')} BEFORE UPDATE ON"
        f" {_qualified(table)} FOR EACH ROW WHEN {in_place}"
        f" EXECUTE FUNCTION versioning_refuse({current})",
    ]


def _qualified(table: Table) -> str:
    return ".".join(map(_quoted, filter(None, (table.schema, table.name))))


def _postgresql_rules(table: Table, arguments: str, unless: str) -> list[str]:
    name = _qualified(table)
    refuse = f"EXECUTE FUNCTION versioning_refuse({arguments})"
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
