"""Random work by two people on one table, checked step by step against the plain model."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import Connection, Engine, delete, func, inspect, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, load_only

from tests.versioning.storm import expected
from tests.versioning.storm.expected import FIELDS, History, Plus, Version
from tests.versioning.storm.thing import (
    Change,
    Coin,
    Row,
    Thing,
    by_record,
    check_history,
    raw_rows,
)
from webapp.versioning import (
    BadKey,
    ChangeContext,
    ReadOnlyVersion,
    RecordExists,
    UnknownVersion,
    VersionConflict,
    VersioningError,
    as_of,
    current,
    enable_versioning,
    id_of,
    restore,
)

#: Histories by the ids of their records.
Book = dict[Any, History]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

NAMES = st.sampled_from(["a", "b", None])
QTY = st.integers(0, 2)
DATA = st.sampled_from([None, [], [1], {"k": 1}, {"k": True}])
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "name": NAMES,
    "qty": QTY | st.builds(Plus, QTY),
    "ratio": st.sampled_from([None, 0.0, 1 / 3]),
    "note": st.sampled_from(["x", "it's", None]),
    "data": DATA,
    # counted up; a plain number is compared with what was read, which others may have counted up
    "views": st.builds(Plus, QTY),
}
EDITS = st.fixed_dictionaries({}, optional=COLUMNS)
NEW = st.fixed_dictionaries(
    {"name": NAMES, "qty": QTY, "note": COLUMNS["note"], "data": DATA, "views": QTY}
)
WHO = st.integers(0, 1)
THEN = st.sampled_from(["leave", "leave", "flush", "commit"])
PICK = st.integers(0, 7)


@dataclass
class Person:
    """A session, and what must be true of it."""

    name: int
    session: Session
    writer: str = ""
    frames: list[Book] = field(default_factory=list)
    snapshot: Book | None = None
    began: int = 0
    savepoints: list[Any] = field(default_factory=list)
    handles: dict[int, Any] = field(default_factory=dict)
    held: list[dict[int, Any]] = field(default_factory=list)
    lost: list[Any] = field(default_factory=list)
    base: dict[int, int] = field(default_factory=dict)
    edits: dict[int, dict[str, Any]] = field(default_factory=dict)
    restoring: set[int] = field(default_factory=set)
    deleting: set[int] = field(default_factory=set)
    new: list[tuple[Any, Version]] = field(default_factory=list)

    def forget_pending(self) -> None:
        self.edits.clear()
        self.restoring.clear()
        self.deleting.clear()
        self.new.clear()


@dataclass(frozen=True)
class Place:
    """Where the storm rages: engines by mode, and a connection that only looks on."""

    engines: dict[str, Engine]
    onlooker: Connection
    counter: Any = field(default_factory=lambda: itertools.count(1))
    clock: Any = field(default_factory=lambda: itertools.count(1))
    seen: Counter[str] = field(default_factory=Counter)

    def now(self) -> datetime:
        return EPOCH + timedelta(microseconds=next(self.clock))


class Storm(RuleBasedStateMachine):
    """Two sessions; `mode` says how far the database lets them work at once."""

    place: Place
    thing: Any = Thing

    def id_at(self, slot: int | None) -> Any:
        """The id of the record in a slot, which others may create as well."""
        return None if slot is None else self.example * 1000 + slot

    def id_of(self, obj: Any) -> Any:
        """The id that a new object asks for; None where it is allotted."""
        return obj.id

    def name(self, obj: Any, id: Any) -> None:
        """Have the new object ask for the id."""
        obj.id = id

    @initialize(mode=PICK, keep=st.tuples(st.booleans(), st.booleans()))
    def begin(self, mode: int, keep: tuple[bool, bool]) -> None:
        names = list(self.place.engines)
        self.mode = names[mode % len(names)]
        self.example = next(self.place.counter)
        self.committed: Book = {}
        self.frozen: dict[tuple[int, int], Row] = {}
        self.moments: list[tuple[datetime, dict[int, Version]]] = []
        self.commits = 0
        self.transactions = itertools.count(1)
        self.people = []
        for name in (0, 1):
            engine = self.place.engines[self.mode]
            session = Session(engine, expire_on_commit=not keep[name])
            person = Person(name, session)
            enable_versioning(
                session,
                clock=self.place.now,
                change_model=Change,
                describe=lambda p=person: ChangeContext(actor=p.writer),  # type: ignore[misc]
            )
            self.people.append(person)
        p = self.act(0)
        for slot in (1, 2):
            row: tuple[Any, ...] = ("a", slot, None, "x", [slot])
            values = dict(zip(FIELDS, row, strict=True))
            thing = self.thing(example=self.example, **values)
            self.name(thing, self.id_at(slot))
            p.session.add(thing)
            p.new.append((thing, Version("create", row, 0, p.writer)))
        self.end(p)

    # -- what the model says ---------------------------------------------------------------

    def view(self, p: Person) -> Book:
        base = self.committed if p.snapshot is None else p.snapshot
        return {**base, **(p.frames[-1] if p.frames else {})}

    def history(self, p: Person, id: int) -> History:
        return self.view(p).get(id, ())

    def write(self, p: Person, id: int, history: History) -> None:
        if not expected.same(history, self.history(p, id)):
            p.frames[-1][id] = history

    def interfered(self, p: Person) -> bool:
        """Whether the database may refuse because of the other one."""
        other = self.people[1 - p.name]
        outdated = p.snapshot is not None and p.began != self.commits
        return other.session.in_transaction() or outdated

    def act(self, who: int) -> Person:
        """The person whose turn it is, in a transaction; the other ends theirs where they must."""
        p, other = self.people[who], self.people[1 - who]
        if self.mode.startswith("serial") and other.session.in_transaction():
            self.end(other)
        p.handles = {id: obj for id, obj in p.handles.items() if obj in p.session}
        if not p.frames:
            p.held.append(dict(p.handles))
            p.writer = f"{self.example}.{p.name}.{next(self.transactions)}"
            p.frames.append({})
            p.session.execute(text(f"SELECT 1 FROM {self.thing.__tablename__} LIMIT 1"))
            if "snapshot" in self.mode:
                p.snapshot, p.began = dict(self.committed), self.commits
        return p

    # -- flushing, and what may go wrong with it -----------------------------------------------

    def attempt(self, p: Person, work: Callable[[], Any]) -> bool:
        """Do what writes; when it is refused, rightly, go back to the last savepoint."""
        try:
            work()
        except (VersioningError, DBAPIError) as error:
            self.judge(p, error)
            self.place.seen[type(error).__name__] += 1
            self.undo(p)
            return False
        return True

    def judge(self, p: Person, error: Exception) -> None:
        """A refusal has a reason, or it is a fault."""
        if isinstance(error, VersionConflict | ReadOnlyVersion):
            touched = {*p.edits, *p.deleting}
            if any(self.stale(p, id) for id in touched) or self.racing_new(p):
                return
        elif isinstance(error, RecordExists):
            if any(self.taken(p, obj) for obj, _ in p.new):
                return
        elif isinstance(error, DBAPIError) and (
            # PostgreSQL may be tidying its own tables
            self.interfered(p) or "lock timeout" in str(error.orig)
        ):
            return
        raise error

    def stale(self, p: Person, id: int) -> bool:
        history = self.history(p, id)
        return p.base[id] != len(history) or not history[-1].live

    def racing_new(self, p: Person) -> bool:
        return self.interfered(p) and any(self.id_of(obj) is not None for obj, _ in p.new)

    def taken(self, p: Person, obj: Any) -> bool:
        id = self.id_of(obj)
        history = self.history(p, id) if id is not None else ()
        return bool(history) and history[-1].live and id not in p.deleting

    def flush(self, p: Person, work: Callable[[], Any] | None = None) -> bool:
        while any(self.taken(p, obj) for obj, _ in p.new):
            if not self.take_away_taken(p):
                return False
        if not self.attempt(p, work or p.session.flush):
            return False
        self.apply_pending(p)
        if work is None:
            self.check_view(p)
        return True

    def take_away_taken(self, p: Person) -> bool:
        """The flush refuses a new object with a living record's id; the rest is still to come."""
        try:
            p.session.flush()
        except (RecordExists, VersionConflict, ReadOnlyVersion, DBAPIError) as error:
            if not isinstance(error, RecordExists):
                self.judge(p, error)
                self.undo(p)
                return False
        else:
            raise AssertionError("a record that exists was created again")
        for obj, version in list(p.new):
            if self.taken(p, obj):
                p.session.expunge(obj)
                p.new.remove((obj, version))
        return True

    def apply_pending(self, p: Person) -> None:
        for id in p.deleting:
            self.on_newest(p, id)
            if any(inspect(obj).identity[0] == id for obj, _ in p.new):
                continue
            self.write(p, id, expected.deleted(self.history(p, id), p.writer))
            if not self.history(p, id):
                del p.handles[id]
        for id, values in p.edits.items():
            self.apply_edit(p, id, values)
        for obj, version in p.new:
            id = inspect(obj).identity[0]
            self.write(p, id, expected.created(self.history(p, id), p.writer, version))
            p.handles[id] = obj
        p.forget_pending()

    def apply_edit(self, p: Person, id: int, values: dict[str, Any]) -> None:
        history = self.history(p, id)
        if id in p.restoring:
            self.on_newest(p, id)
            self.write(p, id, expected.restored(history, p.writer, values))
            return
        found = expected.changes(history[p.base[id] - 1], values)
        if found.keys() - {"views"}:
            self.on_newest(p, id)
            self.write(p, id, expected.next_version(history, p.writer, None, found))
        elif found:
            self.write(p, id, (*history[:-1], history[-1].with_values(found)))

    def on_newest(self, p: Person, id: int) -> None:
        assert p.base[id] == len(self.history(p, id)), "an update was lost"

    def undo(self, p: Person) -> None:
        """Back to the last savepoint, or to before the transaction."""
        if p.savepoints:
            p.frames.pop()
            p.savepoints.pop().rollback()
            self.undone(p, p.held.pop())
        else:
            self.roll_back(p)

    def roll_back(self, p: Person) -> None:
        p.session.rollback()
        first = p.held[0]
        self.ended(p)
        self.undone(p, first)

    def undone(self, p: Person, held: dict[int, Any]) -> None:
        """What the session held then it holds again; what was new is transient."""
        p.lost += [obj for obj in p.handles.values() if inspect(obj).transient]
        p.forget_pending()
        p.handles = dict(held)
        assert all(obj in p.session for obj in held.values()), "an object was lost"

    def ended(self, p: Person) -> None:
        p.frames.clear()
        p.held.clear()
        p.savepoints.clear()
        p.snapshot = None

    def end(self, p: Person) -> None:
        if not self.flush(p, p.session.commit):
            if p.frames:
                self.roll_back(p)
            return
        self.place.seen["commits with versions"] += bool(p.frames and p.frames[-1])
        self.committed.update(p.frames[-1] if p.frames else {})
        self.commits += 1
        self.ended(p)
        self.check_committed()

    # -- rules ----------------------------------------------------------------------------------

    def then(self, p: Person, what: str) -> None:
        """What comes after a deed: nothing yet, a flush, or the commit."""
        if what == "flush":
            self.flush(p)
        elif what == "commit":
            self.end(p)

    @rule(who=WHO, slot=st.none() | st.integers(1, 4), values=NEW, again=st.booleans(), then=THEN)
    def create(
        self, who: int, slot: int | None, values: dict[str, Any], again: bool, then: str
    ) -> None:
        p = self.act(who)
        id = self.id_at(slot)
        if any(id is not None and self.id_of(obj) == id for obj, _ in p.new):
            return
        thing = p.lost.pop() if again and p.lost else None
        if thing is not None and not inspect(thing).expired_attributes:
            assert thing.__dict__.get("version_id") is None, "a number was left behind"
            assert thing.__dict__.get("change_id") is None
            for name, value in values.items():
                setattr(thing, name, value)
            thing.ratio = None
            if id is not None:
                self.name(thing, id)
            elif any(self.id_of(obj) == self.id_of(thing) for obj, _ in p.new if self.id_of(thing)):
                return
        else:
            thing = self.thing(example=self.example, **values)
            self.name(thing, id)
        p.session.add(thing)
        row = tuple(values.get(name) for name in FIELDS)
        p.new.append((thing, Version("create", row, values["views"], p.writer)))
        self.then(p, then)

    def handle(self, p: Person, pick: int, how: str) -> int | None:
        """A record's object: one that the session has, or loaded anew in some manner."""
        if how == "held":
            ids = sorted(id for id in p.handles if id not in p.deleting)
            return ids[pick % len(ids)] if ids else None
        if not self.flush(p):
            return None
        ids = sorted(id for id, history in self.view(p).items() if history and history[-1].live)
        if not ids:
            return None
        id = ids[pick % len(ids)]
        query = current(self.thing).where(self.thing.id == id)
        if how == "partial":
            query = query.options(load_only(self.thing.name))
        p.handles[id] = p.session.scalars(query).one()
        if how == "expired":
            p.session.expire(p.handles[id])
        return id

    def start_from(self, p: Person, id: int) -> None:
        """Whatever comes next is meant for the version that the person has before them."""
        p.base[id] = inspect(p.handles[id]).identity[1]

    HOW = st.sampled_from(["held", "loaded", "partial", "expired"])

    @rule(who=WHO, pick=PICK, how=HOW, values=EDITS, back=st.booleans(), then=THEN)
    def edit(
        self, who: int, pick: int, how: str, values: dict[str, Any], back: bool, then: str
    ) -> None:
        p = self.act(who)
        id = self.handle(p, pick, how)
        if id is None:
            return
        obj = p.handles[id]
        if back and id not in p.edits:
            with p.session.no_autoflush:
                before = obj.name
            obj.name = "for a moment"
            obj.name = before
        self.start_from(p, id)
        pending = p.edits.setdefault(id, {})
        for name, value in values.items():
            column = getattr(self.thing, name)
            setattr(obj, name, column + value.n if isinstance(value, Plus) else value)
            pending[name] = value
        self.then(p, then)

    @rule(who=WHO, pick=PICK, theirs=EDITS, ours=EDITS, sweep=st.booleans())
    def meet(
        self, who: int, pick: int, theirs: dict[str, Any], ours: dict[str, Any], sweep: bool
    ) -> None:
        """One has a record before them while the other saves it, and then saves it too."""
        self.edit(who, pick, "loaded", {}, False, "leave")
        if sweep:
            self.sweep(1 - who, "plus", "all", pick, None, 1, None, "commit")
        else:
            self.edit(1 - who, pick, "loaded", theirs, False, "commit")
        self.edit(who, pick, "held", ours, False, "flush")

    @rule(who=WHO, pick=PICK, how=HOW, then=THEN)
    def remove(self, who: int, pick: int, how: str, then: str) -> None:
        p = self.act(who)
        id = self.handle(p, pick, how)
        if id is None:
            return
        p.session.delete(p.handles[id])
        p.edits.pop(id, None)
        p.restoring.discard(id)
        self.start_from(p, id)
        p.deleting.add(id)
        self.then(p, then)

    @rule(who=WHO, pick=PICK, version=st.integers(1, 6), then=THEN)
    def restore(self, who: int, pick: int, version: int, then: str) -> None:
        p = self.act(who)
        if not self.flush(p):
            return
        ids = sorted(id for id, history in self.view(p).items() if history)
        if not ids:
            return
        id = ids[pick % len(ids)]
        history = self.history(p, id)
        version = min(version, len(history) + 1)
        known = version <= len(history) and history[version - 1].live
        try:
            obj = restore(p.session, self.thing, id, version)
        except UnknownVersion:
            assert not known
            return
        assert known
        p.handles[id] = obj
        if version < len(history):
            row = history[version - 1]
            self.start_from(p, id)
            p.edits[id] = {name: row.value(name) for name in FIELDS}
            p.restoring.add(id)
        self.then(p, then)

    @rule(
        who=WHO,
        kind=st.sampled_from(["name", "plus", "two", "copy", "data", "views", "delete"]),
        which=st.sampled_from(["all", "one", "name", "qty"]),
        pick=PICK,
        name=NAMES,
        qty=QTY,
        data=DATA,
        then=THEN,
    )
    def sweep(
        self, who: int, kind: str, which: str, pick: int, name: Any, qty: int, data: Any, then: str
    ) -> None:
        p = self.act(who)
        if not self.flush(p):
            return
        view = {id: history for id, history in self.view(p).items() if history}
        one = sorted(view)[pick % len(view)] if view else 0
        where, matches = {
            "all": (self.thing.example > 0, lambda id, row: True),
            "one": (self.thing.id == one, lambda id, row: id == one),
            "name": (self.thing.name == "a", lambda id, row: row.value("name") == "a"),
            "qty": (self.thing.qty > 0, lambda id, row: row.value("qty") > 0),
        }[which]
        table: dict[str, tuple[dict[Any, Any], Callable[[Version], Any]]] = {
            "name": ({self.thing.name: name}, lambda row: {"name": name}),
            "plus": ({self.thing.qty: self.thing.qty + qty}, lambda row: {"qty": Plus(qty)}),
            "two": (
                {self.thing.name: name, self.thing.qty: qty, self.thing.views: qty},
                lambda row: {"name": name, "qty": qty, "views": qty},
            ),
            "copy": (
                {
                    self.thing.name: func.coalesce(self.thing.note, "n"),
                    self.thing.qty: self.thing.qty + qty,
                },
                lambda row: {
                    "name": "n" if row.value("note") is None else row.value("note"),
                    "qty": Plus(qty),
                },
            ),
            "data": ({self.thing.data: data}, lambda row: {"data": data}),
            "views": ({self.thing.views: self.thing.views + 1}, lambda row: {"views": Plus(1)}),
        }
        statement: Any = delete(self.thing)
        if kind != "delete":
            statement = update(self.thing).values(table[kind][0])
        statement = statement.where(self.thing.example == self.example, where)
        if not self.attempt(p, lambda: p.session.execute(statement)):
            return
        for id, history in view.items():
            if not (history[-1].live and matches(id, history[-1])):
                continue
            if kind == "delete":
                self.write(p, id, expected.deleted(history, p.writer))
            else:
                values = table[kind][1](history[-1])
                always = expected.swept(history, p.writer, lambda row: True, lambda row: values)  # noqa: B023
                self.write(p, id, always)
            self.moved(p, id, len(history))
        self.check_view(p)
        self.then(p, then)

    def moved(self, p: Person, id: int, before: int) -> None:
        """A loaded object goes on as the version that a statement made."""
        obj, history = p.handles.get(id), self.history(p, id)
        if not history:
            p.handles.pop(id, None)
            if obj is not None and obj in p.session:
                p.session.expunge(obj)
        elif obj is not None and obj in p.session and inspect(obj).identity[1] >= before:
            assert inspect(obj).identity[1] == len(history)

    @rule(who=WHO)
    def write_out(self, who: int) -> None:
        self.flush(self.act(who))

    @rule(who=WHO)
    def look(self, who: int) -> None:
        """Every object in memory has its row's values."""
        p = self.act(who)
        if not self.flush(p):
            return
        for id, obj in p.handles.items():
            if obj not in p.session:
                continue
            history, version = self.history(p, id), inspect(obj).identity[1]
            assert obj.version_id == version
            row = history[version - 1]
            found = tuple(getattr(obj, name) for name in FIELDS)
            assert expected.same(found, row.values), f"{found} in memory, {row.values} in the row"
            assert obj.version_op == row.op

    @rule(who=WHO)
    def savepoint(self, who: int) -> None:
        p = self.act(who)
        if len(p.savepoints) < 3 and self.flush(p):
            p.savepoints.append(p.session.begin_nested())
            p.frames.append(dict(p.frames[-1]))
            p.held.append(dict(p.handles))

    @precondition(lambda self: any(p.savepoints for p in self.people))
    @rule(who=WHO)
    def release(self, who: int) -> None:
        p = self.people[who]
        if p.savepoints and self.flush(p) and p.savepoints:
            p.savepoints.pop().commit()
            top = p.frames.pop()
            p.frames[-1] = top
            p.held.pop()
            self.check_view(p)

    @precondition(lambda self: any(p.savepoints for p in self.people))
    @rule(who=WHO)
    def rollback_to_savepoint(self, who: int) -> None:
        p = self.people[who]
        if p.savepoints:
            self.undo(p)
            self.check_view(p)

    @precondition(lambda self: any(p.frames for p in self.people))
    @rule(who=WHO)
    def rollback(self, who: int) -> None:
        if self.people[who].frames:
            self.roll_back(self.people[who])

    @precondition(lambda self: any(p.frames for p in self.people))
    @rule(who=WHO)
    def commit(self, who: int) -> None:
        if self.people[who].frames:
            self.end(self.people[who])

    @rule(who=WHO)
    def expire(self, who: int) -> None:
        p = self.act(who)
        if self.flush(p):
            p.session.expire_all()

    @rule(who=WHO)
    def forget(self, who: int) -> None:
        p = self.act(who)
        if self.flush(p):
            p.session.expunge_all()
            for held in (p.handles, *p.held):
                held.clear()

    # -- checks -----------------------------------------------------------------------------------

    def check_view(self, p: Person) -> None:
        """What the session reads is what the model says, its own unsaved rows included."""
        self.check_rows(p.session.connection(), self.view(p))

    def check_committed(self) -> None:
        rows = self.check_rows(self.place.onlooker, self.committed)
        for row in rows:
            key = row["id"], row["version_id"]
            before = self.frozen.setdefault(key, row)
            free = (
                {"is_current_version", "version_to", "views"}
                if before["version_to"] is None
                else set()
            )
            assert {k: v for k, v in row.items() if k not in free} == {
                k: v for k, v in before.items() if k not in free
            }, "a committed version was rewritten"
            self.frozen[key] = row
        assert self.frozen.keys() == {(row["id"], row["version_id"]) for row in rows}
        if not any(p.session.in_transaction() for p in self.people):
            live = {id: h[-1] for id, h in self.committed.items() if h and h[-1].live}
            self.moments.append((self.place.now(), live))

    def check_rows(self, connection: Connection, book: Book) -> list[Row]:
        where = "example = :example"
        table = self.thing.__tablename__
        rows = raw_rows(connection, where, table=table, example=self.example)
        found = by_record(rows)
        assert found.keys() == {id for id, history in book.items() if history}
        for id, versions in found.items():
            check_history(versions)
            assert len(versions) == len(book[id]), f"record {id}: {versions}, not {book[id]}"
            for row, version in zip(versions, book[id], strict=True):
                got = (row["version_op"], row["views"], *self.decoded(connection, row))
                want = (version.op, version.views, *version.values)
                assert expected.same(got, want), f"record {id}: {got}, not {want}"
        self.check_changes(found, book)
        return rows

    @staticmethod
    def decoded(connection: Connection, row: Row) -> tuple[Any, ...]:
        """The data values behind the exact texts."""
        texts: list[str | None] = [row[name] for name in FIELDS]
        if connection.dialect.name == "sqlite":
            texts = [
                None if t == "NULL" else t[1:-1].replace("''", "'") if t[:1] == "'" else t
                for t in map(str, texts)
            ]
        name, qty, ratio, note, data = texts
        return (
            name,
            qty and int(qty),
            ratio and float(ratio),
            note,
            data and json.loads(data),
        )

    def check_changes(self, found: dict[int, list[Row]], book: Book) -> None:
        """All versions of a transaction bear one change, and no other transaction's do."""
        pairs = {
            (row["change_id"], version.writer)
            for id, versions in found.items()
            for row, version in zip(versions, book[id], strict=True)
        }
        assert len({change for change, _ in pairs}) == len(pairs)
        assert len({writer for _, writer in pairs}) == len(pairs)

    def teardown(self) -> None:
        if not hasattr(self, "people"):
            return
        for p in self.people:
            p.session.rollback()
        try:
            self.check_committed()
            self.check_moments()
        finally:
            for p in self.people:
                p.session.close()

    def check_moments(self) -> None:
        self.place.seen["moments"] += len(self.moments)
        for history in self.committed.values():
            self.place.seen.update(version.op for version in history)
        """`current` and `as_of` give what was committed at each moment; changes tell who it was."""
        session = self.people[0].session
        named = select(Change.actor, func.count()).group_by(Change.actor)
        named = named.where(Change.actor.startswith(f"{self.example}."))
        assert all(n == 1 for _, n in session.execute(named))
        now = {id: h[-1] for id, h in self.committed.items() if h and h[-1].live}
        self.check_found(
            session.scalars(current(self.thing).where(self.thing.example == self.example)), now
        )
        for moment, live in self.moments:
            query = as_of(self.thing, moment).where(self.thing.example == self.example)
            self.check_found(session.scalars(query), live)
            for id in list(self.committed)[:2]:
                one = session.scalars(as_of(self.thing, moment, id)).all()
                assert [thing.id for thing in one] == ([id] if id in live else [])
        calculated = select(self.thing.is_current_version, self.thing.calc_is_current_version)
        for flag, newest in session.execute(calculated.where(self.thing.example == self.example)):
            assert flag == bool(newest)
        writers = {
            (id, number): version.writer
            for id, history in self.committed.items()
            for number, version in enumerate(history, 1)
        }
        actors = select(self.thing.id, self.thing.version_id, Change.actor).where(
            self.thing.example == self.example, Change.id == self.thing.change_id
        )
        assert {(id, n): actor for id, n, actor in session.execute(actors)} == writers

    @staticmethod
    def check_found(things: Any, live: dict[int, Version]) -> None:
        found = {thing.id: tuple(getattr(thing, name) for name in FIELDS) for thing in things}
        assert expected.same(found, {id: live[id].values for id in found})
        assert found.keys() == live.keys()


