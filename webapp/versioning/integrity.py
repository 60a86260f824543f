"""Checks that stored versions are what the core writes: numbers, flags, times, operations, changes,
and digests, where they are kept.

Set-based: the database looks at a stretch of records at a time, with each version beside its
predecessor and its successor, and sends the faulty ones alone; digests are recomputed from all that
it holds. Memory does not grow with the table, and nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Function,
    Label,
    LargeBinary,
    Row,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    inspect,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from .dangling import dangling
from .digest_check import DigestCheck
from .digest_rows import DIGEST
from .findings import Fault, Finding, ModelCheck
from .ledger import ledger_of
from .shape import version_table
from .sqlite import any_text, readable

#: Versions looked at by one statement.
STRETCH = 50_000
#: Findings of one fault that are kept; all are counted.
MOST = 1_000
#: Told after each stretch: how many versions were looked at so far.
Progress = Callable[[int], None]


class Rule(NamedTuple):
    """When a version is faulty, and what to tell of it."""

    fault: Fault
    broken: ColumnElement[bool]
    found: ColumnElement[Any]
    expected: ColumnElement[Any]


def check_model(
    session: Session,
    model: type[Any],
    *,
    after: Any = None,
    most_versions: int | None = None,
    most: int = MOST,
    progress: Progress | None = None,
) -> ModelCheck:
    """Look at all versions of a model's records, in the order of their ids.

    `after` begins behind that id. `most_versions` stops at the end of a stretch once so many were
    looked at: `ModelCheck.checked_to` is then the `after` to go on with. `most` is the number of
    findings kept of each fault. Changes are looked at where the session records them.
    """
    counts: Counter[Fault] = Counter()
    findings: list[Finding] = []

    def keep(found: Iterable[Finding]) -> None:
        for finding in found:
            counts[finding.fault] += 1
            if counts[finding.fault] <= most:
                findings.append(finding)

    digests = _digests(session, model)
    records = versions = 0
    last = after
    with any_text(session.connection(bind_arguments={"mapper": inspect(model)})):
        for stretch in _stretches(session, model, after):
            if most_versions is not None and versions >= most_versions:
                break
            records, versions = records + stretch.records, versions + stretch.versions
            last = stretch.to
            keep(_findings(session, model, stretch))
            if digests is not None:
                keep(digests.findings(stretch.of(digests.table)))
                keep(digests.gone(stretch.of(digests.digests)))
            if progress is not None:
                progress(versions)
        else:
            if digests is not None:
                keep(digests.gone(_above(digests.digests, last)))
            last = None
    undigested = 0 if digests is None else digests.without
    return ModelCheck(
        model, records, versions, dict(counts), tuple(findings), readable(last), undigested
    )


def _digests(session: Session, model: type[Any]) -> DigestCheck | None:
    kept = DIGEST in version_table(inspect(model)).info
    return DigestCheck(session, model) if kept else None


class Stretch(NamedTuple):
    """Records with an id above `after`, all if that is None, up to `to`, and their numbers."""

    after: Any
    to: Any
    records: int
    versions: int

    def of(self, table: Table) -> ColumnElement[bool]:
        return and_(_above(table, self.after), table.c.id <= _bound(self.to))


def _above(table: Table, after: Any) -> ColumnElement[bool]:
    """Ids behind that one, a number compared as a BIGINT: it may be beyond the column's range."""
    if after is None:
        return true()
    return table.c.id > (literal(after, BigInteger) if isinstance(after, int) else _bound(after))


def _bound(id: Any) -> Any:
    """An id to compare with; one that is no text is given by its bytes, or it would not be met."""
    if isinstance(id, str) and id != readable(id):
        return cast(literal(id.encode("utf-8", "surrogateescape"), LargeBinary), Text)
    return id


def _stretches(session: Session, model: type[Any], after: Any) -> Iterator[Stretch]:
    """The table in parts of about `STRETCH` versions, each with all versions of its records."""
    table = version_table(inspect(model))
    connection = session.connection(bind_arguments={"mapper": inspect(model)})
    while True:
        ids = (
            select(table.c.id)
            .where(_above(table, after))
            .order_by(table.c.id)
            .limit(STRETCH)
            .subquery()
        )
        # not max(), which PostgreSQL lacks for UUIDs
        last = select(ids.c.id).order_by(ids.c.id.desc()).limit(1)
        with any_text(connection, "surrogateescape"):
            found = connection.execute(last).first()
        if found is None:
            return
        to = found[0]
        stretch = Stretch(after, to, 0, 0)
        numbers = select(func.count(table.c.id.distinct()), func.count()).where(stretch.of(table))
        records, versions = _one(session, model, numbers)
        yield stretch._replace(records=records, versions=versions)
        after = to


def _one(
    session: Session, model: type[Any], query: Select[*tuple[Any, ...]]
) -> Row[*tuple[Any, ...]]:
    return session.execute(query, bind_arguments={"mapper": inspect(model)}).one()


