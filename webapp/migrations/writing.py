"""Writes a revision from how the models differ from the database, and keeps history whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Set
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy
from alembic import command
from alembic.operations import ops
from sqlalchemy import Connection, Table, TypeDecorator

from webapp.config import ConfigError
from webapp.versioning import digested_columns, guard_faults, is_guarded, made_for

from .branches import Branch
from .differences import compared
from .operations import CreateGuardsOp, DropGuardsOp, NoteOp
from .position import Unfit, columns_there, position, refuse

#: How long a revision's number may be, with room for the number: Alembic keeps 32 characters.
LONGEST = 24
NESTED = re.compile(r"[(=]([A-Z]\w*)\(")
LOST = (
    "--lose {0}: what versions hold in it is gone or altered by this, and the digests of those"
    " versions no longer fit, for good."
)


class HistoryAtRisk(ConfigError):
    """A revision would alter what old versions say; it was not written."""


def write_revision(
    connection: Connection,
    branch: Branch,
    message: str,
    *,
    lose: Collection[str] = (),
    empty: bool = False,
) -> Path | None:
    """Write the revision that brings the database to the models; None where they agree already.

    The first one of a package holds all of its tables, whether or not they are there. `lose` names
    the columns ("product.colour") of which history may be lost; `empty` writes one without
    operations, to be filled by hand.

    Raises ConfigError, and writes nothing, where the database is not at the newest revision, or the
    models' change would alter what versions say.
    """
    message = " ".join(message.split()).rstrip(".").translate({ord('"'): "'", ord("\\"): "/"})
    if not message:
        raise ConfigError("A revision says what it does: give it a few words. Nothing was written.")
    there = columns_there(connection, branch.metadata)
    first = not branch.revisions
    state = position(connection, branch, there)
    refuse(connection, branch, state)
    if state == "new":
        raise Unfit(
            f"The database has none of the tables of {branch.package} yet, with which the models"
            " are compared. Nothing was written. Run: versioned-admin database upgrade"
        )
    if first:
        _check_begin(connection, branch, branch.tables & there.keys())
    writer = _Writer(connection, branch, frozenset(lose))
    options: dict[str, Any] = {"render_item": _render}
    if not empty:
        options["process_revision_directives"] = writer.arrange
    if first:
        options["include_name"] = lambda name, kind, parents: kind != "table"
    branch.folder.mkdir(exist_ok=True)
    number = f"{branch.package.rpartition('.')[2][:LONGEST]}_{len(branch.revisions) + 1:04}"
    script = command.revision(
        branch.config(connection, **options),
        message,
        autogenerate=not empty,
        rev_id=number,
        version_path=str(branch.folder),
    )
    return Path(script.path) if script else None  # type: ignore[union-attr]


def _check_begin(connection: Connection, branch: Branch, there: Set[str]) -> None:
    if not branch.tables:
        raise ConfigError(f"{branch.package} has no tables, so there is nothing to revise.")
    missing = branch.tables - there
    found = [each for each in compared(connection, branch) if each.split()[2] not in missing]
    if there and found:
        raise ConfigError(
            f"{branch.package} has no revision yet, so its first has to say what the database has,"
            f" but the models differ from that: {'; '.join(found)}. Nothing was written: take the"
            " difference out of the models, write the first revision, put it in again and write"
            " the second."
        )


class Risk(NamedTuple):
    """A column of which history would be lost, and why."""

    column: str
    why: str


class _Writer:
    """Arranges what Alembic found."""

    def __init__(self, connection: Connection, branch: Branch, lose: frozenset[str]) -> None:
        self.branch = branch
        self.lose = lose
        self.faulty = {each.table for each in guard_faults(connection, branch.metadata)}

    def arrange(self, context: Any, revision: Any, directives: list[Any]) -> None:
        """Called by Alembic with the one revision that it would write."""
        upgrade_ops = directives[0].upgrade_ops
        upgrade_ops.ops = list(self._arranged(upgrade_ops.ops))
        if upgrade_ops.is_empty():
            directives.clear()

    def _arranged(self, found: list[Any]) -> Iterator[Any]:
        creates = [each for each in found if isinstance(each, ops.CreateTableOp)]
        alters = [each for each in found if isinstance(each, ops.ModifyTableOps)]
        risks = [risk for each in alters for risk in self._risks(each)]
        for risk in risks:
            if risk.column not in self.lose:
                raise HistoryAtRisk(f"{risk.why} Nothing was written.")
        created = {each.table_name for each in creates}
        altered = {each.table_name for each in alters if not _is_light(each.ops)} - created
        guarded = self._guarded(altered)
        yield from (NoteOp(LOST.format(risk.column)) for risk in risks)
        if guarded:
            yield DropGuardsOp(*guarded)
        for create in creates:
            create.info = {}  # the models' own notes, no words of a revision
            yield create
        for each in alters:
            if each.table_name in created:
                yield from each.ops
        if fresh := self._guarded(self._to_guard(created) - altered):
            yield CreateGuardsOp(*fresh)
        for each in alters:
            if each.table_name not in created:
                yield from each.ops if all(map(_is_native, each.ops)) else [each]
        if guarded:
            yield CreateGuardsOp(*guarded)

    def _to_guard(self, created: set[str]) -> set[str]:
        """New tables, those that keep a new table of records up, and those that lack a guard."""
        keepers = {made_for(self._table(name)).key for name in created}
        return created | keepers | (self.faulty & self.branch.tables)

    def _guarded(self, names: Iterable[str]) -> list[str]:
        order = {table.key: place for place, table in enumerate(self.branch.own)}
        return sorted(
            filter(lambda name: is_guarded(self._table(name)), names), key=order.__getitem__
        )

    def _table(self, name: str) -> Table:
        return self.branch.metadata.tables[name]

    def _risks(self, alter: ops.ModifyTableOps) -> Iterator[Risk]:
        table = self._table(alter.table_name)
        if not is_guarded(table):
            return
        digested = digested_columns(table)
        retyped = (each for each in alter.ops if isinstance(each, ops.AlterColumnOp))
        risky = [e for e in retyped if e.column_name in digested and _is_another_kind(e)]
        for each in alter.ops:
            if isinstance(each, ops.AddColumnOp):
                if each.column.name in digested and not each.column.nullable:
                    raise HistoryAtRisk(_demanding(table.name, each.column.name))
            elif isinstance(each, ops.DropColumnOp):
                if each.to_column().computed is None:
                    yield Risk(f"{table.name}.{each.column_name}", _dropping(table.name, each))
            elif each in risky:
                yield Risk(f"{table.name}.{each.column_name}", _retyping(table.name, each))


def _demanding(table: str, name: str) -> str:
    return (
        f"{table}.{name} may not be NULL, but the versions that there are have no value in it, and"
        " to fill one in would alter what they say, so that no digest would fit any more. Declare"
        " it nullable in the model and demand it in the form, where it shall be given from now on."
        " Nothing was written."
    )


def _dropping(table: str, each: ops.DropColumnOp) -> str:
    column = f"{table}.{each.column_name}"
    return (
        f"No model has {column} any more. To drop it takes its values out of every version that"
        " there ever was, and the digests of these no longer fit, for good. Keep the column: under"
        f' another name by mapped_column("{each.column_name}", …), or out of sight by'
        f" __excluded__. Or lose it by --lose {column}."
    )


def _retyping(table: str, each: ops.AlterColumnOp) -> str:
    column = f"{table}.{each.column_name}"
    return (
        f"{column} gets a type of another kind, so that versions hold other values than were saved,"
        " and their digests no longer fit. Give the new type a new column. Or alter it by"
        f" --lose {column}."
    )


def _is_another_kind(each: ops.AlterColumnOp) -> bool:
    old, new = each.existing_type, each.modify_type
    return new is not None and old is not None and old._type_affinity is not new._type_affinity


def _is_light(found: Iterable[Any]) -> bool:
    """Whether guards may stand meanwhile."""
    return all(isinstance(each, ops.CreateIndexOp | ops.DropIndexOp) for each in found)


def _is_native(each: Any) -> bool:
    """Whether SQLite does this without a copy of the table."""
    if isinstance(each, ops.AddColumnOp):
        column = each.column
        return column.computed is None and column.server_default is None
    return isinstance(each, ops.CreateIndexOp | ops.DropIndexOp)


def _render(kind: str, item: Any, context: Any) -> Any:
    """Types of a project's own are imported from where they are."""
    if kind == "type" and isinstance(item, TypeDecorator):
        context.imports.add(f"import {type(item).__module__}")
    place = type(item).__module__.split(".")
    if kind == "type" and place[:2] == ["sqlalchemy", "dialects"]:
        # on another engine Alembic writes what is within such a type by its bare name
        for name in NESTED.findall(repr(item)) if place[2] != context.dialect.name else ():
            found = "sqlalchemy" if hasattr(sqlalchemy, name) else ".".join(place[:3])
            context.imports.add(f"from {found} import {name}")
    return False
