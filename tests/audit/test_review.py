"""The acts of a review: sign-off, question, answer, rejection, each once and in its turn."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget, Maker
from tests.audit.builders import FEED, stock
from tests.audit.reviews import (
    QUEUE,
    count,
    edit,
    forged,
    review,
    rows,
    say,
    seen,
    shown,
    state,
    thread,
    url,
)

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def bob(app: Flask) -> Any:
    return accounts.as_(app, "Bob")


@pytest.fixture
def alice(app: Flask) -> Any:
    return accounts.as_(app, "Alice")


@pytest.fixture
def due(shop: Shop) -> int:
    """A change of Alice's that awaits review."""
    stock(shop)
    review(shop.app, Gadget)
    return edit(shop, actor="Alice", price=31)


def test_a_sign_off(bob: Any, shop: Shop, due: int) -> None:
    form = seen(bob.get(url(due)))
    answer = say(bob, due, "sign-off", "As ordered")
    assert (answer.status_code, answer.location) == (302, url(due))
    row = rows(shop, due)[-1]
    assert (row.act, row.person, row.comment) == ("sign-off", "Bob", "As ordered")
    assert (row.n, row.digest, row.actor) == (1, form["digest"], "Alice")
    assert row.request_id and row.act_id is None and row.followed_by is None
    assert rows(shop, due)[0].followed_by == 1
    page = bob.get(url(due))
    assert "signed it off" in shown(page) and "As ordered" in page.text
    assert "This review is over" in page.text and 'name="act"' not in page.text


def test_from_the_queue_it_takes_one_click(bob: Any, shop: Shop, due: int) -> None:
    other = edit(shop, actor="Alice", price=32)
    page = bob.get(f"{QUEUE}?actor=Alice")
    form = {**seen(page), "act": "sign-off", "back": f"{QUEUE}?actor=Alice"}
    answer = bob.post(url(due), data=form, follow_redirects=True)
    assert f"Change {due} is signed off." in answer.text
    assert f'id="c{other}"' in answer.text and f'id="c{due}"' not in answer.text


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example", "javascript:1", "\\x"])
def test_it_leads_back_to_pages_here_alone(bob: Any, shop: Shop, due: int, back: str) -> None:
    page = bob.get(url(due), query_string={"back": back})
    assert back not in page.text and f'href="{QUEUE}">Review</a>' in page.text
    assert say(bob, due, "sign-off", back=back).location == url(due)


def test_a_question_an_answer_and_the_end(bob: Any, alice: Any, shop: Shop, due: int) -> None:
    assert say(bob, due, "query", "Why so dear?").status_code == 302
    assert state(shop, due) == "query"
    assert "Why so dear?" in alice.get("/admin/review/mine/").text
    assert say(alice, due, "answer", "New price list").status_code == 302
    assert state(shop, due) == "answer"
    assert say(bob, due, "sign-off").status_code == 302
    assert thread(shop, due) == [
        ("due", None), ("query", "Bob"), ("answer", "Alice"), ("sign-off", "Bob"),
    ]  # fmt: skip


def test_an_answer_by_a_correction(bob: Any, alice: Any, shop: Shop, due: int) -> None:
    say(bob, due, "query", "29 or 31?")
    before = edit(shop, actor="Alice", id=2, price=41)
    page = alice.get(url(due))
    assert "/admin/gadget/edit/?id=1" in page.text and "Was it corrected" not in page.text
    correction = edit(shop, actor="Alice", price=29)
    page = alice.get(url(due))
    assert f'value="{correction}"' in page.text and f'value="{before}"' not in page.text
    assert say(alice, due, "answer", corrected_by=before).status_code == 422
    assert say(alice, due, "answer", corrected_by=correction).status_code == 302
    row = rows(shop, due)[-1]
    assert (row.act, row.corrected_by, row.comment) == ("answer", correction, None)
    assert f"with the correction Change #{correction}" in shown(bob.get(url(due)))


def test_a_rejection_offers_the_undo(client: Any, shop: Shop, due: int) -> None:
    answer = say(client, due, "reject", "Nobody ordered it")
    assert (answer.status_code, answer.location) == (302, url(due))
    page = client.get(url(due))
    assert f'href="/admin/changes/{due}/undo/"' in page.text and "Rejected" in page.text
    assert shop.versions(Gadget, 1)[-1].price == 31  # nothing is taken back by itself
    client.post(f"/admin/changes/{due}/undo/", data={"reason": "rejected"})
    assert shop.versions(Gadget, 1)[-1].price == 29
    assert state(shop, due) == "reject" and state(shop, due + 1) == "due"


