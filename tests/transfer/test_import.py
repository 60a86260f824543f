"""What an import makes of the lines: records, versions, changes."""

from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.transfer.builders import line, write
from tests.transfer.conftest import Run
from tests.transfer.things.models import Shade, Thing
from webapp.changes import Change
from webapp.transfer import importing
from webapp.versioning import change, current, enable_versioning

MODEL = ("--model", "Thing", "--key", "name")


def noon(day: int) -> dt.datetime:
    return dt.datetime(2024, 5, day, 12, tzinfo=dt.UTC)


def things(session: Session) -> list[Thing]:
    return list(session.scalars(select(Thing).order_by(Thing.id, Thing.version_id)))


def changes(session: Session) -> list[Change]:
    return list(session.scalars(select(Change).order_by(Change.id)))


def test_times_actors_and_reasons_are_kept(run: Run, session: Session, tmp_path: Path) -> None:
    file = write(
        tmp_path / "h.jsonl",
        line(actor="Alice", reason="Opening range", at="2024-05-01T14:00:00+02:00"),
        line("update", day=2, actor="Bob", reason="Counted", values={"count": 7}),
    )
    assert run("import", file, *MODEL).output == "2 lines read: 2 changes imported.\n"
    told = [(one.at, one.actor, one.reason, one.origin) for one in changes(session)]
    assert told == [
        (noon(1), "Alice", "Opening range", "import"),
        (noon(2), "Bob", "Counted", "import"),
    ]
    assert [one.version_from for one in things(session)] == [noon(1), noon(2)]


def test_nobody_and_no_reason_stay_so(run: Run, session: Session, tmp_path: Path) -> None:
    run("import", write(tmp_path / "h.jsonl", line(actor=None, reason=None)), *MODEL)
    assert [(one.actor, one.reason) for one in changes(session)] == [(None, None)]


def test_neighbours_of_one_time_actor_and_reason_are_one_change(
    run: Run, session: Session, tmp_path: Path
) -> None:
    lines = [line(key="cup"), line(key="pot"), line(key="jug", reason="Later")]
    run("import", write(tmp_path / "h.jsonl", *lines), *MODEL)
    first, second = changes(session)
    assert [one.change_id for one in things(session)] == [first.id, first.id, second.id]


def test_a_blank_line_begins_the_next_change(run: Run, session: Session, tmp_path: Path) -> None:
    run("import", write(tmp_path / "h.jsonl", line(key="cup"), "", line(key="pot"), ""), *MODEL)
    assert len(changes(session)) == 2


def test_a_record_named_again_begins_the_next_change(
    run: Run, session: Session, tmp_path: Path
) -> None:
    lines = [line(), line("update", day=1, values={"count": 1}), line("delete", day=1), line(day=1)]
    run("import", write(tmp_path / "h.jsonl", *lines), *MODEL)
    assert len(changes(session)) == 4
    ops = [(one.id, one.version_id, one.version_op) for one in things(session)]
    assert ops == [(1, 1, "create"), (1, 2, "update"), (1, 3, "delete"), (1, 4, "create")]


def test_columns_left_out_keep_their_values(run: Run, session: Session, tmp_path: Path) -> None:
    full = {"name": "kettle", "price": "12.5", "shade": "light", "day": "2024-05-31"}
    lines = [line(values=full), line("update", day=2, values={"count": 3})]
    run("import", write(tmp_path / "h.jsonl", *lines), *MODEL)
    newest = session.scalars(current(Thing)).one()
    assert (newest.price, newest.shade, newest.count) == (Decimal("12.50"), Shade.LIGHT, 3)


def test_an_update_to_equal_values_makes_no_version(
    run: Run, session: Session, tmp_path: Path
) -> None:
    file = write(tmp_path / "h.jsonl", line(), line("update", day=2, values={"name": "kettle"}))
    run("import", file, *MODEL)
    run("import", file, *MODEL)
    assert [one.version_id for one in things(session)] == [1]


def test_an_update_renames_and_the_next_line_uses_the_new_name(
    run: Run, session: Session, tmp_path: Path
) -> None:
    lines = [
        line(),
        line("update", day=2, values={"name": "pot"}),
        line("delete", key="pot", day=3),
        line(key="kettle", day=4),
    ]
    run("import", write(tmp_path / "h.jsonl", *lines), *MODEL)
    assert [(one.id, one.name) for one in things(session)] == [
        (1, "kettle"),
        (1, "pot"),
        (1, "pot"),
        (2, "kettle"),
    ]


