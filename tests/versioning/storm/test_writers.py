"""Many processes edit few records: no edit is lost, none applied twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.versioning.storm import crowd
from tests.versioning.storm.thing import by_record, check_table, make_tables, onlooker, wanted

WRITERS, RECORDS = 8, 10
EDITS = wanted("STORM_EDITS", 50)


def test_eight_writers_on_ten_records_lose_nothing(database_url: str, tmp_path: Path) -> None:
    make_tables(database_url)
    crowd.seed_records(database_url, RECORDS)
    counts = map(str, (WRITERS, EDITS, RECORDS))
    command = [sys.executable, "-m", crowd.__name__, "writers", database_url, *counts]
    subprocess.run([*command, str(tmp_path)], check=True)
    reports = [json.loads(report.read_text()) for report in tmp_path.glob("*.json")]
    print(*(report["met"] for report in reports))
    saved = {token: id for report in reports for token, id in report["saved"].items()}
    assert len(saved) == WRITERS * EDITS
    with onlooker(database_url) as connection:
        rows = check_table(connection)
    found: dict[str, int] = {}
    for id, versions in by_record(rows).items():
        tokens: list[str] = []
        for row in versions:
            before, tokens = tokens, json.loads(row["data"].strip("'"))
            added = tokens[len(before) :]
            assert tokens[: len(before)] == before and len(added) == min(row["version_id"] - 1, 1)
            assert int(row["qty"]) == len(tokens)
        assert len(set(tokens)) == len(tokens)
        found.update(dict.fromkeys(tokens, id))
    assert found == saved
