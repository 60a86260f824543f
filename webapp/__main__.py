"""The console script `versioned-admin`, also `python -m webapp`."""

from __future__ import annotations

from webapp import create_app
from webapp.cli import commands


def main() -> None:
    commands.main(prog_name="versioned-admin", obj=create_app)


if __name__ == "__main__":
    main()
