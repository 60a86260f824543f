"""Fills the empty tables with a small shop and the two years in which people worked on it.

Everything is made up here and by a fixed seed: the same records with the same versions each time,
dated back from now. It uses the core as any program would: edit objects, say who and why, commit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from webapp.versioning import current, restore, utcnow

from .diary import DAYS, Shop
from .models import Product, Status, Supplier
from .tagging import tag_goods
from .trade import range_and_trade

LANTERN = "LAN-KES"

#: Single edits: day, SKU, actor, reason, new values.
SLIPS: tuple[tuple[float, str, str, str | None, dict[str, Any]], ...] = (
    (61, "ENS-16", "Alice", None, {"price": Decimal("279.00")}),
    (62, "ENS-16", "Bob", "Slipped decimal point: 27.90", {"price": Decimal("27.90")}),
    (133, "SAN-165", "Alice", "Steel mixed up", {"attributes": {"steel": "Aogami 1", "hrc": 63}}),
    (240, "SAM-3", "Alice", "Latin name for the till", {"name": "Самовар Samovar «Тула» 3 л"}),
    (241, "SAM-5", "Alice", "Latin name for the till", {"name": "Самовар Samovar «Тула» 5 л"}),
    (305, "OVG-L", "Bob", "Left and right were swapped on the shelf", {"stock": 9}),
    (305, "OVG-R", "Bob", "Left and right were swapped on the shelf", {"stock": 17}),
    (390, "HAM-450", "Alice", "Hickory since this lot", {"attributes": {"handle": "hickory"}}),
    (452, "BRI-2", "Alice", "Spelling", {"name": "Μπρίκι Briki coffee pot two cups"}),
    (520, "KEY-1", "Alice", None, {"description": "An offcut with a rivet. No choice of colour."}),
    (
        728,
        "LAN-KES",
        "Alice",
        "For the winter catalogue",
        {"attributes": {"fuel": "lamp oil", "hours": 22}},
    ),
    (655, "PLA-60", "Alice", "None before summer, says the maker", {"status": Status.LAST_ONES}),
)


def load(session: Session | scoped_session[Session], *, now: datetime | None = None) -> int:
    """Make the demo records, their past ending at `now` (aware); returns how many.

    Does nothing and returns 0 where a product or a supplier exists or once existed. Commits.
    """
    if session.scalar(select(Supplier.id).limit(1)) or session.scalar(select(Product.id).limit(1)):
        return 0
    shop = Shop(session, now or utcnow())
    for chapter in (
        opening,
        supply,
        trade,
        lantern,
        care_and_corrections,
        clean_up,
        farewells,
        range_and_trade,
        tag_goods,
    ):
        chapter(shop)
    shop.live_through()
    return shop.records


def opening(shop: Shop) -> None:
    """Suppliers first; most goods in the first weeks, the rest bit by bit."""
    shop.on(0, "Carol", "Suppliers taken over from the card index", _enter_suppliers)
    for number, family in enumerate(shop.goods["families"]):
        later = family.get("later", False)
        day = shop.random.randrange(60, 640) if later else 1 + number / 2
        reason = f"New in the range: {family['name'].lower()}" if later else "Opening range"
        shop.on(day, "Alice", reason, _enter_family, family)
        arrival = day + shop.random.randrange(8, 25)
        reason = f"First delivery from {family['firm']}"
        shop.on(arrival, "goods in", reason, _first_delivery, family, arrival)


def _enter_suppliers(shop: Shop) -> None:
    suppliers = [Supplier(**firm) for firm in shop.goods["firms"]]
    for supplier in suppliers:
        shop.add(supplier)
    shop.session.flush()
    shop.firms = {supplier.name: supplier.id for supplier in suppliers}


def _enter_family(shop: Shop, family: dict[str, Any]) -> None:
    for variant in family["variants"]:
        product = Product(
            name=f"{family['name']} {variant['label']}".strip(),
            sku=f"{family['sku']}-{variant['sku']}",
            description=family["text"],
            price=Decimal(variant["price"]),
            fragile=family["fragile"],
            attributes=family["attributes"],
            supplier_id=shop.firms[family["firm"]],
        )
        shop.add(product)


def _first_delivery(shop: Shop, family: dict[str, Any], day: float) -> None:
    for variant in family["variants"]:
        product = shop.product(f"{family['sku']}-{variant['sku']}")
        product.status = Status.ON_SALE
        product.stock = shop.random.randrange(12, 90, 2)
        product.on_sale_since = shop.date(day).date()


def supply(shop: Shop) -> None:
    """Price lists twice a year, and a delivery whenever a supplier's goods run low."""
    for firm in shop.goods["firms"]:
        for half_year in range(4):
            if shop.random.random() < 0.45:
                day = 90 + half_year * 170 + shop.random.randrange(60)
                when = shop.date(day)
                season = "spring" if when.month < 7 else "autumn"
                reason = f"Price list {season} {when.year}, {firm['name']}"
                rate = Decimal(shop.random.choice((102, 103, 104, 105, 107))) / 100
                shop.on(day, "price import", reason, _raise, firm["name"], rate)
        for visit in range(70, DAYS, 40):
            day = visit + shop.random.randrange(30)
            reason = f"Delivery from {firm['name']}"
            shop.on(day, "goods in", reason, _refill, firm["name"])


