"""A diff says how two values differ, in the way of their column."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import DeclarativeBase, Mapped, Session

from tests.versioning.answers.shop import START, Item, State, add, edit
from webapp.versioning import (
    MASKED,
    Blob,
    BlobDifference,
    FieldChange,
    LabelDifference,
    MembersDifference,
    Move,
    NumberDifference,
    PathChange,
    PathsDifference,
    TextPart,
    TimeDifference,
    ValueDifference,
    Versioned,
    VersioningError,
    diff,
    timeline,
)
from webapp.versioning.align import align, longest_rise
from webapp.versioning.documents import compare_members
from webapp.versioning.texts import compare_texts


def detail(old: Item, new: Item) -> Any:
    (only,) = diff(old, new)
    return only.detail


def test_text_by_words() -> None:
    found = detail(Item(text="A red fox,\nasleep\n"), Item(text="A grey fox,\nasleep now\n"))
    assert found.level == "words"
    assert found.parts == (
        TextPart("equal", "A "),
        TextPart("delete", "red"),
        TextPart("insert", "grey"),
        TextPart("equal", " fox,\nasleep"),
        TextPart("insert", " now"),
        TextPart("equal", "\n"),
    )


@given(st.text("ab .\r\n狐é", max_size=40), st.text("ab .\r\n狐é", max_size=40))
def test_text_parts_make_up_both_texts(old: str, new: str) -> None:
    parts = compare_texts(old, new).parts
    assert "".join(part.text for part in parts if part.kind != "insert") == old
    assert "".join(part.text for part in parts if part.kind != "delete") == new
    assert all(part.text for part in parts)


def test_huge_texts_fall_back_to_lines_then_to_the_whole() -> None:
    shuffle = random.Random(3).sample
    words = [f"w{n % 997} " for n in range(100_000)]
    began = time.perf_counter()
    whole = compare_texts("".join(words), "".join(shuffle(words, len(words))))
    lines = compare_texts("same\n" + "".join(words), "same\n" + "".join(words[::-1]))
    assert (whole.level, lines.level) == ("whole", "lines")
    assert time.perf_counter() - began < 10


def test_json_by_path() -> None:
    old = Item(tags={"size": 1, "parts": ["a", {"n": 1}], "gone": True})
    new = Item(tags={"size": True, "parts": ["a", {"n": 2}], "came": None})
    assert detail(old, new) == PathsDifference(
        (
            PathChange(("size",), "changed", 1, True),
            PathChange(("parts", 1, "n"), "changed", 1, 2),
            PathChange(("gone",), "removed", True, None),
            PathChange(("came",), "added", None, None),
        )
    )


def test_lists_by_member() -> None:
    found = detail(Item(tags=["a", "b", "c", "d", "a"]), Item(tags=["d", "a", "b", "c", "e"]))
    assert found == MembersDifference(("e",), ("a",), (Move("d", 3, 0),))


@given(st.lists(st.integers(0, 5)), st.lists(st.integers(0, 5)))
def test_members_that_came_and_went_add_up(old: list[int], new: list[int]) -> None:
    found = compare_members(old, new)
    assert sorted([*old, *found.added]) == sorted([*new, *found.removed])


@given(st.lists(st.integers(0, 4)), st.lists(st.integers(0, 4)))
def test_aligned_blocks_are_equal_and_rise(a: list[int], b: list[int]) -> None:
    i = j = 0
    for to_i, to_j, length in align(a, b):
        assert to_i >= i and to_j >= j and a[to_i : to_i + length] == b[to_j : to_j + length]
        i, j = to_i + length, to_j + length


@given(st.permutations(range(7)))
def test_longest_rise_rises(numbers: list[int]) -> None:
    run = [numbers[n] for n in longest_rise(numbers)]
    assert run == sorted(run)


def test_numbers_by_signed_difference_and_per_cent() -> None:
    found = detail(Item(price=Decimal("2.00")), Item(price=Decimal("1.50")))
    assert found == NumberDifference(Decimal("2.00"), Decimal("1.50"), Decimal("-0.50"), -25.0)
    assert detail(Item(stock=0), Item(stock=3)) == NumberDifference(0, 3, 3, None)
    assert detail(Item(stock=0), Item()) == ValueDifference(0, None)


def test_dates_and_times_by_signed_difference() -> None:
    old, new = dt.date(2030, 3, 1), dt.date(2030, 2, 1)
    assert detail(Item(since=old), Item(since=new)) == TimeDifference(
        old, new, dt.timedelta(days=-28)
    )
    later = START + dt.timedelta(hours=2)
    assert detail(Item(seen=START), Item(seen=later)).difference == dt.timedelta(hours=2)


def test_enums_by_label() -> None:
    found = detail(Item(state=None), Item(state=State.ON_SALE))
    assert found == LabelDifference(None, "On sale")


def test_binary_by_size_and_digest() -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    assert detail(Item(), Item(photo=b"abc")) == BlobDifference(None, Blob(3, digest))


def test_masked_columns_never_show_a_value(session: Session) -> None:
    item = edit(session, add(session, Item(name="a", secret="s1")), secret="s2")
    newest, first = timeline(session, Item, item.id).entries
    assert newest.changes == (FieldChange("secret", MASKED, MASKED),)
    assert FieldChange("secret", None, MASKED) in first.changes
    assert newest.changes[0].detail == ValueDifference(MASKED, MASKED)
    assert "s2" not in repr(newest.changes)


def test_excluded_columns_are_left_out() -> None:
    assert diff(Item(words="a"), Item(words="b")) == ()


@pytest.mark.parametrize("attribute", ["__excluded__", "__masked__", "__unversioned__"])
def test_an_unknown_name_is_refused_when_the_class_is_mapped(attribute: str) -> None:
    class Base(DeclarativeBase):
        pass

    with pytest.raises(VersioningError, match="nonsense"):

        class Wrong(Versioned, Base):
            __tablename__ = "wrong"
            name: Mapped[str]
            locals()[attribute] = ("nonsense",)
