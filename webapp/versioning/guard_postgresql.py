"""The guards on PostgreSQL: triggers over one function, which asks a setting of the transaction.

An UPDATE is looked at when it is done: a trigger that comes before it would have each row locked
once more, which costs as much as all the rest, and would not see what others make of the row.
"""

from __future__ import annotations

from sqlalchemy import Table

from .change import OPEN_CHANGE, REPAIR
from .guard_rules import REFUSAL, SAME_IMAGE, kept, lawful, quoted, same_key
from .shape import PART

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


def postgresql_guards(table: Table, kind: str) -> list[str]:
    """The function that refuses, and the triggers of a table of that kind."""
    if kind == PART:
        return _of_part(table)
    rows = "append_only" if kind == "append_only" else "versioned"
    allowed = lawful(table, kind, SAME_IMAGE)
    unless = "" if allowed is None else f"WHEN (NOT ({allowed}))"
    return _triggers(table, f"'{rows}'", unless)


def _of_part(table: Table) -> list[str]:
    base, free = table.info[PART]
    asked = f"FROM {_qualified(base)} WHERE {same_key(table, base, '($1).')}"
    arguments = f"'part', $ask$SELECT change_id::text, false {asked}$ask$"
    if not free:
        return _triggers(table, arguments, "")
    in_place = f"({' AND '.join(kept(table, SAME_IMAGE, free))})"
    current = f"'part', $ask$SELECT change_id::text, is_current_version {asked}$ask$"
    return [
        *_triggers(table, arguments, f"WHEN (NOT {in_place})"),
        f"CREATE TRIGGER {quoted(f'{table.name}_guard_in_place')} AFTER UPDATE ON"
        f" {_qualified(table)} FOR EACH ROW WHEN {in_place}"
        f" EXECUTE FUNCTION versioning_refuse({current})",
    ]


def _qualified(table: Table) -> str:
    return ".".join(map(quoted, filter(None, (table.schema, table.name))))


def _triggers(table: Table, arguments: str, unless: str) -> list[str]:
    name = _qualified(table)
    refuse = f"EXECUTE FUNCTION versioning_refuse({arguments})"
    rules = {
        "update": f"AFTER UPDATE ON {name} FOR EACH ROW {unless}",
        "delete": f"BEFORE DELETE ON {name} FOR EACH ROW",
        "truncate": f"BEFORE TRUNCATE ON {name} FOR EACH STATEMENT",
    }
    triggers = [
        f"CREATE TRIGGER {quoted(f'{table.name}_guard_{what}')} {rule} {refuse}"
        for what, rule in rules.items()
    ]
    return [FUNCTION, *triggers]
