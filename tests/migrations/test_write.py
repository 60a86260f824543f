"""Revisions are written from what differs, and nothing is lost by them unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import JSON, Integer, String
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import mapped_column

from tests.migrations.shops import Shop, shop
from tests.versioning.world import World
from webapp.config import ConfigError
from webapp.migrations import Unfit


def names(opened: Shop) -> set[str]:
    return {path.stem for path in opened.folder.glob("*.py")}


def refused(later: Shop, **how: object) -> str:
    """What is said, where nothing is written."""
    before = names(later)
    with pytest.raises(ConfigError) as caught:
        later.write(**how)
    assert names(later) == before
    assert "Nothing was written" in str(caught.value)
    return str(caught.value)


def test_nothing_is_written_where_models_and_database_agree(opened: Shop) -> None:
    assert opened.write() == ""
    assert names(opened) == {"shop_0001_the_tables_of_the_shop"}


def test_guards_are_taken_off_and_put_on_around_what_alters_the_table(opened: Shop) -> None:
    later = shop(opened.db, opened.folder, weight=mapped_column(Integer))
    lines = [line.strip() for line in later.write("Weigh them").splitlines()]
    found = [line for line in lines if line.startswith("op.")]
    assert found == [
        "op.drop_guards('product')",
        "op.add_column('product', sa.Column('weight', sa.Integer(), nullable=True))",
        "op.create_guards('product')",
    ]


def test_a_column_that_would_alter_old_versions_is_refused(opened: Shop) -> None:
    filled = mapped_column(Integer, nullable=False, server_default="1")
    later = shop(opened.db, opened.folder, weight=filled)
    assert "Declare it nullable" in refused(later)


def test_a_column_written_in_place_may_be_filled(opened: Shop) -> None:
    later = shop(
        opened.db,
        opened.folder,
        likes=mapped_column(Integer, nullable=False, server_default="0"),
        __unversioned__=("views", "likes"),
    )
    later.write("Count the likes")
    later.upgrade()
    assert later.unsound() == []
    assert later.db.sql("SELECT DISTINCT likes FROM product") == [(0,)]
    assert later.db.sql("UPDATE product SET likes = 1 WHERE is_current_version") == []


def test_a_column_with_a_history_is_not_dropped_unsaid(opened: Shop) -> None:
    later = shop(opened.db, opened.folder, without=("colour",))
    told = refused(later)
    assert 'mapped_column("colour", …)' in told
    assert "--lose product.colour" in told


def test_a_column_with_a_history_is_dropped_where_it_is_said(opened: Shop) -> None:
    later = shop(opened.db, opened.folder, without=("colour",))
    assert "# --lose product.colour: " in later.write(lose=["product.colour"])
    later.upgrade()
    assert later.unsound() == []  # since no version had a colour


def test_a_column_under_another_name_in_the_model_alters_nothing(opened: Shop) -> None:
    later = shop(
        opened.db, opened.folder, without=("colour",), hue=mapped_column("colour", String(20))
    )
    assert later.write() == ""
    assert later.unsound() == []


def test_a_type_of_another_kind_is_refused(opened: Shop) -> None:
    later = shop(opened.db, opened.folder, colour=mapped_column(Integer))
    assert "Give the new type a new column" in refused(later)


def test_a_longer_text_is_no_loss(opened: Shop) -> None:
    later = shop(opened.db, opened.folder, colour=mapped_column(String(90)))
    later.write("More colours")
    later.upgrade()
    assert later.unsound() == []


def test_a_table_that_no_model_has_stays(opened: Shop) -> None:
    opened.db.sql("CREATE TABLE of_others (id INTEGER PRIMARY KEY)")
    assert opened.write() == ""


def test_a_guard_that_is_gone_comes_back_by_a_revision(opened: Shop) -> None:
    opened.unguard("product", "delete")
    assert "op.create_guards('product')" in opened.write("Guard the products")
    opened.upgrade()
    assert opened.unsound() == []


def test_the_first_revision_says_what_the_database_has(unrevised: Shop) -> None:
    opened = unrevised
    later = shop(opened.db, opened.folder, weight=mapped_column(Integer))
    assert "the column product.weight is missing" in refused(later)
    opened.write("The tables of the shop")
    assert opened.upgrade() == ["shop: its tables were there and fit, marked as shop_0001"]


def test_a_database_that_is_behind_is_no_base_for_the_next(opened: Shop) -> None:
    opened.write("Nothing yet", empty=True)
    with pytest.raises(Unfit, match="run: versioned-admin database upgrade"):
        opened.write("Something else", empty=True)


def test_an_empty_database_is_no_base_for_the_next(begun: Shop) -> None:
    assert "Run: versioned-admin database upgrade" in refused(begun)


def test_a_file_that_is_no_revision_is_told(begun: Shop) -> None:
    begun.folder.joinpath("notes.py").write_text("to do\n")
    with pytest.raises(ConfigError, match=r"cannot be read \(SyntaxError: .*notes\.py"):
        begun.upgrade()


def test_what_a_revision_does_is_said_in_one_line_of_text(opened: Shop) -> None:
    opened.write('Say """this"""\nand \\ that.', empty=True)
    assert opened.upgrade() == ["shop: shop_0002, Say '''this''' and / that."]
    with pytest.raises(ConfigError, match="a few words"):
        opened.write(" ", empty=True)


def test_two_revisions_after_the_same_one_are_named(opened: Shop) -> None:
    opened.write("One", empty=True)
    (path,) = opened.folder.glob("shop_0002*.py")
    text = path.read_text(encoding="utf-8").replace("shop_0002", "shop_0002b")
    path.with_name("shop_0002b_other.py").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="shop_0002 and shop_0002b: have one follow the other"):
        opened.upgrade()


def test_an_array_can_be_written_on_either_engine(opened: Shop) -> None:
    words = postgresql.ARRAY(String(9)).with_variant(JSON(), "sqlite")
    later = shop(opened.db, opened.folder, words=mapped_column(words))
    later.write("Words for it")
    later.upgrade()
    assert later.unsound() == []


def test_a_folder_may_have_any_name(db: World, tmp_path: Path) -> None:
    made = shop(db, tmp_path / "100%s ours")
    made.write("The tables of the shop")
    assert made.upgrade() == ["shop: shop_0001, The tables of the shop."]


def test_a_type_of_the_projects_own_is_imported(opened: Shop) -> None:
    assert "import webapp.versioning.types" in next(opened.folder.glob("*.py")).read_text()
