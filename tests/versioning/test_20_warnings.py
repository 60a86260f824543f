"""Row 20: no warning from SQLAlchemy under ``-W error``; every other test runs so as well."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

SCRIPT = """
from sqlalchemy import Column, String, create_engine, select, update, delete, insert
from sqlalchemy.orm import DeclarativeBase, configure_mappers, declarative_base, sessionmaker
from webapp.versioning import *

for Base in (declarative_base(), type("Base", (DeclarativeBase,), {})):
    class Note(Versioned, Base):
        __tablename__ = "note"
        __table_args__ = (current_unique("title"), current_index("title"), as_of_index("title"))
        title = Column(String)

    configure_mappers()
    configure_mappers()
    engine = create_engine("sqlite://")
    prepare_sqlite(engine)
    install_guards(Base.metadata)
    Base.metadata.create_all(engine)
    factory = sessionmaker(engine)
    enable_versioning(factory)
    with factory() as session:
        note = Note(title="a")
        session.add(note)
        session.commit()
        note.title = "b"
        session.commit()
        session.execute(update(Note).values(title="c"))
        session.execute(insert(Note), [{"title": "d"}])
        session.commit()
        session.delete(note)
        session.commit()
        restore(session, Note, 1, 1)
        session.commit()
        session.execute(delete(Note))
        session.commit()
        note.calc_is_current_version
        timeline(session, Note, 1)
        session.scalars(as_of(Note, utcnow())).all()
        assert session.scalars(current(Note)).all() == []
    engine.dispose()
print("quiet")
"""


def test_a_whole_life_makes_no_warning() -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("quiet\n", "")


def test_warnings_are_errors_here() -> None:
    with pytest.raises(UserWarning):
        warnings.warn("loud", UserWarning, stacklevel=1)
