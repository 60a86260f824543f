"""What awaits a review: written with each change, as the policies of its models say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import edit_all, stock, transaction
from tests.audit.reviews import change_by, count, edit, review, rows, state
from webapp.admin.policies import Every, Fields, Operations, Over, Records, Share
from webapp.admin.view import VersionedModelView
from webapp.audit.due import enqueue
from webapp.changes import Change
from webapp.extensions import db
from webapp.versioning import current


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A kettle of 29 and a pan of 40, whose creation awaits nothing."""
    stock(shop)
    return shop


def test_without_a_policy_nothing_is_due(stocked: Shop) -> None:
    edit(stocked, price=31)
    assert count(stocked) == 0


def test_a_change_is_due_by_its_own_transaction(stocked: Shop) -> None:
    review(stocked.app, Gadget)
    number = edit(stocked, actor="Alice", price=31)
    [row] = rows(stocked)
    assert (row.change_id, row.n, row.act, row.actor) == (number, 0, "due", "Alice")
    assert (row.person, row.followed_by, row.digest) == (None, None, None)
    assert row.why == [{"model": "gadget", "policy": "every"}]
    with stocked.app.app_context():
        assert db.session.get(Change, number).at == row.change_at  # type: ignore[union-attr]


def test_what_is_rolled_back_is_not_due(stocked: Shop) -> None:
    review(stocked.app, Gadget)
    with stocked.app.app_context():
        db.session.scalars(current(Gadget).where(Gadget.id == 1)).one().price = 31
        db.session.flush()
        db.session.rollback()
    assert count(stocked) == 0


def test_another_model_is_not_asked_about(stocked: Shop) -> None:
    review(stocked.app, Maker)
    edit(stocked, price=31)
    assert count(stocked) == 0


@pytest.mark.parametrize(
    ("policy", "values", "due"),
    [
        (Fields("price"), {"price": 31}, True),
        (Fields("price", "sku"), {"sku": "K2"}, True),
        (Fields("sku"), {"price": 31}, False),
        (Fields("notes"), {"notes": "n"}, True),
        (Fields("price"), {"price": None}, True),
        (Over("price", 10), {"price": 39}, False),
        (Over("price", 10), {"price": Decimal("39.01")}, True),
        (Over("price", 10), {"price": Decimal("18.99")}, True),
        (Over("price", 10), {"price": None}, True),
        (Over("price", 2.5), {"price": Decimal("31.60")}, True),
        (Over("price", Decimal("2.5")), {"price": Decimal("31.40")}, False),
        (Over("price", 0), {"notes": "n"}, False),
        (Operations("delete"), {"price": 31}, False),
        (Operations("update"), {"price": 31}, True),
        (Records(1), {"price": 31}, False),
        (Share(1), {"price": 31}, True),
    ],
)
def test_policies(stocked: Shop, policy: Any, values: dict[str, Any], due: bool) -> None:
    review(stocked.app, Gadget, policy)
    number = edit(stocked, **values)
    assert (state(stocked, number) == "due") == due


@pytest.mark.parametrize(("policy", "due"), [(Over("price", 28), True), (Over("price", 30), False),
    (Fields("price"), False), (Operations("delete"), True)])  # fmt: skip
def test_a_deletion_takes_a_number_to_nothing(stocked: Shop, policy: Any, due: bool) -> None:
    review(stocked.app, Gadget, policy)
    stocked.delete(Gadget, 1, actor="Alice")
    assert (count(stocked) == 1) == due


@pytest.mark.parametrize(
    ("policy", "due"),
    [(Over("price", 98), True), (Fields("price"), True), (Fields("notes"), False)],
)
def test_a_creation_brings_its_values(stocked: Shop, policy: Any, due: bool) -> None:
    review(stocked.app, Gadget, policy)
    stocked.add(Gadget, name="Stove", price=99)
    assert (count(stocked) == 1) == due


def test_more_records_than_so_many(stocked: Shop) -> None:
    review(stocked.app, Gadget, Records(1))
    number = edit_all(stocked, notes="both")
    assert [row.change_id for row in rows(stocked)] == [number]


def test_several_policies_are_told_apart(stocked: Shop) -> None:
    review(stocked.app, Gadget, Over("price", 1), Fields("sku"), Fields("price"))
    edit(stocked, price=40)
    assert rows(stocked)[0].why == [
        {"model": "gadget", "policy": "over", "names": ["price"], "by": "1"},
        {"model": "gadget", "policy": "fields", "names": ["price"]},
    ]


