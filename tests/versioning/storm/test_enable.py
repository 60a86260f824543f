"""Versioning stays on whatever became of other sessions."""

from __future__ import annotations

import gc

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import StaticPool

from tests.versioning.storm.thing import Base, Change, Thing, raw_rows
from webapp.versioning import enable_versioning


def test_a_factory_at_the_address_of_a_dead_one_keeps_versions() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.tables["thing"].create(engine)
    Base.metadata.tables["change"].create(engine)
    gc.collect()
    gc.freeze()  # what came before this test lives on, and is no rubbish
    for _ in range(30):
        factory = sessionmaker(engine)
        enable_versioning(factory, change_model=Change)
        with factory() as session:
            session.add(thing := Thing(name="old"))
            session.commit()
            thing.name = "new"
            session.commit()
            assert len(raw_rows(session.connection(), "id = :id", id=thing.id)) == 2
        del factory, session
        gc.collect()
    engine.dispose()
