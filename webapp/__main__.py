"""The console script `versioned-admin`, also `python -m webapp`."""

from __future__ import annotations

import os
import sys

from webapp import create_app
from webapp.cli import commands


def main() -> None:
    sys.path.append(os.getcwd())  # where the apps named in APPS may lie; last, so it hides nothing
    commands.main(prog_name="versioned-admin", obj=create_app)


if __name__ == "__main__":
    main()
