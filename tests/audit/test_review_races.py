"""Two auditors at once, in threads of their own: the database lets one of them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.builders import stock
from tests.audit.reviews import ALL, bulk_form, edit, review, rows, seen, thread, url

ROUNDS = 8


def together(*acts: Callable[[], Any]) -> list[int]:
    """Do all at once; the statuses of the answers."""
    barrier, answers = Barrier(len(acts)), [0] * len(acts)

    def go(n: int, act: Callable[[], Any]) -> None:
        barrier.wait()
        answers[n] = act().status_code

    running = [Thread(target=go, args=each) for each in enumerate(acts)]
    for each in running:
        each.start()
    for each in running:
        each.join()
    return answers


@pytest.fixture
def both(app: Flask, shop: Shop) -> tuple[Any, Any]:
    """Bob and Carol, before the same queue."""
    stock(shop)
    review(app, Gadget)
    return accounts.as_(app, "Bob"), accounts.as_(app, "Carol")


@pytest.mark.parametrize(("one", "other"), [("sign-off", "sign-off"), ("sign-off", "reject"),
    ("query", "sign-off"), ("reject", "query")])  # fmt: skip
def test_one_of_two_acts_is_done(both: tuple[Any, Any], shop: Shop, one: str, other: str) -> None:
    for n in range(ROUNDS):
        number = edit(shop, notes=f"{one} {other} {n}")
        forms = [
            {**seen(client.get(url(number))), "act": act, "comment": "mine"}
            for client, act in zip(both, (one, other), strict=True)
        ]
        answers = together(
            lambda: both[0].post(url(number), data=forms[0]),  # noqa: B023
            lambda: both[1].post(url(number), data=forms[1]),  # noqa: B023
        )
        assert sorted(answers) == [302, 409], answers
        assert [row.n for row in rows(shop, number)] == [0, 1]
        assert [row.followed_by for row in rows(shop, number)] == [1, None]


def test_one_of_two_takes_up_what_nobody_asked_about(both: tuple[Any, Any], shop: Shop) -> None:
    from webapp.audit.due import RULES

    shop.app.extensions[RULES] = []
    for n in range(ROUNDS):
        number = edit(shop, notes=f"{n}")
        forms = [{**seen(client.get(url(number))), "act": "sign-off"} for client in both]
        answers = together(
            *(
                lambda client=client, form=form: client.post(url(number), data=form)  # type: ignore[misc] # noqa: B023
                for client, form in zip(both, forms, strict=True)
            )
        )
        assert sorted(answers) == [302, 409], answers
        assert len(thread(shop, number)) == 2


def test_all_at_once_against_one(both: tuple[Any, Any], shop: Shop) -> None:
    for n in range(ROUNDS):
        due = [edit(shop, notes=f"{n} {each}") for each in range(5)]
        many = bulk_form(both[0].get(ALL).text)
        one = {**seen(both[1].get(url(due[3]))), "act": "query", "comment": "Why?"}
        answers = together(
            lambda: both[0].post(ALL, data=many),  # noqa: B023
            lambda: both[1].post(url(due[3]), data=one),  # noqa: B023
        )
        assert sorted(answers) == [302, 409], answers
        signed = [thread(shop, number)[1:] for number in due]
        if answers[0] == 302:
            assert signed == [[("sign-off", "Bob")]] * 5
        else:
            assert signed == [[], [], [], [("query", "Carol")], []]
            both[1].post(url(due[3]), data={**seen(both[1].get(url(due[3]))), "act": "sign-off"})
            assert both[0].post(ALL, data=bulk_form(both[0].get(ALL).text)).status_code == 302


def test_two_who_sign_all_off_at_once(both: tuple[Any, Any], shop: Shop) -> None:
    for n in range(ROUNDS):
        due = [edit(shop, notes=f"{n} {each}") for each in range(5)]
        forms = [bulk_form(client.get(ALL).text) for client in both]
        answers = together(
            lambda: both[0].post(ALL, data=forms[0]),  # noqa: B023
            lambda: both[1].post(ALL, data=forms[1]),  # noqa: B023
        )
        assert sorted(answers) == [302, 409], answers
        assert len({person for number in due for _, person in thread(shop, number)[1:]}) == 1
