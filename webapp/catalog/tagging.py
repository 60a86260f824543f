"""The demo's tags: put on goods by hand, renamed, put on newcomers, and one taken off again."""

from __future__ import annotations

from collections.abc import Iterable

from webapp.versioning import current

from .diary import Shop
from .models import Product, Tag

#: Each with what it means, and the beginnings of the SKUs that bear it from the first day on.
TAGS: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    ("Gift idea", "Wrapped at the till, free of charge", ("KYU", "SAM", "LAN", "WAX", "OLM")),
    ("For outdoors", None, ("LAN", "CAW", "TRO", "SEC", "BBR", "BAS")),
    ("Dishwasher-safe", "As the maker says, not as we think", ("GLB", "BEE", "TRO", "TAB", "BRE")),
    ("Induction hob", "The bottom holds a magnet", ("ENS", "CIP", "COC", "PAE")),
    ("Cold season", None, ("SLI", "SNO", "WAX")),
    ("Japanese kitchen", "Shown on the table by the window", ("SAN", "NAK", "WHE", "KYU")),
    ("Spare parts", "We order them one by one", ("SEC", "VIC", "SAM")),
)
#: Families that came into the range later, and the tags that they got in the end.
NEWCOMERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Gift idea", ("DEC", "BLA", "BEL")),
    ("For outdoors", ("SLE", "AXE", "DIB", "LAB")),
    ("Dishwasher-safe", ("WGL", "JSP")),
    ("Winter", ("BLA", "SLE", "TEA")),
)
CLEARANCE = "Clearance"


def tag_goods(shop: Shop) -> None:
    """Note all of it down in the diary."""
    shop.at(47, 8 * 60 + 20, "Alice", "Words that customers ask for", _enter_tags)
    shop.at(
        312, 16 * 60 + 10, "Alice", "Nobody says “cold season”", _rename, "Cold season", "Winter"
    )
    shop.at(340, 8 * 60 + 30, "Bob", "Down to the last ones by the end of the month", _clear)
    shop.at(371, 17 * 60 + 40, "Bob", "The clearance is over", _end_clearance)
    shop.at(662, 9 * 60 + 15, "Alice", "Tags for what came in since", _tag_newcomers)


def _enter_tags(shop: Shop) -> None:
    for name, meaning, skus in TAGS:
        tag = Tag(name=name, meaning=meaning)
        shop.add(tag)
        _put_on(shop, tag, skus)


def _rename(shop: Shop, old: str, new: str) -> None:
    _tag(shop, old).name = new


def _clear(shop: Shop) -> None:
    tag = Tag(name=CLEARANCE)
    shop.add(tag)
    _put_on(shop, tag, ("HOO", "FWX"))


def _end_clearance(shop: Shop) -> None:
    """Deleting the tag takes it off its goods, in the same change."""
    shop.session.delete(_tag(shop, CLEARANCE))


def _tag_newcomers(shop: Shop) -> None:
    for name, skus in NEWCOMERS:
        _put_on(shop, _tag(shop, name), skus)


def _put_on(shop: Shop, tag: Tag, skus: Iterable[str]) -> None:
    for product in shop.session.scalars(current(Product).order_by(Product.id)):
        if product.sku.startswith(tuple(skus)):
            product.tags.append(tag)


def _tag(shop: Shop, name: str) -> Tag:
    return shop.session.scalars(current(Tag).where(Tag.name == name)).one()
