"""What a revision may say besides Alembic's own: guards are taken off a table and put on again.

``op.drop_guards("product")`` comes before what alters a guarded table, since PostgreSQL alters no
column that a trigger asks for; ``op.create_guards("product")`` after it, for the columns that there
are then. The latter makes anew what stands there, so that repeating it is harmless.

On SQLite, Alembic alters a table by making another and copying the rows (a batch). With the table
go its triggers, and those of other tables that ask for it are in the way: all are put aside for
that moment, and put back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.autogenerate import renderers
from alembic.ddl.sqlite import SQLiteImpl
from alembic.operations import MigrateOperation, Operations
from alembic.operations.batch import ApplyBatchImpl
from sqlalchemy import Connection, Row, Table, text

from webapp.versioning import drop_guards, renew_guards

TEMPORARY = "_alembic_tmp_"
TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"


class GuardsOp(MigrateOperation):
    """What is done to the guards of some tables."""

    word: str
    act: Callable[[Connection, Table], None]

    def __init__(self, *tables: str) -> None:
        self.tables = tables


@Operations.register_operation("create_guards")
class CreateGuardsOp(GuardsOp):
    word, act = "create_guards", staticmethod(renew_guards)

    @classmethod
    def create_guards(cls, operations: Operations, *tables: str) -> None:
        """Make the guards of these tables, for the columns that they have now."""
        operations.invoke(cls(*tables))


@Operations.register_operation("drop_guards")
class DropGuardsOp(GuardsOp):
    word, act = "drop_guards", staticmethod(drop_guards)

    @classmethod
    def drop_guards(cls, operations: Operations, *tables: str) -> None:
        """Take the guards off these tables, until `create_guards`."""
        operations.invoke(cls(*tables))


class NoteOp(MigrateOperation):
    """A comment in a revision that is written."""

    def __init__(self, text: str) -> None:
        self.text = text


@Operations.implementation_for(CreateGuardsOp)
@Operations.implementation_for(DropGuardsOp)
def _act(operations: Operations, operation: GuardsOp) -> None:
    models = operations.migration_context.opts["target_metadata"].tables
    for name in operation.tables:
        # a table that no model has any more is without guards until it goes
        table = models.get(name)
        if table is not None:
            operation.act(operations.get_bind(), table)


@renderers.dispatch_for(CreateGuardsOp)
@renderers.dispatch_for(DropGuardsOp)
def _render_guards(context: Any, operation: GuardsOp) -> str:
    return f"op.{operation.word}({', '.join(map(repr, operation.tables))})"


@renderers.dispatch_for(NoteOp)
def _render_note(context: Any, operation: NoteOp) -> list[str]:
    return [f"# {line}" for line in operation.text.splitlines()]


class GuardedSQLite(SQLiteImpl):
    """Alembic's own for SQLite, which takes triggers and computed columns through a batch."""

    __dialect__ = "sqlite"
    _aside: list[Row[Any]]

    def prep_table_for_batch(self, batch_impl: ApplyBatchImpl, table: Table) -> None:
        for name, column in batch_impl.columns.items():
            if column.computed is not None:  # it follows from what is copied
                batch_impl.column_transfers[name].pop("expr", None)
        assert self.connection is not None
        self._aside = list(self.connection.execute(text(TRIGGERS)))
        for trigger in self._aside:
            quoted = self.dialect.identifier_preparer.quote_identifier(trigger.name)
            self.connection.execute(text(f"DROP TRIGGER {quoted}"))

    def rename_table(self, old_table_name: str, new_table_name: str, schema: Any = None) -> None:
        super().rename_table(old_table_name, new_table_name, schema=schema)
        if old_table_name.startswith(TEMPORARY):
            self._put_back(new_table_name)

    def _put_back(self, table_name: str) -> None:
        """The guards of the table itself for the columns that it has now, all else as it was."""
        models = self.context_opts["target_metadata"].tables
        connection, table = self.connection, models.get(table_name)
        assert connection is not None
        guards = [each for each in self._aside if each.name.startswith(f"{table_name}_guard_")]
        for trigger in self._aside:
            if table is None or trigger not in guards:
                connection.exec_driver_sql(trigger.sql)
        if table is not None and guards:
            renew_guards(connection, table)
