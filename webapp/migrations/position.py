"""Where a database stands, and whether the models can be served over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from alembic import command
from sqlalchemy import Connection, MetaData, inspect

from webapp.config import ConfigError

from .branches import Branch

#: "plain": the package has no revisions. "new": none of its tables is there. "unmarked": they are
#: there, and nothing says at which revision. "unknown": a newer version of the package was here.
State = Literal["plain", "new", "unmarked", "newest", "behind", "unknown"]
#: The columns of the tables that are there, by the tables' keys in the metadata and their names.
There = Mapping[str, Mapping[str, Any]]
UPGRADE = "Nothing was changed. Back it up and run: versioned-admin database upgrade"


class Unfit(ConfigError):
    """The database does not fit the models: one line with what to do. Nothing was changed."""


def columns_there(connection: Connection, metadata: MetaData) -> There:
    """The columns that the database has of the models' tables."""
    here, found = inspect(connection), {}
    for schema in {table.schema for table in metadata.tables.values()}:
        names = [t.name for t in metadata.tables.values() if t.schema == schema]
        for (_, name), columns in here.get_multi_columns(schema, names).items():
            key = f"{schema}.{name}" if schema else str(name)
            found[key] = {each["name"]: each for each in columns}
    return found


def position(connection: Connection, branch: Branch, there: There) -> State:
    """Where the database stands with a package's tables."""
    if not branch.revisions:
        return "plain"
    stamp = branch.stamp(connection)
    if stamp is None:
        return "new" if branch.tables.isdisjoint(there) else "unmarked"
    if stamp == branch.newest:
        return "newest"
    return "behind" if stamp in {each.revision for each in branch.revisions} else "unknown"


def make_tables(connection: Connection, branches: Sequence[Branch]) -> None:
    """Make the tables of packages that have none yet, marked as at their newest revision, and what
    is missing of packages without revisions.

    Raises Unfit when the models cannot be served over the tables that there are.
    """
    metadata = branches[0].metadata
    there = columns_there(connection, metadata)
    fresh = []
    for branch in branches:
        state = position(connection, branch, there)
        refuse(connection, branch, state)
        if state == "newest" and (gone := branch.tables - there.keys()):
            raise _unfit(min(gone), f"the table {min(gone)} is missing", branches)
        if state == "new":
            fresh.append(branch)
    for table, misfit in misfits(metadata, there):
        raise _unfit(table, misfit, branches)
    metadata.create_all(connection)
    for branch in fresh:
        mark(connection, branch, "head")


def refuse(connection: Connection, branch: Branch, state: State) -> None:
    """Raises Unfit for a package whose tables are not at its newest revision, where it has any."""
    name = branch.package
    if state == "behind":
        raise Unfit(
            f"The database is behind: the tables of {name} are at {branch.stamp(connection)}, the"
            f" program is at {branch.newest}. {UPGRADE}"
        )
    if state == "unmarked":
        raise Unfit(
            f"The tables of {name} are there, but not marked with a revision: the database is older"
            f" than revisions. {UPGRADE}"
        )
    refuse_newer(connection, branch, state)


def refuse_newer(connection: Connection, branch: Branch, state: State) -> None:
    """Raises Unfit where a newer version of the package upgraded the database."""
    if state == "unknown":
        raise Unfit(
            f"The database is ahead: the tables of {branch.package} are at"
            f" {branch.stamp(connection)}, which this version does not know. Nothing was changed:"
            " start the newer version, or restore the backup from before its upgrade."
        )


def mark(connection: Connection, branch: Branch, revision: str) -> None:
    """Write down that the package's tables are at a revision."""
    command.stamp(branch.config(connection), revision)


def misfits(metadata: MetaData, there: There) -> Iterator[tuple[str, str]]:
    """What would fail on every page, with its table: columns that are missing, or that demand what
    no model gives."""
    for key, columns in there.items():
        table = metadata.tables[key]
        for column in table.c:
            if column.name not in columns:
                yield key, f"the column {key}.{column.name} is missing"
        for name, each in columns.items():
            if name not in table.c and not each["nullable"] and each["default"] is None:
                yield key, f"the column {key}.{name} demands a value, and no model has it"


def _unfit(table: str, misfit: str, branches: Sequence[Branch]) -> Unfit:
    owner = next((each.package for each in branches if table in each.tables), None)
    app = f" --app {owner}" if owner else ""
    return Unfit(
        f"The database does not fit the models: {misfit}. Nothing was changed. Write a revision"
        f' (versioned-admin database revision{app} -m "…") and run: versioned-admin database'
        " upgrade"
    )
