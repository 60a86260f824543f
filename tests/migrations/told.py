"""What a database says of itself: tables, columns, types, indexes, constraints, triggers."""

from __future__ import annotations

from sqlalchemy import Connection, text

from tests.versioning.world import World

POSTGRESQL = {
    "column": """
        SELECT c.table_name, c.column_name, format_type(a.atttypid, a.atttypmod) || ' ' ||
          c.is_nullable || ' ' || coalesce(c.column_default, '') || ' ' ||
          coalesce(c.generation_expression, '') || ' ' || coalesce(c.identity_generation, '')
        FROM information_schema.columns c JOIN pg_attribute a
          ON a.attrelid = to_regclass(quote_ident(c.table_name)) AND a.attname = c.column_name
        WHERE table_schema = current_schema()""",
    "index": """
        SELECT tablename, indexname, replace(indexdef, current_schema() || '.', '')
        FROM pg_indexes WHERE schemaname = current_schema()""",
    "constraint": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace""",
    "trigger": """
        SELECT tgrelid::regclass::text, tgname, tgenabled::text || pg_get_triggerdef(t.oid, true)
        FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace""",
    "function": """
        SELECT '', proname, prosrc FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace""",
}
Told = dict[tuple[str, str, str], str]


def told(db: World) -> Told:
    """What there is by kind, table and name, as the database has it; places of columns aside."""
    with db.behind() as connection:
        found = _sqlite(connection) if db.is_sqlite else _postgresql(connection)
    return found


def _postgresql(connection: Connection) -> Told:
    return {
        (kind, row[0], row[1]): row[2]
        for kind, query in POSTGRESQL.items()
        for row in connection.exec_driver_sql(query)
    }


def _sqlite(connection: Connection) -> Told:
    query = text("SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {
        (row.type, row.tbl_name, row.name): _in_order(row.sql) if row.type == "table" else row.sql
        for row in connection.execute(query)
    }


def _in_order(sql: str) -> str:
    """The lines of a table's columns and constraints, which may stand in any order."""
    lines = (line.strip().rstrip(",)").replace('"', "") for line in sql.splitlines())
    return "\n".join(sorted(filter(None, lines)))
