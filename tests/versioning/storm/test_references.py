"""Random work on records that refer to each other: what follows is up to date, nothing dangles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import delete, event, select, text, update
from sqlalchemy.orm import Session

from tests.versioning.references.trade import (
    Annex,
    Article,
    Base,
    Category,
    Change,
    Contract,
    Poster,
    Product,
    Supplier,
    Tag,
    Terms,
)
from tests.versioning.storm.test_storm import no_waiting_for_the_disk
from tests.versioning.storm.thing import wanted
from tests.versioning.world import World, world
from webapp.versioning import (
    DanglingReference,
    RestoreClash,
    StillReferenced,
    blame,
    enable_versioning,
    is_versioned,
    references_of,
    restore,
)

EXAMPLES = wanted("STORM_EXAMPLES", 0)
SETTINGS = settings(
    max_examples=EXAMPLES or 15,
    stateful_step_count=wanted("STORM_STEPS", 25),
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[p for p in Phase if p.name not in ("shrink", "explain")],
)
#: By model, what each one's records refer to.
TARGETS = {Product: Supplier, Contract: Terms, Annex: Contract, Poster: Terms, Category: Category}
NAMES = {
    Supplier: "name",
    Product: "name",
    Terms: "text",
    Contract: "title",
    Category: "name",
    Tag: "name",
    Article: "title",
}
MODELS = [Supplier, Product, Terms, Contract, Annex, Poster, Category, Tag, Article]
MUST_REFER = (Annex, Poster)
PICK = st.integers(0, 9)
TEXT = st.sampled_from(["a", "b", "c"])


@dataclass
class Record:
    """What must be true of one: alive, its name, the record that it refers to, and its links."""

    name: str | None
    target: int | None
    alive: bool = True
    links: frozenset[int] = frozenset()


Book = dict[tuple[Any, int], Record]


@dataclass
class Place:
    db: World
    seen: Counter[str] = field(default_factory=Counter)


class Storm(RuleBasedStateMachine):
    """One session with savepoints; each step is flushed, and compared with the plain model."""

    place: Place

    @initialize(keep=st.booleans())
    def begin(self, keep: bool) -> None:
        db = self.place.db
        self.session = Session(db.engine, expire_on_commit=not keep)
        enable_versioning(self.session, clock=db.clock, change_model=Change)
        self.book: Book = {}
        self.saved: list[tuple[Any, Book]] = []
        self.committed: Book = {}
        self.held: list[Any] = []
        self.frozen: dict[Any, Any] = {}
        for which in [*MODELS, *MODELS]:
            self.make(which, "a", 0, bare=False)
        self.commit()

    def teardown(self) -> None:
        self.session.close()

    # -- the plain model ------------------------------------------------------------------------

    def living(self, model: Any) -> list[int]:
        return [id for (m, id), r in self.book.items() if m is model and r.alive]

    def pick(self, model: Any, n: int) -> int | None:
        found = self.living(model)
        return found[n % len(found)] if found else None

    def referrers(self, model: Any, id: int) -> list[tuple[Any, int]]:
        return [
            key
            for key, r in self.book.items()
            if r.alive and TARGETS.get(key[0]) is model and r.target == id
        ]

    def gone(self, model: Any, id: int) -> Book | None:
        """The book without the record, or None where it may not go.

        Of what this transaction created, nothing is left.
        """
        book = deepcopy(self.book)
        due = [(model, id)]
        while due:
            key = due.pop()
            book[key].alive = False
            for other in self.referrers(*key):
                if not book[other].alive:
                    continue
                if other[0] is Annex:
                    due.append(other)
                elif other[0] is Category:
                    book[other].target = None
                else:
                    return None
        if model is Tag and any(id in r.links for r in book.values()):
            return None
        book[model, id].links = frozenset()
        return {k: r for k, r in book.items() if r.alive or k in self.committed}

    # -- doing it --------------------------------------------------------------------------------

    def attempt(self, work: Callable[[], Any], expected: Book | None, *errors: Any) -> None:
        """Do it: refused where there is nothing to expect, else the book is the expected one."""
        refused: AbstractContextManager[Any] = (
            nullcontext() if expected is not None else pytest.raises(errors)
        )
        with refused:
            work()
            self.session.flush()
        if expected is not None:
            self.book = expected
            self.place.seen["done"] += 1
        else:
            self.place.seen["refused"] += 1
            self.back()
        self.compare()

    def back(self) -> None:
        """Roll back to the last savepoint, else the whole transaction."""
        if self.saved:
            savepoint, self.book = self.saved.pop()
            savepoint.rollback()
        else:
            self.session.rollback()
            self.book = deepcopy(self.committed)

    def get(self, model: Any, id: int) -> Any:
        query = select(model).where(model.id == id)
        if is_versioned(model):
            query = query.where(model.is_current_version)
        obj = self.session.scalars(query).one()
        self.held.append(obj)
        return obj

    def compare(self) -> None:
        """What the database holds, and the objects in memory, against the book."""
        for (model, id), record in self.book.items():
            if model is Poster and not record.alive:
                continue
            obj = self.get(model, id)
            assert not is_versioned(model) or (obj.version_op != "delete") == record.alive
            if not record.alive:
                continue
            if model in NAMES:
                assert getattr(obj, NAMES[model]) == record.name
            if model is Article:
                assert frozenset(tag.id for tag in obj.tags) == record.links
                assert self.links_in(id, obj.version_id) == record.links
            for reference in references_of(model):
                assert getattr(obj, reference.columns[0]) == record.target
                target = getattr(obj, reference.name)
                assert (target and target.id) == record.target
                if target is not None:
                    assert target.is_current_version and target.version_op != "delete"
                if reference.version and target is not None:
                    assert getattr(obj, reference.version) == target.version_id
        for obj in self.held:
            if obj in self.session and is_versioned(type(obj)) and "version_id" in obj.__dict__:
                assert obj.version_id == type(obj).__mapper__.identity_key_from_instance(obj)[1][1]

    def links_in(self, id: int, version: int) -> frozenset[int]:
        """What a version of an article was linked to, by plain SQL."""
        query = text(
            "SELECT target_id FROM article_tags WHERE owner_id = :id AND added_in <= :version"
            " AND (removed_in IS NULL OR removed_in > :version)"
        )
        found = list(self.session.scalars(query, {"id": id, "version": version}))
        assert len(set(found)) == len(found)
        return frozenset(found)

    # -- what may happen -------------------------------------------------------------------------

    @rule(which=st.sampled_from(MODELS), name=TEXT, n=PICK, bare=st.booleans())
    def add(self, which: Any, name: str, n: int, bare: bool) -> None:
        self.make(which, name, n, bare)
        self.compare()

    def make(self, which: Any, name: str, n: int, bare: bool) -> None:
        target = TARGETS.get(which)
        to = self.pick(target, n) if target and not (bare and which not in MUST_REFER) else None
        if to is None and which in MUST_REFER:
            return
        obj = which(**({NAMES[which]: name} if which in NAMES else {}))
        if to is not None:
            setattr(obj, references_of(which)[0].name, self.get(target, to))
        self.session.add(obj)
        self.held.append(obj)  # else it is read anew, and outlives a rollback
        self.session.flush()
        self.book[which, obj.id] = Record(name if which in NAMES else None, to)
        self.place.seen["done"] += 1

    @rule(which=st.sampled_from(list(NAMES)), n=PICK, name=TEXT, by_statement=st.booleans())
    def edit(self, which: Any, n: int, name: str, by_statement: bool) -> None:
        id = self.pick(which, n)
        if id is None:
            return
        book = deepcopy(self.book)
        book[which, id].name = name
        if by_statement:
            values = {NAMES[which]: name}
            work = lambda: self.session.execute(  # noqa: E731
                update(which).where(which.id == id).values(values)
            )
        else:
            work = lambda: setattr(self.get(which, id), NAMES[which], name)  # type: ignore[assignment,return-value] # noqa: E731
        self.attempt(work, book)

    @rule(which=st.sampled_from(list(TARGETS)), n=PICK, m=PICK, name=TEXT)
    def lead_elsewhere(self, which: Any, n: int, m: int, name: str) -> None:
        """Set a reference, in one flush with an edit of what it leads to."""
        id, to = self.pick(which, n), self.pick(TARGETS[which], m)
        if id is None or to is None or (TARGETS[which] is which and id == to):
            return  # the ORM takes a record that refers to itself for a circular dependency
        book = deepcopy(self.book)
        book[which, id].target = to
        target = TARGETS[which]
        if target in NAMES and target is not Category:
            book[target, to].name = name

        def work() -> None:
            obj, other = self.get(which, id), self.get(target, to)
            setattr(obj, references_of(which)[0].name, other)
            if target in NAMES and target is not Category:
                setattr(other, NAMES[target], name)

        self.attempt(work, book)

    @rule(n=PICK, chosen=st.sets(PICK, max_size=4), name=st.none() | TEXT)
    def link(self, n: int, chosen: set[int], name: str | None) -> None:
        id = self.pick(Article, n)
        if id is None:
            return
        tags = frozenset(tag for m in chosen if (tag := self.pick(Tag, m)) is not None)
        book = deepcopy(self.book)
        book[Article, id].links = tags
        if name is not None:
            book[Article, id].name = name

        def work() -> None:
            article = self.get(Article, id)
            article.tags = [self.get(Tag, tag) for tag in sorted(tags)]
            if name is not None:
                article.title = name

        self.attempt(work, book)

    @rule(which=st.sampled_from(MODELS), n=PICK, by_statement=st.booleans())
    def remove(self, which: Any, n: int, by_statement: bool) -> None:
        id = self.pick(which, n)
        if id is None:
            return
        if by_statement:
            work = lambda: self.session.execute(delete(which).where(which.id == id))  # noqa: E731
        else:
            work = lambda: self.session.delete(self.get(which, id))  # type: ignore[assignment,return-value] # noqa: E731
        self.attempt(work, self.gone(which, id), StillReferenced)
        self.session.expire_all()

    @rule(which=st.sampled_from([Supplier, Product, Terms, Contract, Tag, Article]), n=PICK)
    def bring_back(self, which: Any, n: int) -> None:
        dead = [id for (m, id), r in self.book.items() if m is which and not r.alive]
        if not dead:
            return
        id = dead[n % len(dead)]
        newest = self.get(which, id)
        target = TARGETS.get(which)
        column = references_of(which)[0].columns[0] if target else None
        source = self.session.get_one(which, (id, newest.version_id - 1))
        if source.version_op == "delete":
            return
        book: Book | None = deepcopy(self.book)
        assert book is not None
        name = getattr(source, NAMES[which])
        to = getattr(source, column) if column else None
        links = self.links_in(id, source.version_id) if which is Article else frozenset()
        book[which, id] = Record(name, to, links=links)
        if to is not None and not self.book[target, to].alive:
            book = None
        if not links <= set(self.living(Tag)):
            book = None
        work = lambda: restore(self.session, which, id, source.version_id)  # noqa: E731
        self.attempt(work, book, RestoreClash, DanglingReference)

    @rule(n=PICK, m=PICK)
    def take_back(self, n: int, m: int) -> None:
        """Restore an older version of a living article, with its links as far as they live."""
        id = self.pick(Article, n)
        if id is None:
            return
        number = 1 + m % self.get(Article, id).version_id
        source = self.session.get_one(Article, (id, number))
        if source.version_op == "delete":
            return
        links = self.links_in(id, number)
        book: Book | None = deepcopy(self.book)
        assert book is not None
        book[Article, id] = Record(source.title, None, links=links)
        if not links <= set(self.living(Tag)):
            book = None
        work = lambda: restore(self.session, Article, id, number)  # noqa: E731
        self.attempt(work, book, RestoreClash)

    @rule()
    def savepoint(self) -> None:
        if len(self.saved) < 2:
            self.saved.append((self.session.begin_nested(), deepcopy(self.book)))

    @rule()
    def roll_back(self) -> None:
        self.back()
        self.compare()

    @rule()
    def forget(self) -> None:
        if not self.saved and self.book == self.committed:
            self.held.clear()
            self.session.expunge_all()

    @rule()
    def commit(self) -> None:
        self.saved.clear()
        self.session.commit()
        self.committed = deepcopy(self.book)
        self.check_history()
        self.compare()

    def check_history(self) -> None:
        """Rows stay as they were, numbers have no gap, one row of a record is current."""
        for model in (m for m in MODELS if is_versioned(m)):
            table: Any = model.__table__
            rows = self.session.execute(select(table).order_by(table.c.id, table.c.version_id))
            by_record: dict[int, list[Any]] = {}
            for row in rows.mappings():
                kept = {
                    name: value
                    for name, value in row.items()
                    if name not in ("is_current_version", "version_to", "version_living")
                }
                key = model, row["id"], row["version_id"]
                if model is Article:
                    kept["links"] = self.links_in(row["id"], row["version_id"])
                assert self.frozen.setdefault(key, kept) == kept
                by_record.setdefault(row["id"], []).append(row)
            for versions in by_record.values():
                assert [r["version_id"] for r in versions] == list(range(1, len(versions) + 1))
                assert [r["is_current_version"] for r in versions] == [
                    n == len(versions) for n in range(1, len(versions) + 1)
                ]
                changes = [r["change_id"] for r in versions]
                assert len(set(changes)) == len(changes)
                if model is Article:
                    found = blame(self.session, Article, versions[0]["id"])["tags"]
                    assert found.version_id == self.giver(versions)

    def giver(self, versions: list[Any]) -> int:
        """The version that gave an article its present links: a deletion alters none."""
        given, present = 1, frozenset[int]()
        for row in versions:
            if row["version_op"] == "delete":
                continue
            links = self.links_in(row["id"], row["version_id"])
            if row["version_op"] == "create" or links != present:
                given, present = row["version_id"], links
        return given


@pytest.fixture
def place(database_url: str) -> Iterator[Place]:
    with world(database_url) as db:
        if db.is_sqlite:
            event.listen(db.engine, "connect", no_waiting_for_the_disk)
        Base.metadata.create_all(db.engine)
        yield Place(db)


def test_random_work_with_references_keeps_every_promise(place: Place) -> None:
    machine = type("StormHere", (Storm,), {"place": place})
    run_state_machine_as_test(machine, settings=SETTINGS)
    assert place.seen["done"] > 100
    assert place.seen["refused"] > 0
