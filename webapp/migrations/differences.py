"""Tells in plain words how a database differs from the models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy import Connection

from webapp.versioning import guard_faults

from . import operations  # noqa: F401  Alembic's word for SQLite is ours
from .branches import Branch
from .position import columns_there, position

WORDS = {"missing": "is missing", "off": "is switched off", "altered": "says another thing"}


def differences(connection: Connection, branches: Sequence[Branch]) -> list[str]:
    """How the database differs from the newest revisions, from the models and from their guards.

    What no model has is passed over, where nobody stumbles over it: tables of others.
    """
    metadata = branches[0].metadata
    there = columns_there(connection, metadata)
    found = []
    for branch in branches:
        state = position(connection, branch, there)
        if state not in ("plain", "newest"):
            stamp = branch.stamp(connection) or "no revision"
            found.append(
                f"the tables of {branch.package} are at {stamp}, the program is at {branch.newest}"
            )
    for branch in branches:
        found += compared(connection, branch)
    for fault in guard_faults(connection, metadata):
        told = f"the guard {fault.guard} of {fault.table} {WORDS[fault.state]}"
        if f"the index {fault.guard} of {fault.table} is missing" not in found:
            found.append(told)
    return found


def compared(connection: Connection, branch: Branch) -> list[str]:
    """How the tables of a package differ from its models."""
    options = branch.config().attributes["options"]
    context = MigrationContext.configure(connection, opts=options)
    script = produce_migrations(context, branch.metadata)
    assert script.upgrade_ops is not None
    return list(_told(script.upgrade_ops.ops))


def _told(found: Sequence[Any]) -> Iterator[str]:
    created = {each.table_name for each in found if isinstance(each, ops.CreateTableOp)}
    for each in found:
        if isinstance(each, ops.ModifyTableOps):
            if each.table_name not in created:  # of a table that is missing, so are the indexes
                yield from map(_tell, each.ops)
        else:
            yield _tell(each)


def _tell(each: Any) -> str:
    if isinstance(each, ops.CreateTableOp):
        return f"the table {each.table_name} is missing"
    table = each.source_table if isinstance(each, ops.CreateForeignKeyOp) else each.table_name
    if isinstance(each, ops.AddColumnOp):
        return f"the column {table}.{each.column.name} is missing"
    if isinstance(each, ops.DropColumnOp):
        return f"the column {table}.{each.column_name} is there, and no model has it"
    if isinstance(each, ops.AlterColumnOp):
        return f"the column {table}.{each.column_name} {_altered(each)}"
    if isinstance(each, ops.CreateIndexOp):
        return f"the index {each.index_name} of {table} is missing"
    if isinstance(each, ops.DropIndexOp):
        return f"the index {each.index_name} of {table} is there, and no model has it"
    if isinstance(each, ops.DropConstraintOp):
        return f"the constraint {each.constraint_name} of {table} is there, and no model has it"
    return f"the constraint {each.constraint_name} of {table} is missing"


def _altered(each: ops.AlterColumnOp) -> str:
    told = []
    if each.modify_type is not None:
        told.append(f"is {each.existing_type!r}, the model says {each.modify_type!r}")
    if each.modify_nullable is not None:
        told.append("may not be NULL" if each.modify_nullable else "may be NULL")
        told[-1] += ", the model says otherwise"
    return "; ".join(told) or "differs"
