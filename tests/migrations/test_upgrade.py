"""A database with rows is brought to other models: its history stays, and its guards stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, Integer, Numeric, String, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import mapped_column

from tests.migrations.shops import MAKER, Shop, clear, shop
from tests.migrations.told import told
from webapp.migrations import UpgradeFailed
from webapp.versioning import Versioned, current_index


def weighed(opened: Shop) -> Shop:
    """The shop whose products have a weight, with the revision for it."""
    later = shop(opened.db, opened.folder, weight=mapped_column(Numeric(8, 3)))
    later.write("Weigh the products.")
    return later


def referring(opened: Shop) -> Shop:
    """The shop whose products refer to their maker, for which SQLite makes the table anew."""
    later = shop(opened.db, opened.folder, **MAKER)
    assert "batch_alter_table" in later.write("Tell the maker")
    return later


def refuses(opened: Shop, statement: str) -> bool:
    with pytest.raises(DBAPIError, match="append-only"):
        opened.db.sql(statement)
    return True


def test_the_shop_is_sound_to_begin_with(opened: Shop) -> None:
    assert opened.unsound() == []


def test_a_new_column_leaves_history_digests_and_guards_as_they_were(opened: Shop) -> None:
    later = weighed(opened)
    assert later.upgrade() == ["shop: shop_0002, Weigh the products."]
    assert later.unsound() == []


def test_the_guards_cover_a_new_column(opened: Shop) -> None:
    later = weighed(opened)
    later.upgrade()
    assert refuses(later, "UPDATE product SET weight = 2 WHERE version_id = 1")


def test_a_new_reference_leaves_history_digests_and_guards_as_they_were(opened: Shop) -> None:
    before = opened.db.sql("SELECT * FROM product ORDER BY id, version_id")
    later = referring(opened)
    later.upgrade()
    assert later.unsound() == []
    after = later.db.sql("SELECT * FROM product ORDER BY id, version_id")
    assert [row[: len(before[0])] for row in after] == before


def test_the_guards_of_a_table_made_anew_and_of_those_around_it_refuse(opened: Shop) -> None:
    later = referring(opened)
    later.upgrade()
    for table in ("product", "product_digest", "product_tags", "book", "line"):
        assert refuses(later, f"DELETE FROM {table}")


def test_a_new_reference_can_be_used_and_is_kept_up(opened: Shop) -> None:
    later = referring(opened)
    later.upgrade()
    with later.session() as session:
        maker = session.query(later.models.Maker).one()
        lamp = session.query(later.models.Product).filter_by(name="Lamp", version_id=2).one()
        lamp.maker = maker
        session.commit()
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        later.db.sql("UPDATE maker_record SET living = NULL")
    assert later.unsound() == []


def test_a_table_made_anew_keeps_its_checks(opened: Shop) -> None:
    later = referring(opened)
    later.upgrade()
    with pytest.raises(DBAPIError, match="ck_product_price"):
        later.db.sql(
            "INSERT INTO product (id, version_id, name, price, views, is_current_version,"
            " version_from, version_op) SELECT id, 9, name, -1, 0, false, version_from, 'update'"
            " FROM product WHERE version_id = 2"
        )


def test_what_comes_of_revisions_is_what_new_tables_are(opened: Shop, tmp_path: Path) -> None:
    """But for the place of columns: a later one stands at the end."""
    more = {
        "weight": lambda models: mapped_column(Numeric(8, 3)),
        "colour": lambda models: mapped_column(String(40)),
        "__table_args__": lambda models: (
            current_index("name"),
            current_index("weight"),
            CheckConstraint("price >= 0", name="price"),
        ),
        **MAKER,
    }
    later = shop(opened.db, opened.folder, **more)
    later.write("Weigh them, more colours, tell the maker")
    later.upgrade()
    altered = told(later.db)
    clear(later.db)
    later.make()
    assert altered == told(later.db)


def test_an_index_alone_takes_no_guard_off(opened: Shop) -> None:
    args = (current_index("name"), current_index("price"))
    later = shop(
        opened.db,
        opened.folder,
        __table_args__=(*args, CheckConstraint("price >= 0", name="price")),
    )
    written = later.write("List them by price")
    assert "guards" not in written
    later.upgrade()
    assert later.unsound() == []


def test_a_new_model_comes_with_its_guards(opened: Shop) -> None:
    class Shelf(Versioned, opened.models.Base):  # type: ignore[misc,name-defined]
        __tablename__ = "shelf"
        place = mapped_column(Integer)

    opened.complete()
    opened.write("Say where things stand")
    opened.upgrade()
    assert opened.unsound() == []


def test_upgrading_again_does_nothing(opened: Shop) -> None:
    later = weighed(opened)
    later.upgrade()
    assert later.upgrade() == []


def test_a_table_that_no_revision_has_is_not_made_past_them(opened: Shop) -> None:
    opened.db.sql("DROP TABLE line_digest")
    assert opened.upgrade() == []
    assert opened.differences() == ["the table line_digest is missing"]


def test_without_revisions_missing_tables_are_made(unrevised: Shop) -> None:
    unrevised.db.sql("DROP TABLE line_digest")
    assert unrevised.upgrade() == ["Made the table line_digest."]
    assert unrevised.differences() == []


def test_several_revisions_are_run_one_after_the_other(begun: Shop) -> None:
    later = shop(begun.db, begun.folder, weight=mapped_column(Numeric(8, 3)))
    begun.make()
    later.write("Weigh the products")
    clear(begun.db)
    assert len(later.upgrade()) == 2
    later.fill()
    assert later.unsound() == []


BROKEN = "    op.execute('UPDATE nothing SET everything = 1')\n"


def fill(opened: Shop, *statements: str) -> None:
    """Put these into a revision."""
    opened.write("By hand", empty=True)
    (path,) = opened.folder.glob("shop_0002*.py")
    text = path.read_text(encoding="utf-8")
    assert text.endswith("    pass\n")
    path.write_text(text.replace("    pass\n", "".join(f"    {each}\n" for each in statements)))


@pytest.mark.parametrize("after", ["weighed", "referring"])
def test_a_broken_revision_leaves_everything_as_it_was(opened: Shop, after: str) -> None:
    later = weighed(opened) if after == "weighed" else referring(opened)
    (path,) = opened.folder.glob("shop_0002*.py")
    path.write_text(path.read_text() + BROKEN)
    before = told(opened.db)
    with pytest.raises(UpgradeFailed, match=r"shop_0002 of shop .*nothing.* as it was before"):
        later.upgrade()
    assert told(opened.db) == before
    path.unlink()
    assert opened.unsound() == []


def test_a_revision_may_not_rewrite_history_with_the_guards_on(opened: Shop) -> None:
    fill(opened, "op.execute('UPDATE product SET price = 1')")
    with pytest.raises(UpgradeFailed, match="append-only"):
        opened.upgrade()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_row_that_refers_to_nothing_fails_the_upgrade(opened: Shop) -> None:
    spoil = "op.execute('UPDATE line SET product_id = 99')"
    fill(opened, "op.drop_guards('line')", spoil, "op.create_guards('line')")
    with pytest.raises(UpgradeFailed, match="would refer to none of product"):
        opened.upgrade()
    assert opened.db.sql("SELECT count(*) FROM line WHERE product_id = 99") == [(0,)]


def test_foreign_keys_hold_again_after_an_upgrade(opened: Shop) -> None:
    later = referring(opened)
    later.upgrade()
    if later.db.is_sqlite:
        with later.db.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
