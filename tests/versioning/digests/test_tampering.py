"""Ten kinds of tampering and more, twenty tries of each: the check finds and names what it can."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql
from tests.versioning.digests.models import Base, Change, Thing
from tests.versioning.digests.tampering import KINDS, Kind, fill, tampered
from tests.versioning.world import World, world
from webapp.integrity.words import MEANINGS
from webapp.versioning import check_model

TRIES = 20
README = Path(__file__).parents[3] / "README.md"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One history for all tries, each of which is rolled back."""
    if request.param == "sqlite":
        yield from _filled(f"sqlite:///{tmp_path_factory.mktemp('tampering') / 'test.sqlite'}")
        return
    server = request.getfixturevalue("postgresql_server")
    with postgresql.schema(server, "tampering") as url:
        yield from _filled(url.render_as_string(hide_password=False))


def _filled(url: str) -> Iterator[World]:
    with world(url) as made:
        Base.metadata.create_all(made.engine)
        fill(made)
        yield made


pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite")


def test_the_history_itself_is_sound(filled: World) -> None:
    session = filled.session(Change)
    check = check_model(session, Thing)
    session.close()
    assert (check.records, check.faults, check.undigested) == (24, 0, 0)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.fault], ids=lambda k: k.told)
def test_it_is_found_and_named_each_time(filled: World, kind: Kind) -> None:
    for seed in range(TRIES):
        with tampered(filled, kind, seed) as (it, check):
            named = {(each.fault, each.id) for each in check.findings}
            assert (kind.fault, it.id) in named, (seed, named)
            assert {id for _, id in named} == {it.id}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.fault], ids=lambda k: k.told)
def test_what_only_a_word_from_outside_can_tell(filled: World, kind: Kind) -> None:
    for seed in range(TRIES):
        with tampered(filled, kind, seed) as (_, check):
            assert check.findings == ()


def test_the_readme_says_so() -> None:
    table = re.search(
        r"<!-- tampering: begin -->\n(.*?)<!-- tampering: end -->", README.read_text(), re.DOTALL
    )
    assert table is not None
    lines = [line.strip("| ").split(" | ") for line in table[1].splitlines()[2:]]
    assert lines == [
        [kind.told, f"*{MEANINGS[kind.fault].name}*" if kind.fault else "nothing"] for kind in KINDS
    ]