class KeyedStorm(Storm):
    """The same over records whose ids are made of columns."""

    thing = Coin

    def id_at(self, slot: int | None) -> str:
        number = self.example * 1000 + slot if slot else -next(self.place.counter)
        return f"{self.example}/{number}"

    def id_of(self, obj: Any) -> Any:
        return id_of(Coin, obj.example, obj.number)

    def name(self, obj: Any, id: Any) -> None:
        obj.number = int(id.partition("/")[2])

    @rule(who=WHO, pick=PICK, how=Storm.HOW, values=EDITS)
    def rename(self, who: int, pick: int, how: str, values: dict[str, Any]) -> None:
        """Nobody gives a record another key, whatever else they edit of it."""
        p = self.act(who)
        if not self.flush(p):
            return
        id = self.handle(p, pick, how)
        if id is None:
            return
        self.start_from(p, id)
        p.edits[id] = values
        obj = p.handles[id]
        with p.session.no_autoflush:
            obj.number = obj.number + 1
            for name, value in values.items():
                column = getattr(Coin, name)
                setattr(obj, name, column + value.n if isinstance(value, Plus) else value)
        try:
            p.session.flush()
        except BadKey:
            self.place.seen["BadKey"] += 1
        except (VersioningError, DBAPIError) as error:
            self.judge(p, error)  # somebody else saved the record
        else:
            raise AssertionError("a record got another key")
        self.undo(p)
