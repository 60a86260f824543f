"""A moment that a person wrote is read as meant, or refused with what to write instead."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.versioning import parse_moment, read_moment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-07-01T12:00", "2030-07-01T10:00+00:00"),
        ("2030-01-01 12:00:30", "2030-01-01T11:00:30+00:00"),
        (" 2030-01-01t12:00:30.25 ", "2030-01-01T11:00:30.250000+00:00"),
        ("2030-01-01T12:00:30,123456789", "2030-01-01T11:00:30.123456+00:00"),
        ("2030-07-01T12:00Z", "2030-07-01T12:00+00:00"),
        ("2030-07-01 12:00 UTC", "2030-07-01T12:00+00:00"),
        ("2030-07-01T12:00-05:30", "2030-07-01T17:30+00:00"),
        ("2030-07-01T12:00+0200", "2030-07-01T10:00+00:00"),
        ("2030-07-01T12:00:00 02:00", "2030-07-01T10:00+00:00"),
        ("2030-07-01", "2030-06-30T22:00+00:00"),
        ("0001-06-01T00:00Z", "0001-06-01T00:00+00:00"),
        ("9999-06-01T00:00Z", "9999-06-01T00:00+00:00"),
    ],
)
def test_is_read(text: str, expected: str) -> None:
    found = parse_moment(text, BERLIN)
    assert found == datetime.fromisoformat(expected) and found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a date"),
        ("yesterday", "is not a date"),
        ("2030-07-01T25:00", "time of day"),
        ("2030-07-01T24:00", "time of day"),
        ("2030-12-31T23:59:60Z", "time of day"),
        ("0000-01-01", "The year 0000"),
        ("10000-01-01", "The year 10000"),
        ("30-01-01", "The year 30"),
        ("2030-02-30", "no 2030-02-30"),
        ("2030-13-01", "no 2030-13-01"),
        ("2030-07-01T12:00+25:00", "no offset [+]25:00"),
        ("2030-07-01T12:00+02:75", "no offset"),
        ("9999-12-31T23:30Z", "beyond the years"),
        ("0001-01-01T00:30+02:00", "beyond the years"),
        ("2030-03-31T02:30", "skip 2030-03-31 02:30: write 03:30 or later"),
        ("\uff12030-01-01", "is not a date"),
        ("2030-01-01\0", "is not a date"),
        ("9" * 5000, "is not a date"),
        ("2030-01-01T10:00 Mars", "is not a date"),
    ],
)
def test_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        parse_moment(text, BERLIN)
    assert len(str(caught.value)) < 250


def test_a_local_time_that_came_twice_is_the_first_and_says_so() -> None:
    found = read_moment("2030-10-27T02:30", BERLIN)
    assert found.at == datetime(2030, 10, 27, 0, 30, tzinfo=UTC)
    assert found.note and "came twice" in found.note and "+02:00" in found.note
    assert parse_moment("2030-10-27T02:30+01:00", BERLIN).hour == 1


def test_a_day_that_begins_in_a_gap_begins_after_it() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    assert parse_moment("2022-03-27", beirut) == datetime(2022, 3, 26, 22, tzinfo=UTC)


def test_only_what_could_be_read_otherwise_bears_a_note() -> None:
    assert read_moment("2030-07-01T12:00", BERLIN).note is None
    assert "start of 2030-07-01" in (read_moment("2030-07-01", BERLIN).note or "")


@given(st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC)))
def test_what_it_writes_it_reads(moment: datetime) -> None:
    assert parse_moment(moment.isoformat(), BERLIN) == moment


@given(st.text("0123456789-:T +Z.", max_size=30))
def test_nothing_but_value_errors(text: str) -> None:
    with suppress(ValueError):
        assert parse_moment(text, BERLIN).tzinfo is UTC
