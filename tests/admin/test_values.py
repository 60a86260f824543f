"""Every value comes back from its text as it was; times in the zone that the pages show."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.admin.shop.models import ODD, Strict
from webapp.admin import documents, times, values
from webapp.admin.addresses import is_local_path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcü"), inner),
    max_leaves=10,
)  # fmt: skip


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    import zoneinfo

    monkeypatch.setattr(times, "display_zone", lambda: zoneinfo.ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize("name", sorted(set(ODD) - {"a_string", "a_text"}))
def test_every_type_reads_what_it_writes(name: str, berlin: None) -> None:
    codec = values.codec_for(sa.inspect(Strict).columns[name].type)
    assert codec is not None and codec.read(codec.write(ODD[name])) == ODD[name]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float(value: float) -> None:
    codec = values.codec_for(sa.Float())
    assert codec is not None and codec.read(codec.write(value)) == value


@given(st.timedeltas(dt.timedelta(days=-700_000), dt.timedelta(days=700_000)))
def test_a_length_of_time(value: dt.timedelta) -> None:
    assert values.read_duration(values.write_duration(value)) == value


@given(JSON)
def test_a_document(value: Any) -> None:
    assert repr(documents.read(documents.write(value))) == repr(value)


def test_both_hours_of_the_night_when_clocks_go_back(berlin: None) -> None:
    for hour in (0, 1):
        moment = dt.datetime(2026, 10, 25, hour, 30, tzinfo=dt.UTC)
        assert times.read_moment(times.write_moment(moment)) == moment


def test_an_hour_that_the_clocks_skip_is_refused(berlin: None) -> None:
    with pytest.raises(ValueError, match="skip"):
        times.read_moment("2026-03-29 02:30")


def test_a_time_without_offset_is_in_the_display_zone(berlin: None) -> None:
    assert times.read_moment("2026-07-01 12:00") == dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC)


def test_an_old_offset_to_the_second(berlin: None) -> None:
    moment = dt.datetime(1800, 1, 1, tzinfo=dt.UTC)
    assert times.read_moment(times.write_moment(moment)) == moment


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (90_000, "1 day ago"),
     (3_000_000, "1 month ago"), (70_000_000, "2 years ago"), (-5, "in the future")],
)  # fmt: skip
def test_ago(seconds: int, words: str) -> None:
    now = dt.datetime(2026, 11, 14, tzinfo=dt.UTC)
    assert times.ago(now - dt.timedelta(seconds=seconds), now) == words


@given(st.text())
def test_an_address_that_is_taken_begins_with_one_slash(address: str) -> None:
    if is_local_path(address):
        assert address.startswith("/") and not address.startswith(("//", "/\\"))