def test_a_change_that_nobody_asked_about_can_be_taken_up(bob: Any, shop: Shop) -> None:
    stock(shop)
    number = edit(shop, price=31)
    page = bob.get(url(number))
    assert "No policy asked for a review" in page.text
    assert say(bob, number, "query", "Why?").status_code == 302
    assert thread(shop, number) == [("due", "Bob"), ("query", "Bob")]
    assert "taken up by Bob" in shown(bob.get(url(number)))


def test_what_a_draw_passed_can_be_taken_up(
    bob: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.admin.policies import Share

    stock(shop)
    review(shop.app, Gadget, Share(0.1))
    monkeypatch.setattr("secrets.SystemRandom.random", lambda self: 0.9)
    number = edit(shop, price=31)
    assert say(bob, number, "sign-off").status_code == 302
    assert [act for act, _ in thread(shop, number)] == ["passed", "due", "sign-off"]


@pytest.mark.parametrize("end", ["sign-off", "reject"])
@pytest.mark.parametrize("act", ["sign-off", "query", "reject", "answer"])
def test_nothing_follows_the_end(
    bob: Any, client: Any, shop: Shop, due: int, end: str, act: str
) -> None:
    say(bob, due, end, "so it is")
    said = thread(shop, due)
    form = {**last_seen(shop, due), "act": act, "comment": "again"}
    assert client.post(url(due), data=form).status_code == 409
    assert thread(shop, due) == said


def last_seen(shop: Shop, number: int) -> dict[str, Any]:
    row = rows(shop, number)[-1]
    return {"n": row.n, "digest": row.digest}


def test_an_answer_needs_a_question(alice: Any, shop: Shop, due: int) -> None:
    form = forged(shop, due, "answer", "Because")
    assert alice.post(url(due), data=form).status_code == 409
    assert state(shop, due) == "due"


@pytest.mark.parametrize("act", ["query", "reject"])
def test_what_says_nothing_is_asked_for_again(bob: Any, shop: Shop, due: int, act: str) -> None:
    for comment in ("", " \r\n "):
        answer = say(bob, due, act, comment)
        assert answer.status_code == 422 and "Nothing was written yet" in answer.text
    assert state(shop, due) == "due"


def test_stale_somebody_said_something_meanwhile(
    bob: Any, client: Any, shop: Shop, due: int
) -> None:
    form = {**seen(bob.get(url(due))), "act": "reject", "comment": "I typed this"}
    say(client, due, "query", "What is it?")
    answer = bob.post(url(due), data=form)
    assert answer.status_code == 409 and state(shop, due) == "query"
    assert "this is not what you saw" in answer.text and "What is it?" in answer.text
    assert "new</b>" in answer.text and "I typed this</textarea>" in answer.text
    assert seen(answer)["n"] == "1"


def test_repeated_it_is_done_once(bob: Any, shop: Shop, due: int) -> None:
    form = {**seen(bob.get(url(due))), "act": "sign-off"}
    assert [bob.post(url(due), data=form).status_code for _ in range(2)] == [302, 409]
    assert count(shop) == 2


def test_a_form_of_another_change_is_refused(bob: Any, shop: Shop, due: int) -> None:
    other = edit(shop, price=35)
    form = {**seen(bob.get(url(other))), "act": "sign-off"}
    assert bob.post(url(due), data=form).status_code == 409
    assert state(shop, due) == "due"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_another_method_is_refused(bob: Any, shop: Shop, due: int, method: str) -> None:
    for page in (url(due), QUEUE, f"{QUEUE}all/", f"{QUEUE}mine/"):
        assert getattr(bob, method)(page).status_code == 405
    assert bob.post(QUEUE).status_code == 405


def test_a_page_that_is_read_writes_nothing(bob: Any, shop: Shop, due: int) -> None:
    before = count(shop)
    for page in (url(due), f"{url(due)}?act=sign-off&n=0", QUEUE, f"{QUEUE}all/", f"{QUEUE}mine/"):
        assert bob.get(page).status_code == 200
    assert count(shop) == before


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400), ({"act": "drop"}, 400), ({"act": "due"}, 400), ({"act": "passed"}, 400),
        ({"act": "SIGN-OFF"}, 400), ({"n": "x"}, 409), ({"n": ""}, 409), ({"n": "-1"}, 409),
        ({"n": "9" * 30}, 409), ({"n": "9" * 18}, 409), ({"n": "\u0660"}, 409),
        ({"digest": ""}, 409), ({"digest": "0" * 64}, 409), ({"digest": HOSTILE}, 409),
        ({"comment": "x" * 2001}, 422), ({"comment": "a\0b"}, 400), ({"corrected_by": "x"}, 302),
        ({"corrected_by": "1"}, 302), ({"comment": HOSTILE}, 302), ({"back": HOSTILE}, 302),
    ],
)  # fmt: skip
def test_hostile_forms(bob: Any, shop: Shop, due: int, form: dict[str, str], status: int) -> None:
    data = {**seen(bob.get(url(due))), "act": "sign-off", **form}
    if "act" not in form and not form:
        data.pop("act")
    answer = bob.post(url(due), data=data)
    assert answer.status_code == status
    assert (state(shop, due) == "sign-off") == (status == 302)
    assert HOSTILE not in bob.get(url(due)).text and HOSTILE not in answer.text
    assert rows(shop, due)[-1].corrected_by is None


