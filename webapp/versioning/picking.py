"""The rows of a set-based statement: chosen once, with what they become, before any is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Delete,
    Enum,
    MetaData,
    Select,
    Table,
    Text,
    Update,
    and_,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import Mapper, Session

from .edits import is_expression
from .ledger import OpenChange, ledger_of
from .queries import live
from .rows import column_of
from .shape import is_json, parts_below, version_table
from .types import UtcDateTime

Parameters = Mapping[str, Any]


class Picking:
    """A statement, the rows that it matches, and the temporary table that holds their keys.

    `values` are the new values by column, `computed` the columns whose values are picked too.
    """

    values: dict[Column[Any], Any]
    computed: list[Column[Any]]
    picked: Table

    def __init__(
        self,
        session: Session,
        mapper: Mapper[Any],
        statement: Update | Delete,
        parameters: Parameters,
    ) -> None:
        self.session = session
        self.mapper = mapper
        self.statement = statement
        self.parameters = parameters
        self.table = version_table(mapper)
        self.parts = parts_below(mapper)
        self.ledger = ledger_of(session)
        self.connection = session.connection(bind_arguments={"mapper": mapper})
        self.rows = live(mapper.class_)

    def _must_pick(self, column: Column[Any], value: Any) -> bool:
        """Whether a new value is computed when the rows are picked, before any is closed.

        That of an `__unversioned__` column is computed from the closed row, which nobody else can
        write any more: it may have been counted up in place since it was picked.
        """
        if not is_expression(value):
            return False
        if column.table is not self.table or self.parts:
            return True  # what is copied table by table may need a column of another one
        in_place = column.name in self.table.info["versioned"]
        return not in_place or len(self._matching(column).get_final_froms()) > 1

    def _temporary_table(self) -> Table:
        key = [Column(c.name, c.type, primary_key=True) for c in self._key(self.table)]
        new = [Column(f"new_{n}", _portable(c)) for n, c in enumerate(self.computed)]
        own: Column[bool] = Column("own", Boolean(create_constraint=False))
        return Table("versioning_picked", MetaData(), *key, own, *new, prefixes=["TEMPORARY"])

    def _pick(self, differs: ColumnElement[bool]) -> Any:
        """Choose the rows, once: what they become is computed before any of them is closed."""
        own: ColumnElement[bool] = false()
        if self.ledger.opened is not None:
            own = func.coalesce(self.table.c.change_id == self.ledger.opened.id, false())
        new = [cast(self.values[c], Text) if _is_enum(c) else self.values[c] for c in self.computed]
        chosen = self._matching(*self._key(self.table), own, *new).where(differs)
        columns = [c.name for c in self.picked.c]
        return self.connection.execute(
            insert(self.picked).from_select(columns, chosen),
            execution_options={"preserve_rowcount": True},
        )

    def _matching(self, *columns: Any) -> Select[Any]:
        """The live rows, or those that are to live again, which the WHERE clause names."""
        query = select(*columns).select_from(self.mapper.class_).where(self.rows)
        if self.statement.whereclause is not None:
            query = query.where(self.statement.whereclause)
        if len(query.get_final_froms()) > 1:
            query = query.distinct()
        return query.params(**self.parameters) if self.parameters else query

    def _new_value(self, column: Column[Any], scalar: bool = False) -> Any:
        if column not in self.computed:
            fixed = self.values[column]
            return fixed if is_expression(fixed) else literal(fixed, column.type)
        value: Any = self.picked.c[f"new_{self.computed.index(column)}"]
        if scalar:
            value = select(value).where(self._same_key(column.table)).scalar_subquery()
        return cast(value, column.type) if _is_enum(column) else value

    def _at(self, opened: OpenChange) -> ColumnElement[Any]:
        """This change's time, or the row's own where the clock went back since."""
        at = literal(opened.at, UtcDateTime())
        return case((self.table.c.version_from > at, self.table.c.version_from), else_=at)

    def _differs(self, name: str, value: Any) -> ColumnElement[bool]:
        column = column_of(self.mapper, name)
        after = value if is_expression(value) else literal(value, column.type)
        if is_json(column.type):
            return cast(column, Text).is_distinct_from(cast(after, Text))
        return column.is_distinct_from(after)

    def _is_picked(self, table: Table, *, own: bool) -> ColumnElement[bool]:
        chosen = select(*self._key(self.picked)).where(
            self.picked.c.own == (true() if own else false())
        )
        return tuple_(*self._key(table)).in_(chosen)

    def _same_key(self, table: Any) -> ColumnElement[bool]:
        pairs = zip(self._key(table), self._key(self.picked), strict=True)
        return and_(*(left == right for left, right in pairs))

    @staticmethod
    def _key(rows: Table) -> tuple[Column[Any], Column[Any]]:
        return rows.c.id, rows.c.version_id


def _is_enum(column: Column[Any]) -> bool:
    return isinstance(column.type, Enum)


def _portable(column: Column[Any]) -> Any:
    """A type for a temporary column: an enum's own database type need not be made for it."""
    return Text() if _is_enum(column) else column.type
