"""Row 17: a record that refers to its own kind, and two kinds that refer to each other."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, foreign, relationship, remote

from tests.versioning.shapes.walk import Shape, Walk
from tests.versioning.world import World
from webapp.versioning import ChangeRecord, Versioned, install_guards


class Base(DeclarativeBase):
    pass


class Change(ChangeRecord, Base):
    __tablename__ = "change"


class Node(Versioned, Base):
    __tablename__ = "node"

    name: Mapped[str]
    parent_id: Mapped[int | None]


class Team(Versioned, Base):
    __tablename__ = "team"

    name: Mapped[str]
    lead_id: Mapped[int | None]


class Player(Versioned, Base):
    __tablename__ = "player"

    name: Mapped[str]
    team_id: Mapped[int | None]


def current_one(there: Any, column: Any) -> Any:
    """A reference to a record, whichever of its versions is current."""
    return relationship(
        there,
        primaryjoin=lambda: and_(
            foreign(column()) == remote(there.id), remote(there.is_current_version)
        ),
        viewonly=True,
        uselist=False,
    )


Node.parent = current_one(Node, lambda: Node.parent_id)  # type: ignore[attr-defined]
Team.lead = current_one(Player, lambda: Team.lead_id)  # type: ignore[attr-defined]
Player.team = current_one(Team, lambda: Player.team_id)  # type: ignore[attr-defined]

install_guards(Base.metadata)


class TestTree(Walk):
    model = Node
    first = {"name": "one", "parent_id": None}
    second = {"name": "two", "parent_id": 1}

    def test_a_tree_of_current_versions(self, session: Session) -> None:
        root, leaf = Node(name="root"), Node(name="leaf")
        session.add(root)
        session.flush()
        leaf.parent_id = root.id
        session.add(leaf)
        session.commit()
        root.name = "changed"
        leaf.name = "moved"
        session.commit()
        assert leaf.parent.name == "changed"  # type: ignore[attr-defined]
        assert leaf.parent.version_id == 2  # type: ignore[attr-defined]


class TestCycle(Shape):
    model = Team
    first = {"name": "one", "lead_id": None}
    second = {"name": "two", "lead_id": 1}

    def test_both_ends_edited_in_one_flush(self, db: World, session: Session) -> None:
        team, player = Team(name="team"), Player(name="player")
        session.add_all([team, player])
        session.flush()
        team.lead_id, player.team_id = player.id, team.id
        session.commit()
        assert team.lead.team is team  # type: ignore[attr-defined]
        team.name, player.name = "new team", "new player"
        session.commit()
        assert db.rows(Team, "name", "lead_id") == [
            (1, 1, False, "team", 1),
            (1, 2, True, "new team", 1),
        ]
        assert db.rows(Player, "name", "team_id") == [
            (1, 1, False, "player", 1),
            (1, 2, True, "new player", 1),
        ]
        assert team.lead.team is team  # type: ignore[attr-defined]