@pytest.mark.parametrize("number", ["0", "-1", "01", "x", "999", "9" * 19, "1%0A", "\u0661"])
def test_a_hostile_number_is_a_404(bob: Any, shop: Shop, due: int, number: str) -> None:
    assert bob.get(f"{QUEUE}{number}/").status_code == 404
    assert bob.post(f"{QUEUE}{number}/", data={"act": "sign-off"}).status_code == 404


class TestWithTokens:
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"WTF_CSRF_ENABLED": True}

    def test_a_post_without_the_token_is_refused(self, bob: Any, shop: Shop, due: int) -> None:
        page = bob.get(url(due))
        form = {**seen(page), "act": "sign-off"}
        assert bob.post(url(due), data=form).status_code == 400
        assert bob.post(f"{QUEUE}all/", data=form).status_code == 400
        assert 'name="csrf_token"' in page.text and count(shop) == 1


def test_the_page_of_a_change_shows_all_that_was_said(
    bob: Any, alice: Any, client: Any, shop: Shop, due: int
) -> None:
    say(bob, due, "query", "Why so dear?")
    say(alice, due, "answer", "New list")
    page = client.get(f"/admin/changes/{due}/")
    assert "Why so dear?" in page.text and "New list" in page.text
    assert f'href="{url(due)}"' in page.text and "Answered" in page.text


def test_timelines_and_records_bear_the_state_of_their_changes(
    bob: Any, client: Any, shop: Shop, due: int
) -> None:
    say(bob, due, "query", "Why?")
    later = edit(shop, actor="Alice", notes="n")
    timeline = client.get("/admin/gadget/timeline/?id=1").text
    assert mark(timeline, due) == "Queried" and mark(timeline, later) == "Awaiting review"
    record = client.get("/admin/gadget/details/?id=1").text
    assert mark(record, due) == "Queried" and mark(record, later) == "Awaiting review"
    assert "mark mark-" not in client.get("/admin/maker/timeline/?id=1").text


def test_the_feed_and_a_persons_history_bear_the_state_of_their_changes(
    app: Flask, bob: Any, alice: Any, shop: Shop, due: int
) -> None:
    say(bob, due, "query", "Why?")
    own, others = edit(shop, actor="Alice", notes="n"), edit(shop, actor="Carol", notes="m")
    for person in (bob, alice, accounts.as_(app, "Dave")):
        feed = person.get(FEED).text
        states = [mark(feed, each) for each in (due - 1, due, own, others)]
        assert states == [None, "Queried", "Awaiting review", "Awaiting review"]
    history = alice.get(f"{FEED}?actor=Alice").text
    assert [mark(history, each) for each in (due, own, others)] == [
        "Queried",
        "Awaiting review",
        None,
    ]


def test_a_page_of_the_past_bears_no_state_of_today(client: Any, shop: Shop, due: int) -> None:
    page = client.get("/admin/gadget/details/?id=1&as_of=2100-01-01").text
    assert f'href="/admin/changes/{due}/"' in page and "mark mark-" not in page


def mark(page: str, number: int) -> str | None:
    found = re.search(rf'class="mark mark-\w+" href="{url(number)}"[^>]*>([^<]+)<', page)
    return found and found[1]


def test_marks_take_one_statement_a_page(
    client: Any, shop: Shop, due: int, statements: Any
) -> None:
    pages = ["/admin/gadget/timeline/?id=1", "/admin/gadget/details/?id=1"]
    for page in (*pages, FEED, f"{FEED}?actor=Alice"):
        counts = []
        for n in range(2):
            statements.clear()
            client.get(page)
            counts.append((len(statements), sum("review" in each for each in statements)))
            edit(shop, notes=f"{n} {page}")
            edit(shop, price=n)
        assert counts[0] == counts[1] and counts[0][1] == 1


def test_a_change_of_several_models_is_reviewed_whole(bob: Any, shop: Shop) -> None:
    review(shop.app, Maker)
    number = stock(shop)
    assert rows(shop, number)[0].why == [{"model": "maker", "policy": "every"}]
    page = bob.get(url(number))
    assert "Kettle" in page.text and "Acme" in page.text
