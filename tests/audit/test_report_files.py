"""The report of a period as CSV and JSON: all that was said, streamed, and nothing to be run."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.admin.conftest import Shop
from tests.admin.shop.models import Gadget
from tests.audit.reported import (
    CSV,
    EVER,
    JSON,
    PAGE,
    bob,
    busy,
    everything,
    reported,
    stocked,
)
from tests.audit.reviews import edit, say, shown, view_of
from webapp.audit.report import SAID
from webapp.audit.words import LISTED

__all__ = ["bob", "busy", "stocked"]


@pytest.mark.parametrize("kind", ["xlsx", "html", "..", "%00"])
def test_other_files_are_not_made(bob: FlaskClient, kind: str) -> None:
    assert bob.get(f"{PAGE}export/{kind}/").status_code in (400, 404)


def lines(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline="")))


def test_the_csv_holds_all_that_was_said(bob: FlaskClient, busy: Shop) -> None:
    answer = bob.get(CSV + EVER)
    assert answer.mimetype == "text/csv"
    assert re.fullmatch(
        r'attachment; filename="reviews-2020-01-01-to-\d{4}-\d\d-\d\d\.csv"',
        answer.headers["Content-Disposition"],
    )
    found = lines(answer)
    every = [row for _, thread, _ in everything(busy) for row in thread if row.act in LISTED]
    assert len(found) == len(every)
    assert Counter(each["Act"] for each in found) == Counter(row.act for row in every)
    asked = next(each for each in found if each["Comment"] == "Why so?")
    assert (asked["By"], asked["Act"], asked["Models"]) == ("Bob", "query", "Maker")
    assert (asked["Made by"], asked["State"], asked["Days open"]) == ("Alice", "Signed off", "")
    waiting = [each for each in found if each["Days open"]]
    assert len(waiting) == reported(busy, None, None).all.open


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", '=cmd|"/c calc"!A1'])
def test_what_a_spreadsheet_would_run_is_text(bob: FlaskClient, stocked: Shop, text: str) -> None:
    number = edit(stocked, actor=text, price=31)
    say(bob, number, "query", text)
    (due, asked) = lines(bob.get(CSV + EVER))
    assert due["Made by"] == f"'{text}"
    assert asked["Comment"] == f"'{text}"


def test_a_comment_of_several_lines_is_one_cell(bob: FlaskClient, stocked: Shop) -> None:
    number = edit(stocked, price=31)
    say(bob, number, "query", 'One,\n"two"; три')
    assert lines(bob.get(CSV + EVER))[-1]["Comment"].splitlines() == ["One,", '"two"; три']


def test_the_json_holds_the_numbers_and_the_changes(bob: FlaskClient, busy: Shop) -> None:
    answer = bob.get(JSON + EVER)
    assert answer.mimetype == "application/json"
    told = json.loads(answer.get_data(as_text=True))
    found = reported(busy, None, None)
    assert told["all"]["states"] == {act.value: found.all.counts[act] for act in LISTED}
    assert [each["maker"] for each in told["makers"]] == [line.key for line in found.makers]
    assert [each["reviewer"] for each in told["reviewers"]] == ["Bob", "Carol"]
    assert len(told["reviews"]) == found.all.total
    states = Counter(each["state"] for each in told["reviews"])
    assert states == {act.value: count for act, count in found.all.counts.items()}
    said = Counter(row["act"] for each in told["reviews"] for row in each["said"])
    assert all(said[act.value] == found.acts[act] for act in SAID)


def test_files_of_nothing_are_files(bob: FlaskClient, shop: Shop) -> None:
    assert lines(bob.get(CSV)) == []
    assert json.loads(bob.get(JSON).get_data(as_text=True))["reviews"] == []


def test_changes_of_what_may_not_be_seen_are_told_without_words(
    bob: FlaskClient, stocked: Shop, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = edit(stocked, price=31)
    say(bob, number, "query", "About the gadget")
    view = view_of(app, Gadget)
    monkeypatch.setattr(type(view), "is_accessible", lambda self: False)
    found = lines(bob.get(CSV + EVER))
    assert [each["Models"] for each in found] == ["another model"] * 2
    assert [each["Comment"] for each in found] == ["", ""]
    assert "Gadget" not in shown(bob.get(PAGE + EVER))


def test_files_are_read_in_batches(
    bob: FlaskClient, busy: Shop, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bob.get(CSV + EVER).data
    monkeypatch.setattr("webapp.audit.report_files.BATCH", 4)
    statements.clear()
    assert bob.get(CSV + EVER).data == whole
    assert len(statements) == 3 + 3 * 3  # the numbers; three batches of nine changes
