"""Random work on two sessions keeps every promise, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from tests.versioning.storm.machine import KeyedStorm, Place, Storm
from tests.versioning.storm.thing import make_engine, make_tables, onlooker, wanted

EXAMPLES = wanted("STORM_EXAMPLES", 0)
SETTINGS = settings(
    max_examples=EXAMPLES or 40,
    stateful_step_count=wanted("STORM_STEPS", 40),
    derandomize=not EXAMPLES,  # the same examples each time, but for a longer run
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[p for p in Phase if p.name != "shrink" or not wanted("STORM_RAW", 0)],
)


@pytest.fixture
def place(database_url: str) -> Iterator[Place]:
    make_tables(database_url)
    if database_url.startswith("sqlite"):
        engines = {
            "serial": make_engine(database_url, "IMMEDIATE", busy=0),
            "snapshot": make_engine(database_url, "DEFERRED", busy=0),
        }
        for engine in engines.values():
            event.listen(engine, "connect", no_waiting_for_the_disk)
    else:
        url = database_url.replace("options=", "options=-clock_timeout%3D10ms%20")
        engines = {
            "serial": make_engine(url),
            "read committed": make_engine(url, isolation_level="READ COMMITTED"),
            "snapshot": make_engine(url, isolation_level="REPEATABLE READ"),
        }
    with onlooker(database_url) as connection:
        yield Place(engines, connection)
    for engine in engines.values():
        engine.dispose()


def no_waiting_for_the_disk(dbapi_connection: Any, record: Any) -> None:
    dbapi_connection.execute("PRAGMA synchronous = OFF").close()


@pytest.mark.parametrize("storm", [Storm, KeyedStorm])
def test_random_work_keeps_every_promise(place: Place, storm: type[Storm]) -> None:
    machine = type("StormHere", (storm,), {"place": place})
    run_state_machine_as_test(machine, settings=SETTINGS)
    print(dict(place.seen))