def _findings(session: Session, model: type[Any], stretch: Stretch) -> Iterator[Finding]:
    table = version_table(inspect(model))
    recorder = ledger_of(session).settings.change_model
    changes = None if recorder is None else version_table(inspect(recorder))
    beside = _beside(table, stretch, changes)
    rules = [*_number_rules(beside), *_operation_rules(beside), *_time_rules(beside)]
    rules += _plain_rules(beside) if changes is None else _change_rules(beside)
    faulty = session.execute(_faulty(beside, rules), bind_arguments={"mapper": inspect(model)})
    for row in faulty:
        for rule, (broken, found, expected) in zip(rules, _threes(row[2:]), strict=True):
            if broken:
                yield Finding(rule.fault, model, row[0], row[1], found, expected)
    for id, version_id, key, target in dangling(session, model, stretch.of):
        yield Finding(Fault.REFERENCE_MISSING, model, id, version_id, key, target)


def _threes(values: Sequence[Any]) -> Iterator[tuple[Any, Any, Any]]:
    return zip(values[::3], values[1::3], values[2::3], strict=True)


def _beside(table: Table, stretch: Stretch, changes: Table | None) -> Subquery:
    """Each version beside its neighbours, the number of its record's flags, and its change."""
    rows = table.c
    at = rows.version_from.type

    def over(function: Function[Any], name: str) -> Label[Any]:
        return function.over(partition_by=rows.id, order_by=rows.version_id).label(name)

    flags = func.sum(case((rows.is_current_version == true(), 1), else_=0))
    query = select(
        rows.id,
        rows.version_id,
        rows.is_current_version,
        rows.version_from,
        rows.version_to,
        rows.version_op,
        rows.change_id,
        over(func.lag(rows.version_id), "before_id"),
        over(func.lag(rows.version_op), "before_op"),
        over(func.lag(rows.version_from, type_=at), "before_from"),
        over(func.lead(rows.version_id), "next_id"),
        over(func.lead(rows.version_from, type_=at), "next_from"),
        flags.over(partition_by=rows.id).label("flags"),
    ).where(stretch.of(table))
    if changes is not None:
        change = changes.c
        query = query.add_columns(change.id.label("known_change"), change.at.label("changed_at"))
        query = query.select_from(table.outerjoin(changes, change.id == rows.change_id))
    return query.subquery()


def _number_rules(beside: Subquery) -> list[Rule]:
    """Versions run 1, 2, 3 …, and the last alone bears the flag."""
    row = beside.c
    newest, first = row.next_id.is_(None), row.before_id.is_(None)
    one = literal(1)
    return [
        Rule(Fault.FLAG, row.is_current_version != newest, row.is_current_version, newest),
        Rule(Fault.NONE_CURRENT, and_(newest, row.flags == 0), row.flags, one),
        Rule(Fault.SEVERAL_CURRENT, and_(newest, row.flags > 1), row.flags, one),
        Rule(Fault.FIRST_MISSING, and_(first, row.version_id > 1), row.version_id, one),
        Rule(Fault.GAP, row.version_id != row.before_id + 1, row.version_id, row.before_id + 1),
    ]


def _operation_rules(beside: Subquery) -> list[Rule]:
    """A record begins by a creation; what follows a deletion brings it back.

    A deletion may follow one: of a record that was brought back and deleted in one transaction.
    """
    row = beside.c
    creates = row.version_op == "create"
    follows = row.before_id == row.version_id - 1
    is_back = row.version_op.in_(("create", "restore", "delete"))
    misplaced = or_(
        and_(row.before_id.is_(None), row.version_id == 1, ~creates),
        and_(follows, row.before_op != "delete", creates),
    )
    dead = and_(follows, row.before_op == "delete", ~is_back)
    return [
        Rule(Fault.AFTER_DELETION, dead, row.version_op, row.before_op),
        Rule(Fault.OPERATION, misplaced, row.version_op, row.before_op),
    ]


def _time_rules(beside: Subquery) -> list[Rule]:
    """Each version ends when the next one begins, and the last has no end."""
    row = beside.c
    ends = row.next_from
    broken = or_(
        and_(ends.is_(None), row.version_to.is_not(None)),
        and_(ends.is_not(None), row.version_to.is_(None)),
        row.version_to != ends,
    )
    return [Rule(Fault.PERIOD, broken, row.version_to, ends)]


def _plain_rules(beside: Subquery) -> list[Rule]:
    """Without recorded changes, times run forward and no more is known of them."""
    row = beside.c
    return [Rule(Fault.TIME, row.version_from < row.before_from, row.version_from, row.before_from)]


def _change_rules(beside: Subquery) -> list[Rule]:
    """A version begins at the time of its change, or with its predecessor, if that is later."""
    row = beside.c
    begins = case((row.before_from > row.changed_at, row.before_from), else_=row.changed_at)
    return [
        Rule(Fault.TIME, row.version_from != begins, row.version_from, begins),
        Rule(Fault.CHANGE_MISSING, row.known_change.is_(None), row.change_id, row.known_change),
    ]


def _faulty(beside: Subquery, rules: Sequence[Rule]) -> Select[Any]:
    """The versions that break a rule: for each rule whether it is broken, found and expected."""
    row = beside.c
    told: list[ColumnElement[Any]] = []
    for rule in rules:
        told += [func.coalesce(rule.broken, false()), rule.found, rule.expected]
    return (
        select(row.id, row.version_id, *(each.label(f"told_{n}") for n, each in enumerate(told)))
        .where(or_(*(rule.broken for rule in rules)))
        .order_by(row.id, row.version_id)
    )
