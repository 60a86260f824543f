"""A writer that is killed leaves every change whole or absent, and the database usable at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

from sqlalchemy import Connection, text

from tests.versioning.storm import crowd
from tests.versioning.storm.thing import Row, Thing, check_table, make_tables, onlooker, wanted
from webapp.versioning import current

KILLS = wanted("STORM_KILLS", 50)
#: What one change of a victim writes: four edits, two new records, a tombstone.
WHOLE = Counter({"update": 4, "create": 2, "delete": 1})


def test_a_killed_writer_leaves_nothing_half_done(database_url: str) -> None:
    make_tables(database_url)
    crowd.seed_records(database_url, 10)
    command = [sys.executable, "-m", crowd.__name__, "victims", database_url]
    begun: set[str] = set()
    saved: set[str] = set()
    cut_short = 0
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdin and parent.stdout
        for seed in range(1, KILLS + 1):
            parent.stdin.write(f"{seed}\n")
            parent.stdin.flush()
            heard = [line.split() for line in json.loads(parent.stdout.readline())]
            assert heard, "the victim did nothing"
            begun |= {change for what, change in heard if what == "begun"}
            saved |= {change for what, change in heard if what == "saved"}
            with onlooker(database_url) as connection:
                found = whole_changes(connection, check_table(connection))
            assert saved <= found, "a commit that had returned is gone"
            assert found <= saved | begun
            cut_short += heard[-1][0] == "begun"
            saved = found
            use(database_url)
        parent.stdin.close()
    assert parent.returncode == 0
    print(f"{KILLS} killed, {cut_short} of them in mid-commit, {len(saved)} changes")


def whole_changes(connection: Connection, rows: list[Row]) -> set[str]:
    """The reasons of the victims' changes; each has all of its rows."""
    victims = text("SELECT id, reason FROM change WHERE reason LIKE '%-%'")
    reasons: dict[int, str] = dict(tuple(row) for row in connection.execute(victims))
    written = {change: Counter[str]() for change in reasons}
    for row in rows:
        if row["change_id"] in written:
            written[row["change_id"]][row["version_op"]] += 1
    for change, operations in written.items():
        assert operations == WHOLE, f"change {reasons[change]} is half done: {operations}"
    return set(reasons.values())


def use(url: str) -> None:
    """The next writer needs no repair and waits for no lock of the dead."""
    with crowd.one_session(url) as session:
        thing = session.scalars(current(Thing).limit(1)).one()
        thing.name = f"after {thing.version_id}"
        session.commit()
