"""What somebody who owns the database may do to a history, guards off, and what should be said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from tests.versioning.digests.models import Change, Tag, Thing
from tests.versioning.world import World
from webapp.versioning import Fault, ModelCheck, change, check_model, enable_versioning
from webapp.versioning.digest_rows import (
    DIGEST,
    before_of,
    links_from,
    links_of_rows,
    reader_of,
)

NAMES = ("Alice", "Bob", "Carol", "Dave")


@dataclass
class Target:
    """A record of three to six versions, and a place in its middle."""

    connection: Connection
    random: Random
    id: int
    versions: int
    middle: int

    @property
    def is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def sql(self, statement: str, **more: Any) -> None:
        given = {"id": self.id, "version": self.middle, "last": self.versions, **more}
        used = {name: value for name, value in given.items() if f":{name}" in statement}
        assert self.connection.execute(text(statement), used).rowcount

    def change_of(self, version: int) -> int:
        query = "SELECT change_id FROM thing WHERE id = :id AND version_id = :version"
        given = {"id": self.id, "version": version}
        return int(self.connection.scalar(text(query), given) or 0)

    def rehash(self, version: int) -> None:
        """Make a version's digest anew, as the recipe says."""
        table = Thing.__table__
        before = table.info[DIGEST].alias()
        reader = reader_of(table, self.connection.dialect)
        source = reader.source.outerjoin(before, before_of(table, before))
        query = reader.query(source, before.c.digest)
        query = query.where(table.c.id == self.id, table.c.version_id == version)
        rows = self.connection.execute(query).fetchall()
        links = links_of_rows(self.connection, links_from(table), rows)
        ((_, due),) = reader.digests(rows, links)
        self.sql(
            "UPDATE thing_digest SET digest = :digest, marks = :marks"
            " WHERE id = :id AND version_id = :version",
            version=version,
            digest=due.digest,
            marks=due.content_mark + due.change_mark,
        )


def alter_data(it: Target, version: int | None = None) -> None:
    column, value = it.random.choice(
        [("name", "'forged'"), ("note", "'x'"), ("number", "4711"), ("price", "0.01")]
    )
    it.sql(
        f"UPDATE thing SET {column} = {value} WHERE id = :id AND version_id = :version",
        version=version or it.random.randint(1, it.versions),
    )


def alter_actor(it: Target) -> None:
    _alter_change(it, "actor = 'Eve'")


def alter_reason(it: Target) -> None:
    _alter_change(it, it.random.choice(["reason = 'as agreed'", "reason = NULL"]))


def alter_time(it: Target) -> None:
    """With care: the change, its version, and the end of the version before agree."""
    later = "+ 1000" if it.is_sqlite else "+ interval '1 millisecond'"
    _alter_change(it, f"at = at {later}")
    it.sql(
        f"UPDATE thing SET version_from = version_from {later}"
        " WHERE id = :id AND version_id = :version"
    )
    it.sql(
        f"UPDATE thing SET version_to = version_to {later}"
        " WHERE id = :id AND version_id = :version - 1"
    )


def _alter_change(it: Target, what: str) -> None:
    it.sql(f"UPDATE change SET {what} WHERE id = :change", change=it.change_of(it.middle))


def move_flag(it: Target) -> None:
    it.sql(
        "UPDATE thing SET is_current_version = NOT is_current_version"
        " WHERE id = :id AND version_id = :version",
        version=it.random.randint(1, it.versions),
    )


def delete_middle(it: Target) -> None:
    it.sql("DELETE FROM thing WHERE id = :id AND version_id = :version")
    it.sql("DELETE FROM thing_digest WHERE id = :id AND version_id = :version")
    it.sql(
        "UPDATE thing SET version_to = (SELECT n.version_from FROM thing n WHERE n.id = :id"
        " AND n.version_id = :version + 1) WHERE id = :id AND version_id = :version - 1"
    )


def delete_tail(it: Target) -> None:
    it.sql("DELETE FROM thing WHERE id = :id AND version_id = :last")
    it.sql(
        "UPDATE thing SET version_to = NULL, is_current_version = :on"
        " WHERE id = :id AND version_id = :last - 1",
        on=True,
    )


def delete_tail_and_digest(it: Target) -> None:
    delete_tail(it)
    it.sql("DELETE FROM thing_digest WHERE id = :id AND version_id = :last")


def delete_record(it: Target) -> None:
    it.sql("DELETE FROM thing WHERE id = :id")


def delete_record_and_digests(it: Target) -> None:
    delete_record(it)
    it.sql("DELETE FROM thing_digest WHERE id = :id")


def insert_version(it: Target, operation: str = "update") -> None:
    """With care: of the last change, so that all but the digest agrees."""
    names = [c.name for c in Thing.__table__.c if c.computed is None and c.name != "version_to"]
    own = {
        "version_id": ":last + 1",
        "change_id": ":change",
        "version_from": "(SELECT at FROM change WHERE id = :change)",
        "version_op": f"'{operation}'",
        "name": "'forged'",
    }
    it.sql("UPDATE thing SET is_current_version = :off WHERE id = :id", off=False)
    change = it.connection.scalar(text("SELECT max(id) FROM change"))
    it.sql(
        "UPDATE thing SET version_to = (SELECT at FROM change WHERE id = :change)"
        " WHERE id = :id AND version_id = :last",
        change=change,
    )
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join({**own, "is_current_version": ":on"}.get(n, f'"{n}"') for n in names)
    it.sql(
        f"INSERT INTO thing ({columns}) SELECT {values} FROM thing"
        " WHERE id = :id AND version_id = :last",
        on=True,
        change=change,
    )