def _raise(shop: Shop, firm: str, rate: Decimal) -> None:
    for product in shop.on_shelf(firm):
        product.price = (product.price * rate).quantize(Decimal("0.1"))


def _refill(shop: Shop, firm: str) -> None:
    for product in shop.on_shelf(firm):
        if product.stock < 12:
            product.stock += shop.random.randrange(20, 60, 2)


def trade(shop: Shop) -> None:
    """What the till books each week, and what a count of the shelves finds each quarter."""
    for day in range(20, DAYS, 7):
        week = shop.date(day).isocalendar().week
        shop.on(day, "till", f"Sales of week {week}", _sell)
    for day in range(80, DAYS, 91):
        for aisle in range(4):
            what = f"Stock count, aisle {aisle + 1}"
            shop.on(day + aisle, "Bob", what, _count, aisle, day + aisle)


def _sell(shop: Shop) -> None:
    shelf = [one for one in shop.on_shelf() if one.stock > 0 and one.sku != LANTERN]
    for product in shop.random.sample(shelf, min(len(shelf), shop.random.randrange(4, 10))):
        product.stock -= shop.random.randrange(1, min(product.stock, 9) + 1)


def _count(shop: Shop, aisle: int, day: float) -> None:
    for product in shop.on_shelf()[aisle::4]:
        if shop.random.random() < 0.4:
            product.stock = max(0, product.stock + shop.random.choice((0, 0, 0, -1, -1, -2, 1)))
            product.counted_at = shop.date(day) + timedelta(hours=18, minutes=product.id % 60)


def lantern(shop: Shop) -> None:
    """The best seller, which someone touches every ten days or so."""
    usual = Decimal("42.00")
    for day in range(45, DAYS, 36):
        offer = usual - shop.random.choice((4, 5, 6))
        shop.on(day, "Alice", "Weekend offer", _set, LANTERN, {"price": offer})
        shop.on(day + 3, "Alice", "Offer is over", _set, LANTERN, {"price": usual})
        week = shop.date(day + 4).isocalendar().week
        shop.on(day + 4, "till", f"Sales of week {week}", _sell_lanterns)
        usual += shop.random.choice((0, 0, 0, 0, 1))


def _sell_lanterns(shop: Shop) -> None:
    product = shop.product(LANTERN)
    product.stock = max(0, product.stock - shop.random.randrange(5, 15)) or 48


def _set(shop: Shop, sku: str, values: dict[str, Any]) -> None:
    product = shop.product(sku)
    for name, value in values.items():
        setattr(product, name, value)


def care_and_corrections(shop: Shop) -> None:
    """What Alice writes and what she and Bob put right."""
    for number, material in enumerate(shop.goods["care"]):
        what = f"Care instructions for {material}"
        shop.on(100 + 37 * number, "Alice", what, _add_care, material)
    for day, sku, actor, reason, values in SLIPS:
        shop.on(day, actor, reason, _set, sku, values)


