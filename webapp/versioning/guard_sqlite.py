"""The guards on SQLite: triggers, which ask a function of the connection whose rows are its own."""

from __future__ import annotations

from sqlalchemy import Table

from .change import REPAIR
from .guard_rules import REFUSAL, SAME_VALUE, kept, lawful, quoted, same_key
from .shape import PART
from .sqlite import GUARD_FUNCTION


def sqlite_guards(table: Table, kind: str) -> list[str]:
    """The triggers of a table of that kind."""
    if kind == PART:
        return _of_part(table)
    # no open change and a row without one are both NULL, which makes the row nobody's own
    own = f"OLD.change_id IS NOT NULL AND OLD.change_id IS {GUARD_FUNCTION}()"
    own = own if kind != "append_only" else "0"
    allowed = lawful(table, kind, SAME_VALUE) or "0"
    return _triggers(table, own, allowed, _repair(table) if kind == "versioned" else "0")


def _repair(table: Table) -> str:
    """A flag alone, set to what the version numbers say, while the connection repairs flags."""
    newer = f"SELECT 1 FROM {quoted(table.name)} WHERE id = NEW.id AND version_id > NEW.version_id"
    return " AND ".join(
        [
            f"{GUARD_FUNCTION}() IS '{REPAIR}'",
            *kept(table, SAME_VALUE, {"is_current_version"}),
            f"NEW.is_current_version IS (NOT EXISTS ({newer}))",
            "(NOT NEW.is_current_version OR NEW.version_to IS NULL)",
        ]
    )


def _of_part(table: Table) -> list[str]:
    base, free = table.info[PART]
    version = f"EXISTS (SELECT 1 FROM {quoted(base.name)} WHERE {same_key(table, base, 'OLD.')}"
    own = f"{version} AND change_id IS NOT NULL AND change_id IS {GUARD_FUNCTION}())"
    in_place = [*kept(table, SAME_VALUE, free), f"{version} AND is_current_version)"]
    return _triggers(table, own, " AND ".join(in_place) if free else "0")


def _triggers(table: Table, own: str, allowed: str, repair: str = "0") -> list[str]:
    name, refuse = table.name, f"SELECT RAISE(ABORT, '{REFUSAL}')"
    key = " AND ".join(f"{quoted(c.name)} = NEW.{quoted(c.name)}" for c in table.primary_key)
    exists = f"EXISTS (SELECT 1 FROM {quoted(name)} WHERE {key})"
    # asking for the function, whatever its answer, stops programs that do not have it
    known = f"({GUARD_FUNCTION}() IS NULL OR 1)"
    rules = {
        "insert": f"BEFORE INSERT ON {quoted(name)} WHEN {known} AND {exists}",
        "update": f"BEFORE UPDATE ON {quoted(name)} WHEN NOT ({allowed}) AND NOT ({own})"
        f" AND NOT ({repair})",
        "delete": f"BEFORE DELETE ON {quoted(name)} WHEN NOT ({own})",
    }
    schema = f"{quoted(table.schema)}." if table.schema else ""  # an attached file
    return [
        f"CREATE TRIGGER {schema}{quoted(f'{name}_guard_{what}')} {rule} BEGIN {refuse}; END"
        for what, rule in rules.items()
    ]