def insert_tombstones(it: Target) -> None:
    """A deletion after a deletion, which is no impossible order."""
    it.sql("UPDATE thing SET version_op = 'delete' WHERE id = :id AND version_id = :last")
    it.rehash(it.versions)
    insert_version(it, "delete")


def swap(it: Target) -> None:
    """What two versions say changes places; who, when and the numbers stay."""
    names = [c.name for c in Thing.__table__.c if c.name in ("name", "note", "number", "price")]
    both = f"SELECT {', '.join(names)} FROM thing WHERE id = :id AND version_id = :number"
    found = [
        it.connection.execute(text(both), {"id": it.id, "number": number}).one()
        for number in (it.middle, it.versions)
    ]
    sets = ", ".join(f"{name} = :{name}_" for name in names)
    for number, row in zip((it.versions, it.middle), found, strict=True):
        values = {f"{name}_": value for name, value in zip(names, row, strict=True)}
        it.sql(
            f"UPDATE thing SET {sets} WHERE id = :id AND version_id = :number",
            number=number,
            **values,
        )


def rehash_middle(it: Target) -> None:
    alter_data(it, it.middle)
    it.rehash(it.middle)


def rehash_all(it: Target) -> None:
    alter_data(it, it.middle)
    for version in range(it.middle, it.versions + 1):
        it.rehash(version)


@dataclass(frozen=True)
class Kind:
    """One kind of tampering, in the words of the README, and what the check must say of it: None
    where it cannot know."""

    told: str
    do: Callable[[Target], None]
    fault: Fault | None


KINDS = (
    Kind("alters what a version says", alter_data, Fault.ALTERED),
    Kind("alters who made a change", alter_actor, Fault.CHANGE_ALTERED),
    Kind("alters when it was made, everywhere alike", alter_time, Fault.CHANGE_ALTERED),
    Kind("alters why it was made", alter_reason, Fault.CHANGE_ALTERED),
    Kind("sets or takes away a flag", move_flag, Fault.FLAG),
    Kind("deletes a version in the middle, and its digest", delete_middle, Fault.GAP),
    Kind("deletes the newest version", delete_tail, Fault.VERSION_MISSING),
    Kind("deletes the newest version and its digest", delete_tail_and_digest, None),
    Kind("deletes a whole record", delete_record, Fault.VERSION_MISSING),
    Kind("deletes a whole record and its digests", delete_record_and_digests, None),
    Kind("inserts a forged version", insert_version, Fault.DIGEST_MISSING),
    Kind("inserts a deletion after a deletion", insert_tombstones, Fault.DIGEST_MISSING),
    Kind("swaps what two versions say", swap, Fault.ALTERED),
    Kind("alters a version and makes its digest anew", rehash_middle, Fault.CHAIN),
    Kind("alters a version and makes all digests from there on anew", rehash_all, None),
)


def fill(world: World) -> None:
    """Twenty-four records of three to six versions, by several people."""
    random = Random(6)
    session = world.session(Change, expire_on_commit=False)
    tags = [Tag(name=name) for name in "abc"]
    things = [Thing(name=f"thing {n}", number=n, note="first") for n in range(24)]
    session.add_all([*tags, *things])
    session.commit()
    for number in range(2, 7):
        for place, thing in enumerate(things):
            if number > 3 and place % 4 < number - 3:
                continue
            with change(session, actor=random.choice(NAMES), reason=f"edit {place}.{number}"):
                thing.name, thing.note = f"thing {place}.{number}", random.choice(["", None, "é"])
                thing.number, thing.price = place * 100 + number, number
                thing.tags = random.sample(tags, 2)
                session.commit()
    session.close()


@contextmanager
def tampered(world: World, kind: Kind, seed: int) -> Iterator[tuple[Target, ModelCheck]]:
    """A history that somebody tampered with, and what the check says; all of it is rolled back."""
    random = Random(seed)
    with world.engine.connect() as connection:
        try:
            _take_guards_off(connection)
            id = random.randint(1, 24)
            query = text("SELECT count(*) FROM thing WHERE id = :id")
            versions = int(connection.scalar(query, {"id": id}) or 0)
            it = Target(connection, random, id, versions, random.randint(2, versions - 1))
            kind.do(it)
            with Session(connection, join_transaction_mode="rollback_only") as session:
                enable_versioning(session, change_model=Change)
                yield it, check_model(session, Thing)
        finally:
            connection.rollback()


def _take_guards_off(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("DROP INDEX uq_thing_one_current"))
        return
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    for name in connection.scalars(text(query)).all():
        connection.execute(text(f'DROP TRIGGER "{name}"'))
    connection.execute(text("DROP INDEX uq_thing_one_current"))
