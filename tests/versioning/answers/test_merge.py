"""A merge takes what does not overlap by itself, and asks for the rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.versioning.answers.shop import Item
from webapp.versioning import MASKED, FieldMerge, merge_fields, merged_values
from webapp.versioning.merge_documents import merge_documents, merge_members
from webapp.versioning.merge_texts import merge_texts, text_of

TEXT = st.lists(st.sampled_from("abc"), max_size=8).map("\n".join)


def merged(name: str, base: Any, theirs: Any, yours: Any) -> FieldMerge:
    found = merge_fields(Item, {name: base}, {name: theirs}, {name: yours})
    return next(each for each in found if each.name == name)


@pytest.mark.parametrize(
    ("base", "theirs", "yours", "outcome", "value"),
    [
        (1, 1, 1, "same", 1),
        (1, 2, 1, "theirs", 2),
        (1, 1, 3, "yours", 3),
        (1, 2, 2, "both", 2),
        (1, 2, 3, "conflict", None),
        (1, None, 3, "conflict", None),
        (None, None, 3, "yours", 3),
    ],
)
def test_outcomes(base: Any, theirs: Any, yours: Any, outcome: str, value: Any) -> None:
    found = merged("stock", base, theirs, yours)
    assert (found.outcome, found.merged) == (outcome, value)


def test_every_field_that_can_be_edited_is_there_and_a_missing_one_is_as_in_base() -> None:
    found = {each.name: each.outcome for each in merge_fields(Item, {"name": "a"}, {}, {})}
    assert set(found.values()) == {"same"} and "words" in found and "views" not in found


def test_texts_by_lines() -> None:
    found = merged("text", "a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nD\ne\n")
    assert (found.outcome, found.merged) == ("both", "A\nb\nc\nD\ne\n")


def test_a_conflict_says_where() -> None:
    found = merged("text", "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n")
    assert found.outcome == "conflict"
    assert [hunk.kind for hunk in found.hunks] == ["same", "conflict", "same"]
    assert (found.hunks[1].theirs, found.hunks[1].yours) == (("X",), ("Y",))


def test_line_ends_from_a_browser_are_no_edit() -> None:
    assert merged("text", "a\nb\n", "a\nb\n", "a\r\nb\r\n").outcome == "same"
    assert merged("text", "a\nb\n", "a\nc\n", "a\r\nb\r\n").merged == "a\nc\n"
    both = merged("text", "a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\r\nb\r\nc\r\nD\r\n")
    assert (both.outcome, both.merged) == ("both", "A\nb\nc\nD\n")
    kept = merged("text", "a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "a\nb\nC\n")
    assert kept.merged == "A\r\nb\r\nC\r\n"


@given(TEXT, TEXT, TEXT)
def test_merged_texts_are_even_handed_and_lose_nothing(base: str, theirs: str, yours: str) -> None:
    hunks, mirrored = merge_texts(base, theirs, yours), merge_texts(base, yours, theirs)
    for side, text in (("base", base), ("theirs", theirs), ("yours", yours)):
        assert "\n".join(line for hunk in hunks for line in getattr(hunk, side)) == text
    assert [h.kind == "conflict" for h in hunks] == [h.kind == "conflict" for h in mirrored]
    if theirs == base:
        assert text_of(hunks) == yours
    if yours == base:
        assert text_of(hunks) == theirs


def test_json_by_key() -> None:
    base = {"a": 1, "b": {"c": 1, "d": 1}, "e": [1, 2]}
    theirs = {"a": 2, "b": {"c": 2, "d": 1}, "e": [1, 2, 3]}
    yours = {"a": 1, "b": {"c": 1}, "e": [2], "new": None}
    found = merged("tags", base, theirs, yours)
    assert found.outcome == "both"
    assert found.merged == {"a": 2, "b": {"c": 2}, "e": [2, 3], "new": None}


def test_json_conflicts_name_their_paths() -> None:
    found = merged("tags", {"a": {"b": 1}, "c": 1}, {"a": {"b": 2}}, {"a": {"b": 3}, "c": 2})
    assert (found.outcome, set(found.paths)) == ("conflict", {("a", "b"), ("c",)})


def test_true_is_not_1() -> None:
    assert merge_documents({"a": 1}, {"a": True}, {"a": 1, "b": 2})[0] == {"a": True, "b": 2}
    assert merge_documents({"a": 1}, {"a": True}, {"a": 1, "b": 2})[0]["a"] is True


@pytest.mark.parametrize(
    ("base", "theirs", "yours", "expected"),
    [
        ("ab", "abx", "aby", "abxy"),
        ("abc", "ac", "abcd", "acd"),
        ("abc", "cba", "abcd", "cdba"),
        ("abc", "abcd", "cba", "cdba"),
        ("abc", "xabc", "abc", "xabc"),
        ("ab", "xab", "yab", "xyab"),
        ("ab", "xb", "ay", "xy"),
        ("ab", "xb", "yb", None),
        ("ab", "b", "b", "b"),
        ("abc", "cba", "bac", None),
        ("aa", "aab", "aac", None),
        ("ab", "abx", "axb", "abx"),
    ],
)
def test_lists_by_member(base: str, theirs: str, yours: str, expected: str | None) -> None:
    found = merge_members(list(base), list(theirs), list(yours))
    assert found == (None if expected is None else list(expected))


def test_edited_objects_in_lists_are_in_doubt() -> None:
    assert merge_members([{"id": 1, "n": 1}], [{"id": 1, "n": 2}], [{"id": 1, "n": 3}]) is None


@given(*[st.lists(st.integers(0, 6), unique=True)] * 3)
def test_merged_members_are_even_handed(base: Any, theirs: Any, yours: Any) -> None:
    found, mirrored = merge_members(base, theirs, yours), merge_members(base, yours, theirs)
    assert (found is None) == (mirrored is None)
    if found is not None and mirrored is not None:
        kept = {m for m in base if m in theirs and m in yours}
        assert set(found) == kept | (set(theirs) | set(yours)) - set(base)
        assert set(found) == set(mirrored) and len(set(found)) == len(found)


def test_masked_fields_never_show_a_value_and_are_saved_all_the_same() -> None:
    base, theirs, yours = {"secret": "s1"}, {"secret": "s1"}, {"secret": "s2"}
    fields = merge_fields(Item, base, theirs, yours)
    found = next(each for each in fields if each.name == "secret")
    assert (found.base, found.theirs, found.yours, found.merged) == (MASKED,) * 4
    assert merged_values(fields, theirs, yours) == {"secret": "s2"}
    assert merged("secret", "s1", "s2", "s3").outcome == "conflict"


def test_merged_values_are_what_to_set_on_the_newest_version() -> None:
    base = {"name": "a", "stock": 1, "sku": "x", "price": 1}
    theirs, yours = base | {"name": "b", "price": 2}, {"stock": 2, "price": 3}
    fields = merge_fields(Item, base, theirs, yours)
    assert merged_values(fields, theirs, yours) == {"stock": 2}
