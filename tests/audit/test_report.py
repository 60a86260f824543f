"""The report of a period: its numbers add up, and reviewers alone may see them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import accounts
from tests.admin.conftest import Shop
from tests.admin.shop.models import Maker
from tests.audit.builders import mixed
from tests.audit.reported import (
    CSV,
    DAY,
    EVER,
    JSON,
    NOW,
    PAGE,
    at,
    bob,
    busy,
    everything,
    reported,
    stocked,
)
from tests.audit.reviews import QUEUE, edit, numbers, say, shown, view_of
from webapp.audit.models import Act
from webapp.audit.report import OPEN, SAID
from webapp.audit.words import LISTED
from webapp.auth.policy import Rules
from webapp.versioning import utcnow

__all__ = ["bob", "busy", "stocked"]

PERIODS = [
    (None, None),
    (NOW - 30 * DAY, None),
    (NOW - 30 * DAY, NOW - 4 * DAY),
    (None, NOW - 10 * DAY),
    (NOW, NOW + DAY),
]


@pytest.mark.parametrize(("since", "until"), PERIODS)
def test_the_sums_are_those_of_the_rows(
    busy: Shop, since: datetime | None, until: datetime | None
) -> None:
    found = reported(busy, since, until)
    before_end = [each for each in everything(busy) if until is None or each[0].change_at < until]
    inside = [each for each in before_end if since is None or each[0].change_at >= since]
    listed = [each for each in inside if each[0].act in LISTED]

    assert found.all.counts == Counter(Act(last.act) for last, _, _ in listed)
    for line in found.makers:
        of_it = Counter(Act(last.act) for last, _, _ in listed if last.actor == line.key)
        assert line.counts == of_it
    for line in found.models:
        of_it = Counter(Act(last.act) for last, _, models in listed if line.key in models)
        assert line.counts == of_it
    assert {line.key for line in found.models} >= {m for each in listed for m in each[2]}
    assert sum(line.total for line in found.makers) == found.all.total == len(listed)

    still = [last for last, _, _ in before_end if last.act in OPEN]
    assert found.all.open == len(still)
    assert found.all.older == sum(since is not None and last.change_at < since for last in still)
    assert found.all.oldest == min((last.change_at for last in still), default=None)
    for state, classes in found.all.ages.items():
        expected = [0, 0, 0, 0]
        for last in still:
            if last.act == state:
                days = (NOW - last.change_at) / DAY
                expected[(days >= 1) + (days >= 7) + (days >= 30)] += 1
        assert classes == expected

    said = [row for _, thread, _ in inside for row in thread if row.act in SAID and row.person]
    assert found.acts == Counter(Act(row.act) for row in said)
    for each in found.reviewers:
        assert each.acts == Counter(Act(row.act) for row in said if row.person == each.name)
        for model, count in each.models.items():
            ids = {last.change_id for last, _, models in inside if model in models}
            own = {row.change_id for row in said if row.person == each.name}
            assert count == len(ids & own)


def test_what_ended_was_ended_by_somebody(busy: Shop) -> None:
    found = reported(busy, None, None)
    for act in (Act.SIGN_OFF, Act.REJECT):
        assert found.acts[act] == found.all.counts[act] > 0


def test_a_change_of_two_models_counts_for_each_and_once_in_all(stocked: Shop) -> None:
    mixed(stocked)
    found = reported(stocked, None, None)
    assert [line.total for line in found.models] == [1, 1]
    assert found.all.total == 1


def test_the_page_tells_states_ages_and_who_reviewed_what(bob: FlaskClient, busy: Shop) -> None:
    page = bob.get(PAGE + EVER)
    assert page.status_code == 200
    text = shown(page)
    for told in ("9 changes", "2 signed off", "1 rejected", "Ages of open reviews", "Zoe"):
        assert told in text
    assert re.search(r"Bob 1 3 0 0 Gadget 2, Maker 1", text)
    assert re.search(r"Carol 1 0 1 0 Gadget 1, Maker 1", text)


def test_its_numbers_lead_to_the_changes(bob: FlaskClient, busy: Shop) -> None:
    page = bob.get(f"{PAGE}?from=2030-05-17&to=2030-06-30").text.replace("&amp;", "&")
    links = set(re.findall(r'<a href="(/admin/review/\?[^"]+)">(\d+)</a>', page))
    assert len(links) > 5
    for address, count in links:
        assert len(numbers(bob.get(address))) == int(count), address


def test_without_a_period_it_is_the_month_so_far(bob: FlaskClient, stocked: Shop) -> None:
    at(stocked, utcnow() - 40 * DAY, "Alice")
    edit(stocked, price=31)
    text = shown(bob.get(PAGE))
    assert "1 change 1 awaiting review" in text
    assert "1 of 2 from before the period" in text


def test_a_day_is_one_of_the_display_zone(bob: FlaskClient, stocked: Shop) -> None:
    """22:30 UTC on 16 May is half past midnight on 17 May in Berlin."""
    at(stocked, datetime(2030, 5, 16, 22, 30, tzinfo=UTC), "Alice")
    assert "1 change " in shown(bob.get(f"{PAGE}?from=2030-05-17&to=2030-05-17"))
    assert "0 changes" in shown(bob.get(f"{PAGE}?from=2030-05-16&to=2030-05-16"))


def test_an_empty_period_says_so(bob: FlaskClient, shop: Shop) -> None:
    text = shown(bob.get(PAGE))
    assert "No change of this period asks for a review." in text
    assert "Nobody has said a word" in text


@pytest.mark.parametrize("address", [PAGE, CSV, JSON])
@pytest.mark.parametrize(
    "query", ["from=x", "to=2030-02-31", "from=2030-05-18&to=2030-05-17", "from=%00", "to=%ff"]
)
def test_what_is_no_period_is_refused(bob: FlaskClient, address: str, query: str) -> None:
    assert bob.get(f"{address}?{query}").status_code == 400


def test_the_ends_of_time_are_a_period(bob: FlaskClient, busy: Shop) -> None:
    answer = bob.get(f"{PAGE}?from=0001-01-01&to=9999-12-31")
    assert answer.status_code in (200, 400)
    assert bob.get(f"{PAGE}?from=1900-01-01&to=9999-12-31").status_code == 200


@pytest.mark.parametrize("address", [PAGE, CSV, JSON])
@pytest.mark.parametrize("name", ["Alice", "Dave"])
def test_it_is_for_reviewers(app: Flask, address: str, name: str) -> None:
    answer = accounts.as_(app, name).get(address)
    assert answer.status_code == 403
    assert "You may not review changes" in answer.text


def test_whoever_may_review_one_model_gets_its_report(
    busy: Shop, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_of(app, Maker), "rules", Rules({"editor": ["see", "review"]}))
    text = shown(accounts.as_(app, "Alice").get(PAGE + EVER))
    by_model = text[text.index("By model") : text.index("By person")]
    assert "Maker" in by_model
    assert "Gadget" not in by_model


@pytest.mark.parametrize("address", [PAGE, CSV])
def test_it_only_reads(bob: FlaskClient, address: str) -> None:
    """Where there is no such page, the address might be a change's, and there is none."""
    assert bob.post(address).status_code in (404, 405)


def test_the_page_takes_the_same_statements_for_many(
    bob: FlaskClient, stocked: Shop, statements: list[str]
) -> None:
    def count() -> int:
        statements.clear()
        bob.get(PAGE + EVER)
        return len(statements)

    few = count()
    for number in range(6):
        say(bob, edit(stocked, actor=f"P{number}", price=number), "query", "Why?")
    assert count() == few == 3


def test_the_queue_and_the_menu_lead_to_it(app: Flask, bob: FlaskClient) -> None:
    page = bob.get(QUEUE).text
    assert page.count(f'href="{PAGE}"') == 2
    assert PAGE not in accounts.as_(app, "Alice").get("/admin/").text


def test_hostile_names_are_text(bob: FlaskClient, stocked: Shop) -> None:
    edit(stocked, actor="<script>x</script>", price=31)
    page = bob.get(PAGE + EVER).text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
