"""Row 17: tables in a schema of their own, on PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.versioning.shapes.walk import Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, current_unique, install_guards

#: Other processes may test on the same server.
FAR = f"far away {uuid.uuid4().hex}"


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Asset(Versioned, Base):
    __tablename__ = "asset"
    __table_args__ = (current_unique("code"), {"schema": FAR})
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "asset"}

    code: Mapped[str | None]
    name: Mapped[str | None]
    kind: Mapped[str]


class Machine(Asset):
    __tablename__ = "machine"
    __table_args__ = {"schema": FAR}
    __mapper_args__ = {"polymorphic_identity": "machine"}

    power: Mapped[int]
    hours: Mapped[int] = mapped_column(default=0)
    __unversioned__ = ("hours",)


install_guards(Base.metadata)


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    """SQLite's schemas are attached files."""
    return postgresql_url


class InSchema(Walk):
    @pytest.fixture
    def session(self, db: World) -> Iterator[Session]:
        db.sql(f'CREATE SCHEMA "{FAR}"')
        self.model.metadata.create_all(db.engine)
        yield self.open(db)
        for each in db.sessions:
            each.close()
        db.sql(f'DROP SCHEMA "{FAR}" CASCADE')


class TestInASchema(InSchema):
    model = Asset
    first = {"name": "one"}
    second = {"name": None}


class TestJoinedInASchema(InSchema):
    model = Machine
    first = {"power": 1}
    second = {"power": 2}

    def test_its_parts_are_guarded(self, db: World, session: Session) -> None:
        self.added(session)
        db.sql(f'UPDATE "{FAR}".machine SET hours = 5')
        with pytest.raises(IntegrityError, match="append-only"):
            db.sql(f'UPDATE "{FAR}".machine SET power = 5')