def test_a_draw_is_kept_whatever_its_outcome(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    review(stocked.app, Gadget, Share(0.5))
    for drawn, act in ((0.49, "due"), (0.5, "passed")):
        monkeypatch.setattr("secrets.SystemRandom.random", lambda self, drawn=drawn: drawn)
        assert state(stocked, edit(stocked, notes=f"{drawn}")) == act


def test_a_share_is_about_as_large_as_it_says(stocked: Shop) -> None:
    review(stocked.app, Gadget, Share(0.3))
    for n in range(150):
        edit(stocked, notes=str(n))
    drawn = [row.act for row in rows(stocked)]
    assert len(drawn) == 150 and 15 <= drawn.count("due") <= 85  # 5 deviations of 45 on each side


def test_a_late_flush_draws_no_second_time(stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    review(stocked.app, Gadget, Share(0.5))
    draws = iter([0.9, 0.1])
    monkeypatch.setattr("secrets.SystemRandom.random", lambda self: next(draws))
    number = twice(stocked, price=31)
    assert [row.act for row in rows(stocked, number)] == ["passed"]


def test_a_late_flush_that_another_policy_asks_for_is_due(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    review(stocked.app, Gadget, Share(0.5), Fields("price"))
    monkeypatch.setattr("secrets.SystemRandom.random", lambda self: 0.9)
    number = twice(stocked, price=31)
    assert [row.act for row in rows(stocked, number)] == ["passed", "due"]


def twice(shop: Shop, **late: Any) -> int:
    """A change that is finished, and then altered by a listener before its commit."""
    from sqlalchemy import event

    def work() -> None:
        session = db.session()
        kettle = session.scalars(current(Gadget).where(Gadget.id == 1)).one()
        kettle.notes = "early"

        def again(session: Any) -> None:
            for name, value in late.items():
                setattr(kettle, name, value)

        event.listen(session, "before_commit", again, once=True)

    return transaction(shop, work, actor="Alice")


def test_changes_of_nobody_and_of_commands_are_due_too(stocked: Shop) -> None:
    review(stocked.app, Gadget)
    work = lambda: db.session.add(Gadget(name="g"))  # noqa: E731
    for actor in (None, "anonymous", "root"):
        change_by(stocked, actor, work)
    assert len(rows(stocked)) == 3


def test_two_statements_more_at_most(stocked: Shop, statements: list[str]) -> None:
    review(stocked.app, Gadget, Every(), Fields("price"), Over("price", 1), Records(5), Share(0.5))
    review(stocked.app, Maker, Every(), Fields("name"))
    statements.clear()
    transaction(stocked, lambda: db.session.add_all([Gadget(name="g"), Maker(name="m")]))
    about = [each for each in statements if "review" in each]
    assert len(about) == 2 and about[1].startswith("INSERT")


class TestEnqueue:
    """Changes that were made before there was a policy."""

    def go(self, shop: Shop) -> tuple[int, int]:
        with shop.app.app_context():
            found = enqueue(db.session(), list(db.session.scalars(select(Change))))
            db.session.commit()
            return found

    def test_it_asks_the_policies(self, stocked: Shop) -> None:
        cheap, dear = edit(stocked, price=30), edit(stocked, price=80)
        review(stocked.app, Gadget, Over("price", 40), Fields("notes"))
        assert self.go(stocked) == (1, 0)
        assert [state(stocked, number) for number in (cheap, dear)] == [None, "due"]

    def test_repeated_it_does_nothing(self, stocked: Shop) -> None:
        review(stocked.app, Maker)
        review(stocked.app, Gadget, Share(0.5))
        for n in range(10):
            edit(stocked, notes=str(n))
        first = self.go(stocked)
        assert first == (1, 0) and self.go(stocked) == (0, 0)

    def test_a_draw_is_not_made_again(self, stocked: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        review(stocked.app, Gadget, Share(0.5))
        monkeypatch.setattr("secrets.SystemRandom.random", lambda self: 0.9)
        assert self.go(stocked) == (0, 1)
        monkeypatch.setattr("secrets.SystemRandom.random", lambda self: 0.1)
        assert self.go(stocked) == (0, 0)

    def test_a_new_policy_makes_due_what_a_draw_passed(
        self, stocked: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        review(stocked.app, Gadget, Share(0.5))
        monkeypatch.setattr("secrets.SystemRandom.random", lambda self: 0.9)
        self.go(stocked)
        review(stocked.app, Gadget, Every())
        assert self.go(stocked) == (1, 0)
        assert [(row.n, row.act) for row in rows(stocked)] == [(0, "passed"), (1, "due")]


@pytest.mark.parametrize(
    ("policy", "words"),
    [(Fields("colour"), "no field"), (Over("name", 1), "no numbers"), ("every", "no policy"),
     (Over("nothing", 1), "no field")],
)  # fmt: skip
def test_a_view_whose_policy_cannot_be_is_refused(policy: Any, words: str) -> None:
    class Wrong(VersionedModelView):
        review_policy = [policy]

    with pytest.raises(ValueError, match=words):
        Wrong(Gadget, db)


@pytest.mark.parametrize(
    "make",
    [Fields, Operations, lambda: Over("price", -1), lambda: Share(0), lambda: Share(1.1),
     lambda: Records(0), lambda: Operations("drop")],
)  # fmt: skip
def test_a_policy_that_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(ValueError):
        make()
