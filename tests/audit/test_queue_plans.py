"""The queue with many changes in it: by which index it is read, and how far."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.reviews import QUEUE, numbers, shown
from webapp.audit import queue
from webapp.audit.models import Act, Review
from webapp.audit.standing import took_back
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import Place

DUE, DONE = 20_000, 20_000


@pytest.fixture
def many(shop: Shop) -> Shop:
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    with shop.app.app_context():
        moments = [begin + dt.timedelta(minutes=n) for n in range(DUE + DONE)]
        changes = [
            {"id": n, "at": at, "actor": "Alice" if n % 1000 else "Zoe", "reason": f"r{n}"}
            for n, at in enumerate(moments, 10)
        ]
        db.session.execute(insert(Change), changes)
        shared = {"act": "due", "at": begin, "why": None}
        due = [
            {**shared, "change_id": each["id"], "n": 0, "change_at": each["at"],
             "actor": each["actor"], "followed_by": 1 if n < DONE else None}
            for n, each in enumerate(changes)
        ]  # fmt: skip
        done = [
            {**each, "n": 1, "act": "sign-off", "person": "Bob", "followed_by": None}
            for each in due
            if each["followed_by"]
        ]
        db.session.execute(insert(Review), due)
        db.session.execute(insert(Review), done)
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text("ANALYZE"))
        db.session.commit()
    return shop


@pytest.fixture
def made(many: Shop) -> Shop:
    """What is due created a gadget each."""
    with many.app.app_context():
        due = select(Change.id, Change.at).where(Change.id >= 10 + DONE)
        same = {"name": "g", "price": 1, "version_id": 1, "version_op": "create"}
        rows = [
            {**same, "id": id, "change_id": id, "version_from": at, "is_current_version": True}
            for id, at in db.session.execute(due)
        ]
        db.session.execute(insert(Gadget.__table__), rows)
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text("ANALYZE"))
        db.session.commit()
    return many


def test_each_list_reads_an_index_of_the_last_rows(many: Shop) -> None:
    with many.app.app_context():
        since = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)
        for filters, index in (
            ({}, "ix_review_state"),
            ({"since": since}, "ix_review_state"),
            ({"actor": "Zoe"}, "ix_review_actor_state"),
            ({"reason": "r1"}, "ix_review_state"),
        ):
            seen = plans(lambda filters=filters: queue.page(db.session(), Act.DUE, filters))  # type: ignore[misc]
            assert index in seen and "SCAN review" not in seen, seen
            assert "Seq Scan on review" not in seen and "Sort" not in seen, seen
            assert "TEMP B-TREE" not in seen, seen
        after = Place(since, 5)
        seen = plans(lambda: queue.page(db.session(), Act.DUE, {}, after=after))
        assert "ix_review_state" in seen and "Sort" not in seen, seen


def test_a_page_is_fast_however_much_was_signed_off_before(client: Any, many: Shop) -> None:
    page = client.get(QUEUE)
    assert page.status_code == 200 and len(numbers(page)) == 20
    assert "10,000+" in page.text
    with many.app.app_context():
        steps = read(lambda: queue.page(db.session(), Act.DUE, {}))
    assert steps < 300  # of 40,000 rows; on SQLite, hundreds of steps


def test_what_the_versions_have_to_tell_is_looked_up_for_so_many_at_a_time(made: Shop) -> None:
    with made.app.app_context():
        for filters in ({"field": (Gadget, "notes")}, {"model": Maker}, {"operation": "delete"}):
            found = queue.page(db.session(), Act.DUE, filters)
            assert found.rows == () and found.cut and found.next
            assert found.next.id == 10 + DONE + queue.MOST_COUNTED - 1
            rest = queue.page(db.session(), Act.DUE, filters, after=found.next)
            assert (rest.rows, rest.next, rest.cut) == ((), None, False)
            counts = queue.counts(db.session(), [Act.DUE, Act.QUERY], filters)
            assert counts == {Act.DUE: (0, False), Act.QUERY: (0, True)}
        last = {"since": dt.datetime(2026, 1, 28, 18, 39, tzinfo=dt.UTC)}
        assert queue.counts(db.session(), [Act.DUE], last) == {Act.DUE: (1, True)}


def test_a_whole_page_looks_through_all(made: Shop) -> None:
    with made.app.app_context():
        begin = dt.datetime(2026, 1, 28, 18, 39, tzinfo=dt.UTC)
        number = db.session.scalars(select(Change.id).where(Change.at == begin)).one()
        late = {"id": 7, "version_id": 1, "version_op": "create", "is_current_version": True}
        late |= {"name": "m", "version_from": begin, "change_id": number}
        db.session.execute(insert(Maker.__table__), [late])
        db.session.commit()
        found = queue.page(db.session(), Act.DUE, {"model": Maker}, whole=True)
        assert [row.change.id for row in found.rows] == [number] and found.next is None
        assert queue.page(db.session(), Act.DUE, {"model": Maker}).rows == ()


def test_a_field_is_looked_up_along_the_index_no_further_than_that(made: Shop) -> None:
    filters = {"field": (Gadget, "notes")}
    with made.app.app_context():
        seen = plans(lambda: queue.page(db.session(), Act.DUE, filters))
        assert "ix_review_state" in seen and "SCAN review" not in seen, seen
        assert "ix_shop_gadget_change" in seen, seen
        assert "Seq Scan" not in seen and "Sort" not in seen and "Hash" not in seen, seen
        part = read(lambda: queue.page(db.session(), Act.DUE, filters))
        whole = read(lambda: queue.page(db.session(), Act.DUE, filters, whole=True))
        assert part < 0.85 * whole, (part, whole)


def test_the_page_says_how_far_it_looked_and_leads_on(client: Any, made: Shop) -> None:
    page = client.get(f"{QUEUE}?field=gadget.notes")
    assert "10,000 changes in this state were looked through" in page.text
    further = re.search(r'href="([^"]+)">Look through the next</a>', page.text)
    assert further and "Awaiting review 0+" in shown(page)
    page = client.get(unescape(further[1]))
    assert "No later change in this state passes these filters." in page.text
    page = client.get(f"{QUEUE}?field=gadget.price")
    assert len(numbers(page)) == 20 and "looked through" not in page.text


def long_history(shop: Shop, versions: int) -> None:
    """A maker with so many versions, by Alice and Bob in turn, none of which takes another back."""
    begin = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    at = [begin + dt.timedelta(minutes=n) for n in range(versions + 1)]
    changes, rows = [], []
    for n in range(versions):
        is_last, did = n == versions - 1, "update" if n else "create"
        changes.append({"id": 1000 + n, "at": at[n], "actor": ("Alice", "Bob")[n % 2]})
        rows.append(
            {"id": 5, "version_id": n + 1, "name": f"m{n}", "version_op": did,
             "is_current_version": is_last, "version_from": at[n],
             "version_to": None if is_last else at[n + 1], "change_id": 1000 + n}
        )  # fmt: skip
    db.session.execute(insert(Change), changes)
    db.session.execute(insert(Maker.__table__), rows)
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE"))


def took_back_of(changes: int) -> set[int]:
    return took_back(db.session(), [1000 + 2 * n for n in range(changes)], [Maker], "Bob")


def test_what_a_person_took_back_is_no_comparison_of_all_versions_with_all(shop: Shop) -> None:
    with shop.app.app_context():
        long_history(shop, 2_000)
        assert took_back_of(500) == set()
        if db.engine.dialect.name == "postgresql":
            assert "hashed SubPlan" in plans(lambda: took_back_of(500))
        else:
            few, many = (read(lambda n=n: took_back_of(n)) for n in (50, 500))  # type: ignore[misc]
            assert many < few * 3  # what is gathered of the person's own is most of it


def plans(ask: Any) -> str:
    """How the database answers the statements of a function."""
    sql: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        sql.append((statement, parameters))

    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", note)
    ask()
    event.remove(connection, "before_cursor_execute", note)
    word = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return "\n".join(
        str(connection.exec_driver_sql(f"{word} {statement}", parameters).all())
        for statement, parameters in list(sql)
    )


def read(ask: Any) -> int:
    """How many rows the statements of a function look at; on SQLite, hundreds of its steps."""
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        driver.set_progress_handler(count, 100)
        ask()
        driver.set_progress_handler(None, 0)
        return steps
    query = text("SELECT sum(seq_tup_read) + sum(idx_tup_fetch) FROM pg_stat_xact_user_tables")
    before = db.session.scalar(query)
    ask()
    return int(db.session.scalar(query) - before)
