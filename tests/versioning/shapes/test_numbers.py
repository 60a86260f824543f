"""Row 17: decimals, floats and large numbers."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, Double, Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Account(Versioned, Base):
    __tablename__ = "account"

    balance: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    rate: Mapped[float] = mapped_column(Double)
    share: Mapped[float] = mapped_column(Numeric(8, 4, asdecimal=False))
    count: Mapped[int] = mapped_column(BigInteger)
    ready: Mapped[bool | None]


install_guards(Base.metadata)


class TestNumbers(Walk):
    model = Account
    first = {
        "balance": Decimal("0.10"),
        "rate": 0.1 + 0.2,
        "share": 0.25,
        "count": 2**62,
        "ready": None,
    }
    second = {"balance": Decimal("-9999999999.99"), "rate": 1e-300, "count": -1, "ready": False}

    def test_a_decimal_of_another_scale_is_no_edit(self, db: World, session: Session) -> None:
        obj = self.added(session)
        assert obj.balance == Decimal("0.10")
        obj.balance = Decimal("0.1")
        session.commit()
        assert [row[0] for row in self.stored(db)] == [1]
