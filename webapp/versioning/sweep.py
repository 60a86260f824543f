"""One ``update()`` or ``delete()`` over many records, as versions made by sets.

The matching rows are picked once into a temporary table, with the new values that depend on data;
one UPDATE closes them, one INSERT … SELECT adds the next versions. Five statements in all, whatever
the number of rows: create, pick, close, insert, drop. Rows that this very transaction made are
amended instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Result,
    Select,
    Table,
    and_,
    case,
    delete,
    false,
    func,
    insert,
    inspect,
    literal,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlalchemy.orm.attributes import flag_dirty, set_committed_value

from . import onupdate
from .anchors import record_key
from .change import allow_amending, open_change
from .conflict import values_of
from .create import take_out
from .deletion import check_altered, check_referrers, ids_of, spread_set, takes_part, together
from .errors import VersionConflict
from .ledger import OpenChange
from .linking import close_links, reopen_links
from .picking import Picking
from .queries import is_alive, is_newest, live
from .relationships import referring
from .repoint import follow, settle_followers
from .rows import by_table, column_of, keys_in, next_part, next_row, untouched
from .shape import unversioned_columns


class Sweep(Picking):
    """A set-based statement under way: what was picked, and the steps over it."""

    def update(self, values: dict[str, Any]) -> Result[Any]:
        """Make a version of each matching record whose values the statement alters.

        Where it alters `__unversioned__` columns alone, they are written in place.
        """
        free = {name: values[name] for name in unversioned_columns(self.mapper) & values.keys()}
        versioned = values.keys() - free.keys()
        differs = or_(false(), *(self._differs(name, values[name]) for name in versioned))
        if free:
            self.update_in_place(free, not_(differs))
        return self._run(onupdate.add_to(self.mapper, values), "update", differs)

    def update_in_place(
        self, values: dict[str, Any], condition: ColumnElement[bool] | None = None
    ) -> Result[Any]:
        """Write `__unversioned__` columns of the matching records' current rows: no version."""
        chosen = self._matching(self.table.c.id)
        if condition is not None:
            chosen = chosen.where(condition)
        if self.connection.dialect.name != "sqlite":  # it has one writer, who need not wait here
            self._hold(chosen)
        wanted = self.statement._returning if condition is None else ()
        ids: Any = chosen
        if wanted:  # the rows may match no longer once they are updated
            ids = self.connection.scalars(chosen).all()
        rows = and_(self.table.c.id.in_(ids), live(self.table))
        columns = {column_of(self.mapper, name): value for name, value in values.items()}
        for table, own in by_table(columns).items():
            where = rows if table is self.table else keys_in(table, self.table, rows)
            result = self.connection.execute(
                update(table).where(where).values({**untouched(table, own), **own})
            )
        for state in _loaded(self.session, self.mapper):
            self.session.expire(state.obj(), list(values))
        if wanted:
            query = select(*wanted).select_from(self.mapper.class_).where(rows)
            return self.session.execute(query).freeze()()
        return result

    def _hold(self, chosen: Select[Any]) -> None:
        """Lock the current rows of the chosen records, once those who supersede them are done.

        An UPDATE that waits for one of them finds the row superseded and passes the record over,
        since it does not see the new row: nothing would be written, and nobody told.
        """
        wanted = chosen.cte("wanted")
        current = self.table.c.id.in_(select(wanted.c.id)) & live(self.table)
        held = select(self.table.c.id).where(current).with_for_update().cte("held")
        counts = [
            select(func.count()).select_from(rows).scalar_subquery() for rows in (wanted, held)
        ]
        while self.connection.scalar(select(counts[0] != counts[1])):
            pass  # looks again, and sees what was committed meanwhile

    def delete(self) -> Result[Any]:
        """Make a tombstone of each matching record."""
        if not takes_part(self.mapper):
            return self._run({}, "delete", true())
        with together(self.session):
            matching = self.connection.execute(self._matching(*record_key(self.table)))
            spread_set(self.session, self.mapper, ids_of(matching))
            return self._run({}, "delete", true())

    def revive(self) -> Result[Any]:
        """Make a version of each matching deleted record, with the values that it had."""
        self.rows = and_(is_newest(self.mapper.class_), not_(is_alive(self.mapper.class_)))
        return self._run(onupdate.add_to(self.mapper, {}), "restore", true())

    def _run(
        self, values: dict[str, Any], operation: str, differs: ColumnElement[bool]
    ) -> Result[Any]:
        self.values = {column_of(self.mapper, name): value for name, value in values.items()}
        self.computed = [c for c, value in self.values.items() if self._must_pick(c, value)]
        self.picked = self._temporary_table()
        # as a flush does: when it fails a part of it may be written, and the session refuses to go
        # on until somebody rolls back, so that what was flushed before cannot vanish unnoticed
        attempt = self.session._autobegin_t()._begin()
        try:
            self.picked.create(self.connection, checkfirst=False)
            result: Result[Any] = self._pick(differs)
            if result.rowcount:  # type: ignore[attr-defined]
                self._write(operation, result.rowcount)  # type: ignore[attr-defined]
                self._move_objects(operation)
                settle_followers(self.session)
                self._check_references(operation)
            result = self._returning() or result
            self.picked.drop(self.connection, checkfirst=False)
            attempt.commit()
        except BaseException:
            attempt.rollback(_capture_exception=True)
            raise
        return result

    def _write(self, operation: str, picked: int) -> None:
        own = 0
        if self.ledger.opened is not None:
            count = select(func.count()).where(self.picked.c.own == true())
            own = self.connection.scalar(count) or 0
        opened = open_change(self.session, self.mapper)
        if own:
            self._amend(operation)
        if own < picked:
            self._close(opened, picked - own)
            self._insert(opened, operation)
            if operation != "delete" and referring(self.mapper):
                follow(self.session, self.mapper, self._ids(), opened)

    def _ids(self) -> Select[Any]:
        """The records that were picked."""
        return select(*(self.picked.c[column.name] for column in record_key(self.table)))

    def _check_references(self, operation: str) -> None:
        """Nothing alive refers to what was deleted, and nothing edited to the dead."""
        if operation == "delete" and takes_part(self.mapper):
            ids = ids_of(self.connection.execute(self._ids()))
            close_links(self.session, self.mapper, ids)
            check_referrers(self.session, self.mapper, ids)
        elif operation == "restore":
            opened = open_change(self.session, self.mapper)
            reopen_links(self.session, self.mapper, self._ids(), opened.id)
            check_altered(self.session, self.mapper, set(self.mapper.columns.keys()), self._ids())
        elif operation != "delete":
            names = {self.mapper.get_property_by_column(column).key for column in self.values}
            check_altered(self.session, self.mapper, names, self._ids())

    def _close(self, opened: OpenChange, expected: int) -> None:
        rows = self.table.c
        result = self.connection.execute(
            update(self.table)
            .where(self._is_picked(self.table, own=False), rows.is_current_version == true())
            .values({rows.is_current_version: False, rows.version_to: self._at(opened)})
            .values(untouched(self.table, {}))
        )
        if result.rowcount != expected:
            self._raise_conflict()

    def _insert(self, opened: OpenChange, operation: str) -> None:
        row = next_row(
            self.table,
            {c: self._new_value(c) for c in self.values if c.table is self.table},
            at=self._at(opened),
            op=literal(operation, self.table.c.version_op.type),
            change_id=literal(opened.id, self.table.c.change_id.type),
        )
        self._copy(self.table, row)
        for part in reversed(self.parts):
            replaced = {c: self._new_value(c) for c in self.values if c.table is part}
            self._copy(part, next_part(part, replaced))

    def _copy(self, table: Table, row: Mapping[Column[Any], Any]) -> None:
        joined = table.join(self.picked, self._same_key(table))
        chosen = select(*row.values()).select_from(joined).where(self.picked.c.own == false())
        self.connection.execute(
            insert(table).from_select(list(row), chosen, include_defaults=False)
        )

    def _amend(self, operation: str) -> None:
        """Alter the rows that this transaction made; take back those that it created."""
        allow_amending(self.session, self.mapper)
        if operation == "delete":
            for table in (*self.parts, self.table):
                created = and_(self._is_picked(table, own=True), table.c.version_id == 1)
                self.connection.execute(delete(table).where(created))
            values: dict[Column[Any], Any] = {self.table.c.version_op: operation}
        else:
            values = {column: self._new_value(column, scalar=True) for column in self.values}
        for table, new in by_table(values).items():
            own = self._is_picked(table, own=True)
            self.connection.execute(
                update(table).where(own).values({**untouched(table, new), **new})
            )

    def _move_objects(self, operation: str) -> None:
        """Loaded objects of the picked rows go on as the new versions, and reload.

        Those whose rows were taken back, since this transaction made them, leave the session.
        """
        loaded = {_key_of(state): state for state in _loaded(self.session, self.mapper)}
        if not loaded:
            return
        picked = self.connection.execute(select(*self._key(self.picked), self.picked.c.own))
        found = [(loaded[row[0], row[1]], row) for row in picked if (row[0], row[1]) in loaded]
        for state, row in found:
            if row.own and row.version_id == 1 and operation == "delete":
                take_out(self.session, state)
            elif not row.own:
                set_committed_value(state.obj(), "version_id", row.version_id + 1)
                flag_dirty(state.obj())
        self.session.flush()
        # private, as the ORM does for its own statements: a rollback to a savepoint reads them anew
        self.session._register_altered(state for state, _ in found if state.persistent)
        for state, _ in found:
            if state.persistent:
                self.session.expire(state.obj())

    def _returning(self) -> Result[Any] | None:
        """The RETURNING clause, answered from the new rows."""
        wanted = self.statement._returning  # returning_column_descriptions fails on expressions
        if not wanted:
            return None
        rows, picked = self.table.c, self.picked
        next_version = case(
            (picked.c.own == true(), picked.c.version_id), else_=picked.c.version_id + 1
        )
        same_row = and_(rows.id == picked.c.id, rows.version_id == next_version)
        query = select(*wanted).select_from(self.mapper.class_).join(picked, same_row)
        return self.session.execute(query).freeze()()

    def _raise_conflict(self) -> None:
        later = self.table.alias()
        query = (
            select(self.picked.c.id, self.picked.c.version_id, func.max(later.c.version_id))
            .join(later, later.c.id == self.picked.c.id)
            .where(later.c.version_id > self.picked.c.version_id, self.picked.c.own == false())
            .group_by(self.picked.c.id, self.picked.c.version_id)
            .limit(1)
        )
        id, base, current = self.connection.execute(query).one()
        raise VersionConflict(
            self.mapper.class_,
            id,
            base,
            current,
            base=values_of(self.connection, self.mapper, id, base),
            theirs=values_of(self.connection, self.mapper, id, current),
            yours={
                self.mapper.get_property_by_column(column).key: value
                for column, value in self.values.items()
            },
        )


def _loaded(session: Session, mapper: Mapper[Any]) -> list[InstanceState[Any]]:
    """The session's persistent objects of the mapped class."""
    return [inspect(obj) for obj in session.identity_map.values() if isinstance(obj, mapper.class_)]


def _key_of(state: InstanceState[Any]) -> tuple[Any, int]:
    assert state.identity is not None
    names = [state.mapper.get_property_by_column(c).key for c in state.mapper.primary_key]
    key = dict(zip(names, state.identity, strict=True))
    return key["id"], key["version_id"]