def _add_care(shop: Shop, material: str) -> None:
    for product in shop.session.scalars(current(Product).order_by(Product.id)):
        if product.attributes.get("material") == material:
            product.description += f"\n\n{shop.goods['care'][material]}"


def clean_up(shop: Shop) -> None:
    """Twice, a script tidies the attributes, and leaves its name behind."""
    shop.on(365, "clean-up", "dishwasher becomes dishwasher_safe everywhere", _rename_dishwasher)
    shop.on(600, "clean-up", "Hardness as text with its scale", _write_hardness_out)
    shop.on(640, "Carol", "Preferred: more than four families and no late delivery", _prefer)


def _rename_dishwasher(shop: Shop) -> None:
    for product in shop.session.scalars(current(Product).order_by(Product.id)):
        if "dishwasher" in product.attributes:
            kept = {name: it for name, it in product.attributes.items() if name != "dishwasher"}
            safe = product.attributes["dishwasher"]
            product.attributes = {**kept, "dishwasher_safe": safe}


def _write_hardness_out(shop: Shop) -> None:
    for product in shop.session.scalars(current(Product).order_by(Product.id)):
        hardness = product.attributes.get("hrc")
        if hardness is not None:
            product.attributes = {**product.attributes, "hrc": f"{hardness} ± 1 HRC"}


def _prefer(shop: Shop) -> None:
    for name in ("Manufaktur Holzapfel", "Polder Garden Supply", "Werkzeugbau Kettler & Co"):
        supplier = shop.supplier(name)
        supplier.preferred = True
        supplier.lead_days -= 1


def farewells(shop: Shop) -> None:
    """Renamed and closed firms, products that go, and some that come back."""
    shop.on(330, "Carol", "New name in the commercial register", _rename_firm)
    shop.on(480, "Carol", "Ó Briain retires; Polder takes the baskets over", _hand_over)
    for day, sku, reason in (
        (410, "TRI-OV", "Not sold once in a year"),
        (431, "BOT-CA", "The maker has stopped it"),
        (455, "POD-NI", None),
        (540, "CHA-3", "No more goods by the metre"),
        (541, "CHA-5", "No more goods by the metre"),
        (610, "WAX-24", "Twice in the list"),
        (668, "TAB-SE", "Returned too often"),
    ):
        shop.on(day, "Alice", reason, _delete, sku)
    for day, sku, reason in (
        (456, "POD-NI", "Deleted by mistake, sorry"),
        (611, "WAX-24", "Not twice after all: this is the pair of 24 cm"),
    ):
        shop.on(day, "Bob", reason, _bring_back, sku)
    shop.on(690, "Alice", "The reserve went with the last lot", _discontinue)


def _rename_firm(shop: Shop) -> None:
    supplier = shop.supplier("Werkzeugbau Kettler & Co")
    supplier.name = "Kettler Werkzeuge GmbH"
    supplier.contact = "verkauf@kettler.example"


def _hand_over(shop: Shop) -> None:
    """One change over two models: the products move, then their old supplier goes."""
    for product in shop.on_shelf("Ó Briain Baskets"):
        product.supplier_id = shop.firms["Polder Garden Supply"]
    shop.session.delete(shop.supplier("Ó Briain Baskets"))


def _delete(shop: Shop, sku: str) -> None:
    shop.session.delete(shop.product(sku))


def _bring_back(shop: Shop, sku: str) -> None:
    """Restore the version before the tombstone."""
    newest = Product.is_current_version, Product.version_op == "delete"
    gone = shop.session.scalars(select(Product).where(Product.sku == sku, *newest)).one()
    restore(shop.session, Product, gone.id, gone.version_id - 1)


def _discontinue(shop: Shop) -> None:
    for sku in ("SLE-90", "PAE-50"):
        product = shop.product(sku)
        product.status = Status.DISCONTINUED
        product.stock = 0
