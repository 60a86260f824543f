"""Brings a database to the newest revisions, and tells what it did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.operations.ops import CreateIndexOp, CreateTableOp
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from webapp.config import ConfigError
from webapp.versioning import guard_faults

from .branches import Branch
from .operations import CreateGuardsOp
from .position import Unfit, columns_there, mark, position, refuse_newer


class UpgradeFailed(ConfigError):
    """A revision could not be run; nothing of any was kept."""


def upgrade(connection: Connection, branches: Sequence[Branch]) -> list[str]:
    """Run the revisions that are missing, in the connection's transaction: one line for each. Of
    packages without revisions, the tables that are missing are made.

    Tables that are older than revisions are marked as at the first, when they fit it; what is
    wholly missing of them is made. Repeating it is harmless. Raises UpgradeFailed or Unfit, upon
    which the caller rolls back. The connection is one of `alone`.
    """
    done: list[str] = []
    metadata = branches[0].metadata
    for branch in branches:
        state = position(connection, branch, columns_there(connection, metadata))
        refuse_newer(connection, branch, state)
        if state == "unmarked":
            done += _adopt(connection, branch)
        if state not in ("plain", "newest"):
            done += _run(connection, branch)
    revised = {key for branch in branches if branch.revisions for key in branch.tables}
    missing = metadata.tables.keys() - revised - columns_there(connection, metadata).keys()
    metadata.create_all(connection, [metadata.tables[key] for key in missing])
    done += [f"Made the table {key}." for key in sorted(missing)]
    if done and connection.dialect.name == "sqlite":
        _check_keys(connection)
    return done


def _run(connection: Connection, branch: Branch) -> list[str]:
    done: list[str] = []
    stamp = branch.stamp(connection)
    todo = [each.revision for each in branch.revisions]
    if stamp:
        todo = todo[todo.index(stamp) + 1 :]

    def note(step: Any, **_: Any) -> None:
        done.append(f"{branch.package}: {step.up_revision_id}, {step.up_revision.doc}")

    try:
        command.upgrade(branch.config(connection, on_version_apply=[note]), "head")
    except Exception as error:  # whatever a revision does wrong, nothing of it is kept
        raise UpgradeFailed(
            f"The revision {todo[len(done)]} of {branch.package} failed ({_reason(error)}). Nothing"
            " was changed: the database is as it was before. Mend the revision and run this again."
        ) from error
    return done


def _reason(error: Exception) -> str:
    told = error.orig if isinstance(error, DBAPIError) else error
    return f"{type(told).__name__}: {' '.join(str(told).split())}"


def _adopt(connection: Connection, branch: Branch) -> list[str]:
    first, before = branch.revisions[0], _faulty(connection, branch)
    context = MigrationContext.configure(connection, opts={"target_metadata": branch.metadata})
    adopting = Adopting(context)
    vars(first.module)["op"] = adopting
    first.module.upgrade()
    if adopting.misfits:
        raise Unfit(
            f"The tables of {branch.package} are not marked with a revision and do not fit the"
            f" first, {first.revision}: {'; '.join(adopting.misfits)}. Nothing was changed: alter"
            " them by hand until they fit, on a copy first, and run this again."
        )
    mark(connection, branch, first.revision)
    told = f"{branch.package}: its tables were there and fit, marked as {first.revision}"
    mended = before - _faulty(connection, branch)
    made = [f"the guards of {each} anew, which did not stand" for each in sorted(mended)]
    return [told, *(f"{branch.package}: made {each}" for each in [*adopting.made, *made])]


def _faulty(connection: Connection, branch: Branch) -> set[str]:
    """The tables of which a guard does not stand."""
    return {each.table for each in guard_faults(connection, branch.metadata)} & branch.tables


class Adopting(Operations):
    """Runs a first revision over tables that are there: what is missing is made, as the start did
    before there were revisions, and what does not fit is noted."""

    def __init__(self, context: MigrationContext) -> None:
        super().__init__(context)
        self.here = inspect(self.get_bind())
        self.misfits: list[str] = []
        self.made: list[str] = []

    def invoke(self, operation: Any) -> Any:
        if isinstance(operation, CreateTableOp):
            name = operation.table_name
            if self.here.has_table(name, schema=operation.schema):
                self.misfits += self._misfits(operation)
                return None
            self.made.append(f"the table {name}")
        elif isinstance(operation, CreateIndexOp):
            if self.misfits or self._has_index(operation):
                return None
            self.made.append(f"the index {operation.index_name}")
        elif not isinstance(operation, CreateGuardsOp):
            raise UpgradeFailed(
                "The first revision does more than make tables, indexes and guards, so whether it"
                " was run cannot be seen from the tables. Nothing was changed."
            )
        return super().invoke(operation)

    def _has_index(self, operation: CreateIndexOp) -> bool:
        there = inspect(self.get_bind()).get_indexes(operation.table_name, operation.schema)
        return operation.index_name in {each["name"] for each in there}

    def _misfits(self, operation: CreateTableOp) -> Iterator[str]:
        table = operation.to_table(self.migration_context)
        name, schema = table.name, table.schema
        there = {each["name"] for each in self.here.get_columns(name, schema=schema)}
        for column in sorted(set(table.c.keys()) - there):
            yield f"{name}.{column} is missing"
        for column in sorted(there - set(table.c.keys())):
            yield f"{name}.{column} is one too many"
        keys = self.here.get_foreign_keys(name, schema=schema)
        known = {tuple(each["constrained_columns"]) for each in keys}
        for constraint in table.foreign_key_constraints:
            if tuple(constraint.column_keys) not in known:
                yield f"{name} lacks the key {constraint.name}"


def _check_keys(connection: Connection) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).first()
    if broken is not None:
        raise UpgradeFailed(
            f"After the revisions a row of {broken[0]} would refer to none of {broken[2]}. Nothing"
            " was changed: the database is as it was before. Mend the revision and run this again."
        )
