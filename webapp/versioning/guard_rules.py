"""What the guards of every database let through, as conditions of an UPDATE.

How values are compared is the database's own: `SAME_IMAGE` or `SAME_VALUE`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Table

#: On PostgreSQL compared as stored images: json has no equality, and 1.0 is not 1.00.
SAME_IMAGE = "ROW({0})::record *= ROW({1})::record"
#: On SQLite, for each column.
SAME_VALUE = "NEW.{0} IS OLD.{0}"
REFUSAL = "history is append-only: a version is never changed or removed"


def _allowed(table: Table, same: str) -> str:
    """The condition under which an UPDATE of a versioned row is lawful for anyone."""
    unchanged = kept(table, same, {"is_current_version", "version_to", *table.info["versioned"]})
    closing = "NOT NEW.is_current_version AND NEW.version_to IS NOT NULL"
    in_place = f"{_same(same, [quoted('is_current_version')])} AND NEW.version_to IS NULL"
    return " AND ".join(
        [
            *unchanged,
            "OLD.is_current_version",
            "OLD.version_to IS NULL",
            f"({closing} OR {in_place})",
        ]
    )


def _allowed_link(table: Table, same: str) -> str:
    """A link may be closed, once."""
    unchanged = kept(table, same, {"removed_in"})
    return " AND ".join([*unchanged, "OLD.removed_in IS NULL", "NEW.removed_in IS NOT NULL"])


def _allowed_once(table: Table, same: str) -> str:
    """The named columns of an append-only table may be given their value, once."""
    once = set(table.info["append_only"])
    first = [f"OLD.{quoted(each)} IS NULL" for each in sorted(once)]
    given = [f"NEW.{quoted(each)} IS NOT NULL" for each in sorted(once)]
    return " AND ".join([*kept(table, same, once), *first, *given])


LAWFUL: dict[str, Callable[[Table, str], str]] = {
    "versioned": _allowed,
    "links": _allowed_link,
    "append_only": _allowed_once,
}


def lawful(table: Table, kind: str, same: str) -> str | None:
    """The condition under which an UPDATE is lawful for anyone; None where it never is."""
    if kind not in LAWFUL or (kind == "append_only" and table.info[kind] is True):
        return None
    return LAWFUL[kind](table, same)


def kept(table: Table, same: str, free: Collection[str]) -> list[str]:
    """The conditions under which an UPDATE leaves all but the free columns as they were.

    By name: a column that a table was given later stands at its end, in the model where it may.
    """
    names = [  # a computed column follows from the others, and PostgreSQL has no NEW value of it
        quoted(column.name)
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


def same_key(table: Table, base: Table, row: str) -> str:
    """Whether a row of the base table holds the version of which `row` is a part."""
    pairs = zip(base.primary_key, table.primary_key, strict=True)
    return " AND ".join(f"{quoted(b.name)} = {row}{quoted(part.name)}" for b, part in pairs)


def quoted(name: str) -> str:
    """The name as both databases take it."""
    return '"' + name.replace('"', '""') + '"'
