"""Whose revisions there are, where they lie, and which tables are whose."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, MetaData, Table

from webapp.config import PREFIX, ConfigError
from webapp.extensions import Base, db
from webapp.versioning import made_for

#: What the branch of the software's own tables is called: accounts, changes, reviews, reads.
SOFTWARE = "webapp"
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Branch:
    """The revisions of one package: the software itself, or an app."""

    package: str
    folder: Path
    tables: frozenset[str]  # their keys in the metadata
    metadata: MetaData = db.metadata

    @cached_property
    def script(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(self.config())

    @cached_property
    def revisions(self) -> list[Script]:
        """From the first to the newest.

        Raises ConfigError where they cannot be read, or two of them follow the same one.
        """
        if not self.folder.is_dir():
            return []
        try:
            heads = self.script.get_heads()
        except Exception as error:  # whatever stands in a file there
            told = " ".join(f"{type(error).__name__}: {error}".split())
            raise ConfigError(
                f"The revisions in {self.folder} cannot be read ({told}): mend them, or move what"
                " is none to another folder."
            ) from error
        if len(heads) > 1:
            raise ConfigError(
                f"{self.package} has {len(heads)} newest revisions, {' and '.join(sorted(heads))}:"
                " have one follow the other by its down_revision, and number it anew."
            )
        return list(self.script.walk_revisions())[::-1]

    @property
    def newest(self) -> str | None:
        return self.revisions[-1].revision if self.revisions else None

    @property
    def own(self) -> list[Table]:
        """The package's tables, those that others refer to first."""
        return [t for t in self.metadata.sorted_tables if t.key in self.tables]

    @property
    def version_table(self) -> str:
        """The table that says where a database stands."""
        own = "" if self.package == SOFTWARE else f"_{self.package.replace('.', '_')}"
        return f"alembic_version{own}"

    def stamp(self, connection: Connection) -> str | None:
        """The revision that the database is at."""
        options = {"version_table": self.version_table}
        heads = MigrationContext.configure(connection, opts=options).get_current_heads()
        return heads[0] if heads else None

    def config(self, connection: Connection | None = None, **options: Any) -> Config:
        """What Alembic's own functions take; `env.py` hands the options on."""
        made = Config(cmd_opts=Namespace(quiet=True))
        for name, value in {
            "script_location": str(HERE),
            "version_locations": str(self.folder),
            "path_separator": "newline",
            "file_template": "%(rev)s_%(slug)s",
        }.items():
            made.set_main_option(name, value.replace("%", "%%"))
        made.attributes.update(connection=connection, options=self._options() | options)
        return made

    def _options(self) -> dict[str, Any]:
        def known(name: str | None, kind: str, parents: Any) -> bool:
            return kind != "table" or parents["schema_qualified_table_name"] in self.tables

        def own(item: Any, name: str | None, kind: str, *_: Any) -> bool:
            return kind != "table" or item.key in self.tables

        return {
            "target_metadata": self.metadata,
            "version_table": self.version_table,
            "compare_type": True,
            "include_name": known,
            "include_object": own,
            "render_as_batch": True,
        }


def branches(apps: Iterable[str]) -> list[Branch]:
    """The software's own branch, then the apps' in their order. The models are mapped by now."""
    apps = list(apps)
    owners = _owners([*apps, SOFTWARE])
    made = [(SOFTWARE, HERE / "versions"), *((app, _folder(app)) for app in apps)]
    return [
        Branch(name, folder, frozenset(key for key, owner in owners.items() if owner == name))
        for name, folder in made
    ]


def branch_of(package: str, apps: Iterable[str]) -> Branch:
    """Raises ConfigError for a package that is not loaded."""
    found = next((each for each in branches(apps) if each.package == package), None)
    if found is None:
        raise ConfigError(
            f"{package} is not loaded: name one of {', '.join([*apps, SOFTWARE])}, or set"
            f" {PREFIX}APPS."
        )
    return found


def _folder(app: str) -> Path:
    spec = find_spec(app)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise ConfigError(f"{PREFIX}APPS names {app!r}, which is no package: give it a folder.")
    return Path(places[0]) / "migrations"


def _owners(packages: list[str]) -> dict[str, str | None]:
    """The package of each table: of its model's module, or of the module that holds the table.

    A table in a schema of its own is nobody's, and so in no revision.
    """
    modules: dict[Table, str] = {}
    for name, module in list(sys.modules.items()):
        if any(_is_in(name, package) for package in packages):
            here = (each for each in list(vars(module).values()) if isinstance(each, Table))
            modules.update((table, name) for table in here)
    for mapper in Base.registry.mappers:
        if isinstance(mapper.local_table, Table):
            modules.setdefault(mapper.local_table, mapper.class_.__module__)
    return {
        key: _nearest(modules.get(made_for(table), ""), packages)
        for key, table in db.metadata.tables.items()
        if table.schema is None
    }


def _nearest(module: str, packages: list[str]) -> str | None:
    holding = [package for package in packages if _is_in(module, package)]
    return max(holding, key=len, default=None)


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
