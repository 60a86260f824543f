"""The demo shop's records, and the diary by which its past is lived through."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import Any

from sqlalchemy.orm import Session, scoped_session

from webapp.versioning import change, current

from .models import Product, Status, Supplier

SEED = 1843
DAYS = 730

Edit = Callable[..., None]


class Shop:
    """The shop's records, and the diary of what is done to them on which day."""

    def __init__(self, session: Session | scoped_session[Session], now: datetime) -> None:
        self.session = session() if isinstance(session, scoped_session) else session
        self.random = random.Random(SEED)
        first = now.astimezone(UTC) - timedelta(days=DAYS)
        self.start = first.replace(hour=0, minute=0, second=0, microsecond=0)
        self.goods: dict[str, Any] = json.loads(
            files(__package__).joinpath("goods.json").read_text(encoding="utf-8")
        )
        self.firms: dict[str, int] = {}  # ids by the name at first, whatever they are called later
        self.records = 0
        self._diary: list[tuple[datetime, str, str | None, Callable[[], None]]] = []

    def on(self, day: float, actor: str, reason: str | None, edit: Edit, *details: Any) -> None:
        """Note down an edit for a day, at some minute of the opening hours."""
        if 0 <= day < DAYS:
            self.at(day, self.random.randrange(7 * 60, 18 * 60), actor, reason, edit, *details)

    def at(
        self, day: float, minute: int, actor: str, reason: str | None, edit: Edit, *details: Any
    ) -> None:
        """Note down an edit for a minute of a day."""
        at = self.start + timedelta(days=int(day), minutes=minute, seconds=minute % 59)
        self._diary.append((at, actor, reason, partial(edit, self, *details)))

    def live_through(self) -> None:
        """Do all that stands in the diary, each entry as one change at its own time."""
        for at, actor, reason, edit in sorted(self._diary, key=lambda entry: entry[0]):
            with change(self.session, actor=actor, reason=reason, origin="demo", at=at):
                edit()
                self.session.commit()

    def add(self, record: Any) -> None:
        self.session.add(record)
        self.records += 1

    def product(self, sku: str) -> Product:
        """The living product with that SKU."""
        return self.session.scalars(current(Product).where(Product.sku == sku)).one()

    def supplier(self, name: str) -> Supplier:
        """The living supplier that had that name at first."""
        return self.session.scalars(current(Supplier).where(Supplier.id == self.firms[name])).one()

    def on_shelf(self, firm: str | None = None) -> list[Product]:
        """Products that can be sold, of all suppliers or of one, in the order of their entry."""
        found = current(Product).where(Product.status == Status.ON_SALE).order_by(Product.id)
        if firm is not None:
            found = found.where(Product.supplier_id == self.firms[firm])
        return list(self.session.scalars(found))

    def date(self, day: float) -> datetime:
        return self.start + timedelta(days=int(day))