def test_names_may_be_swapped_in_one_change(run: Run, session: Session, tmp_path: Path) -> None:
    lines = [
        line(key="cup"),
        line(key="pot"),
        line("update", key="cup", day=2, values={"name": "pot"}),
        line("update", key="pot", day=2, values={"name": "cup"}),
    ]
    run("import", write(tmp_path / "h.jsonl", *lines), *MODEL)
    assert [one.name for one in session.scalars(current(Thing).order_by(Thing.id))] == [
        "pot",
        "cup",
    ]


def test_without_a_key_column_keys_are_ids(run: Run, session: Session, tmp_path: Path) -> None:
    lines = [line(key="17", values={"id": 17, "name": "a"}), line("delete", key="17", day=2)]
    result = run("import", write(tmp_path / "h.jsonl", *lines), "--model", "Thing")
    assert result.exit_code == 0, result.output
    assert [(one.id, one.version_op) for one in things(session)] == [(17, "create"), (17, "delete")]


def test_an_import_goes_on_from_the_records_that_there_are(
    run: Run, session: Session, tmp_path: Path
) -> None:
    enable_versioning(session, change_model=Change)
    with change(session, at=noon(1)):
        session.add(Thing(name="kettle"))
        session.commit()
    earlier = write(tmp_path / "a.jsonl", line("update", at="2024-05-01T11:59:59Z"))
    assert "line 1: its time is" in run("import", earlier, *MODEL).output
    later = write(tmp_path / "b.jsonl", line("update", day=2, values={"count": 2}))
    assert run("import", later, *MODEL).exit_code == 0
    assert [one.count for one in things(session)] == [0, 2]


def test_packed_files_are_read(run: Run, session: Session, tmp_path: Path) -> None:
    plain = write(tmp_path / "h.jsonl", line())
    packed = tmp_path / "h.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert run("import", packed, *MODEL).exit_code == 0
    assert len(things(session)) == 1


def test_a_packed_file_that_is_cut_off_imports_nothing(
    run: Run, session: Session, tmp_path: Path
) -> None:
    packed = tmp_path / "h.jsonl.gz"
    whole = gzip.compress(write(tmp_path / "h.jsonl", line()).read_bytes())
    packed.write_bytes(whole[:-9])
    result = run("import", packed, *MODEL)
    assert (result.exit_code, things(session)) == (1, [])
    assert "cannot be unpacked" in result.output


def test_check_writes_nothing(run: Run, session: Session, tmp_path: Path) -> None:
    result = run("import", write(tmp_path / "h.jsonl", line()), *MODEL, "--check")
    assert result.output == "1 lines read: 1 changes would be imported.\n"
    assert things(session) == []


def test_a_change_larger_than_its_parts_is_one_transaction(
    run: Run, session: Session, tmp_path: Path
) -> None:
    keys = [f"k{number}" for number in range(2 * importing.CHUNK + 5)]
    file = write(
        tmp_path / "h.jsonl",
        *(line(key=key) for key in keys),
        *(line("delete", key=key, day=2) for key in keys),
    )
    run("import", file, *MODEL)
    assert len(changes(session)) == 2
    assert len(things(session)) == 2 * len(keys)
    assert session.scalars(current(Thing)).all() == []


def test_long_files_tell_their_progress(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", *(line(key=f"k{number}") for number in range(10_001)))
    result = run("import", file, *MODEL)
    assert "10,000 lines checked" in result.stderr
    assert "10,000 of 10,001 lines imported" in result.stderr


def test_a_change_that_the_database_refuses_is_left_out_whole(
    run: Run, session: Session, tmp_path: Path
) -> None:
    """Two living things of one name: not seen where the keys are ids."""
    lines = [
        line(key="1", values={"name": "cup"}),
        line(key="2", day=2, values={"name": "pot"}),
        line(key="3", day=2, values={"name": "cup"}),
    ]
    file = write(tmp_path / "h.jsonl", *lines)
    result = run("import", file, "--model", "Thing")
    assert result.exit_code == 1
    assert "lines 2 to 3, one change, were refused" in result.output
    assert [one.name for one in things(session)] == ["cup"]


def test_unknown_models_columns_and_files_are_told(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "h.jsonl", line())
    assert "There is no versioned model 'Thin'" in run("import", file, "--model", "Thin").output
    unknown = run("import", file, "--model", "Thing", "--key", "colour")
    assert "Thing has no column 'colour'" in unknown.output
    assert run("import", tmp_path / "none", *MODEL).exit_code == 2
