"""Writers in processes of their own, forked from a warm parent: ``python -m ... KIND URL ...``.

Not a test. Nothing is shared with the parent: every child makes its engine after the fork.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from tests.versioning.storm.thing import Change, Thing, make_engine
from webapp.versioning import VersionConflict, change, current, enable_versioning

ISOLATION = ("READ COMMITTED", "REPEATABLE READ")


def sessions(url: str, number: int = 0, **options: Any) -> sessionmaker[Session]:
    """On PostgreSQL every other writer works under the stricter isolation."""
    if not url.startswith("sqlite"):
        options["isolation_level"] = ISOLATION[number % 2]
    factory = sessionmaker(make_engine(url, **options), expire_on_commit=False)
    enable_versioning(factory, change_model=Change)
    return factory


@contextmanager
def one_session(url: str) -> Iterator[Session]:
    """A session whose connection is closed with it."""
    factory = sessions(url, poolclass=NullPool)
    with factory() as session:
        yield session


def writer(url: str, number: int, edits: int, records: int, report: Path) -> None:
    """Add a token of its own to a record, again and again; report the tokens that were saved."""
    choose = random.Random(number)
    factory = sessions(url, number)
    saved: dict[str, int] = {}
    met: Counter[str] = Counter()
    for n in range(edits):
        id, token = choose.randint(1, records), f"{number}-{n}"
        while token not in saved:
            try:
                with factory() as session:
                    add_token(session, id, token, as_form=choose.random() < 0.5)
                saved[token] = id
            except (VersionConflict, OperationalError) as error:
                met[type(error).__name__] += 1
    report.write_text(json.dumps({"saved": saved, "met": met}))


def add_token(session: Session, id: int, token: str, *, as_form: bool) -> None:
    """Read, append, save; as a form does it, with the transaction ended in between, or at once."""
    thing = session.scalars(current(Thing).where(Thing.id == id)).one()
    if as_form:
        session.commit()
        time.sleep(0.001)  # somebody else's turn
    thing.data = [*thing.data, token]
    thing.qty = Thing.qty + 1
    session.commit()


def victim(url: str, seed: int, pipe: int) -> None:
    """Changes of many rows without an end; tells what it is about to commit, and what it has."""

    def tell(what: str) -> None:
        os.write(pipe, f"{what}\n".encode())

    factory, choose = sessions(url, seed), random.Random(seed)
    for n in count(1):
        with factory() as session, change(session, reason=f"{seed}-{n}"):
            things = list(session.scalars(current(Thing).order_by(Thing.id)))
            edited = choose.sample(things[:-2], 4)
            for thing in edited:
                thing.data = [*thing.data, f"{seed}-{n}"]
            session.flush()
            session.add_all(Thing(name="new", data=[f"{seed}-{n}"]) for _ in range(2))
            session.delete(things[-1])
            with session.begin_nested():
                edited[0].name = f"{seed}-{n}"
            tell(f"begun {seed}-{n}")
            session.commit()
            tell(f"saved {seed}-{n}")


def fork(work: Callable[..., None], *arguments: Any) -> int:
    """Run the work in a child; its process id."""
    child = os.fork()
    if child:
        return child
    try:
        work(*arguments)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def run_writers(url: str, writers: str, edits: str, records: str, reports: str) -> None:
    """So many writers at once; each leaves a report in the folder."""
    children = [
        fork(writer, url, n, int(edits), int(records), Path(reports, f"{n}.json"))
        for n in range(int(writers))
    ]
    sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))


def run_victims(url: str) -> None:
    """For each seed that comes in: a victim, killed while it is at work.

    Every other one dies at any moment, the rest within the blink in which they commit.
    """
    for line in sys.stdin:
        seed = int(line)
        reading, writing = os.pipe()
        child = fork(victim, url, seed, writing)
        os.close(writing)
        heard = os.read(reading, 1000)
        choose = random.Random(seed)
        if seed % 2:
            time.sleep(choose.uniform(0, 0.04))
        else:
            while b"begun %d-3\n" % seed not in heard and (more := os.read(reading, 1000)):
                heard += more
            for _ in range(choose.randrange(2000)):
                pass
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while more := os.read(reading, 1000):
            heard += more
        os.close(reading)
        print(json.dumps(heard.decode().splitlines()), flush=True)


def seed_records(url: str, records: int) -> None:
    with one_session(url) as session:
        session.add_all(Thing(name="first", data=[]) for _ in range(records))
        session.commit()
        assert session.scalar(select(func.min(Thing.id))) == 1


if __name__ == "__main__":
    globals()[f"run_{sys.argv[1]}"](*sys.argv[2:])
