"""The command: `python -m tests.benchmarks`; `--help` tells its options."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import tests.benchmarks
from tests.benchmarks import batches, checks, edits, pages, size, statements, web, writers
from tests.benchmarks.databases import KINDS, empty_database, servers, version_of
from tests.benchmarks.report import Line, surroundings, table

Part = Callable[[str, bool], Iterator[Line]]
PARTS: dict[str, Part] = {
    "edits": edits.measure,
    "batches": batches.measure,
    "statements": statements.measure,
    "writers": writers.measure,
    "pages": pages.measure,
    "size": size.measure,
    "web": web.measure,
    "checks": checks.measure,
}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
RESULTS = Path(__file__).parent / "RESULTS.md"
PREFACE = """# What versions cost

Written by `python -m tests.benchmarks --write`. *Plain ORM* is SQLAlchemy's own UPDATE of a table
without versions, with the same columns and the same commit; *ours* is the core alone unless the
line says more. Each number is the median of many runs, in turns with what it is compared with:
edits and lists with that alone, since whatever else runs between them leaves the processor's caches
to others, as it does for the one line that says so. Every commit reaches the disk.
*Recipe* is SQLAlchemy's example "versioned rows with a version id", *Continuum* is
SQLAlchemy-Continuum; their × are against plain ORM.
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=tests.benchmarks.__doc__
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds and records")
    parser.add_argument("--database", choices=KINDS, action="append", help="on this one only")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part only")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name} too")
    options = parser.parse_args()
    # SQLite has no decimals: SQLAlchemy says so of each contender alike
    warnings.filterwarnings("ignore", message="Dialect sqlite")
    found, numbers, missed = [], {}, 0
    with servers(options.database or list(KINDS)) as addresses:
        for kind, server in addresses.items():
            with empty_database(server) as url:
                numbers[NAMES[kind]] = version_of(url)
            lines = []
            for name in options.only or PARTS:
                print(f"{NAMES[kind]}: {name} …", file=sys.stderr, flush=True)
                lines += PARTS[name](server, options.quick)
            found += [f"\n## {NAMES[kind]}\n", table(lines)]
            missed += sum(line.met is False for line in lines)
    text = "\n".join([PREFACE, surroundings(numbers), *found, ""])
    print(text)
    if options.write:
        RESULTS.write_text(text)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
