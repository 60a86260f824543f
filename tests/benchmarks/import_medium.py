"""Times the import of the largest real history and checks every answer about it.

    python -m tests.benchmarks.import_medium [DATABASE_URL]

Needs the real histories (see tests/transfer/real.py) and an empty database; by default it makes a
SQLite file and throws it away. 170,675 lines, the largest change of which has 46,604.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy.orm import Session

from tests.transfer import real
from webapp import create_app, database
from webapp.changes import Change
from webapp.extensions import db
from webapp.transfer import export_history, import_history
from webapp.versioning import enable_versioning


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder: Path, url: str | None) -> None:
    app = create_app(
        {
            "DATABASE_URL": url or f"sqlite:///{folder / 'medium.sqlite'}",
            "INSTANCE_PATH": str(folder),
            "APPS": ("tests.transfer.datasets",),
        }
    )
    data = real.MEDIUM
    with app.app_context(), Session(db.engine) as session:
        database.create_tables()
        enable_versioning(session, change_model=Change)
        print(f"{db.engine.dialect.name}: {megabytes():.0f} MiB before")
        for what in ("import", "import again"):
            start, cpu = time.perf_counter(), time.process_time()
            report = import_history(
                session, data.model, data.path, key=data.key, change_model=Change
            )
            took, busy = time.perf_counter() - start, time.process_time() - cpu
            print(f"{what}: {report}, {took:.1f} s ({busy:.1f} s CPU), {megabytes():.0f} MiB")
        start, cpu = time.perf_counter(), time.process_time()
        lines = sum(1 for _ in export_history(session, data.model, change_model=Change))
        took, busy = time.perf_counter() - start, time.process_time() - cpu
        print(f"export: {lines} lines, {took:.1f} s ({busy:.1f} s CPU), {megabytes():.0f} MiB")
        session.rollback()
        wrong = list(real.wrong(session, data))
        print("every answer matches" if not wrong else "\n".join(wrong))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name), sys.argv[1] if len(sys.argv) > 1 else None)
