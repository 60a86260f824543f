"""The settings: their names, defaults and meaning, read from a mapping or the environment."""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

PREFIX = "VERSIONED_ADMIN_"
ENVIRONMENTS = ("development", "production")
SHORTEST_KEY = 16
MAKE_A_KEY = 'python3 -c "import secrets; print(secrets.token_hex(32))"'
# Keys that stand in tutorials and examples: whoever knows one can sign any session.
WELL_KNOWN_KEYS = ("change", "default", "dev", "example", "insecure", "key", "password", "secret")


class ConfigError(Exception):
    """A setting, or what it points at, cannot work: one line that says what to do."""


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set; every value is checked when the object is made."""

    ENV: str = _setting(
        "development",
        "`production` demands a secret key of your own and sends cookies over HTTPS only",
    )
    SECRET_KEY: str = _setting(
        "", "signs sessions and forms; empty in development: one is made and kept in `instance/`"
    )
    DATABASE_URL: str = _setting(
        "", "SQLAlchemy URL of the database; empty: `app.sqlite` in `instance/`"
    )
    INSTANCE_PATH: str = _setting(
        "",
        "folder of the SQLite file and the secret key; empty: `instance/` of the checkout,"
        " or of the current folder when installed",
    )
    APPS: tuple[str, ...] = _setting(
        ("webapp.catalog",), "packages to load, separated by commas, each with its `models.py`"
    )
    PAGE_SIZE: int = _setting(20, "records on a list page, 1 to 500")
    TIMEZONE: str = _setting("UTC", "time zone in which pages show times, such as `Europe/Berlin`")
    UPLOADS: str = _setting("", "folder of the files of records; empty: `uploads/` in `instance/`")
    MAX_CONTENT_LENGTH: int = _setting(4 * 1024 * 1024, "largest request in bytes")

    def __post_init__(self) -> None:
        if self.ENV not in ENVIRONMENTS:
            raise ConfigError(f"{PREFIX}ENV is {self.ENV!r}: use one of {', '.join(ENVIRONMENTS)}.")
        if not 1 <= self.PAGE_SIZE <= 500:
            raise ConfigError(f"{PREFIX}PAGE_SIZE is {self.PAGE_SIZE}: use a number from 1 to 500.")
        if self.MAX_CONTENT_LENGTH < 1024:
            raise ConfigError(
                f"{PREFIX}MAX_CONTENT_LENGTH is {self.MAX_CONTENT_LENGTH}: use 1024 bytes or more."
            )
        _check_apps(self.APPS)
        _check_timezone(self.TIMEZONE)
        if self.ENV == "production":
            _check_key(self.SECRET_KEY)

    @property
    def instance(self) -> Path:
        """The instance folder, absolute."""
        if self.INSTANCE_PATH:
            return Path(self.INSTANCE_PATH).expanduser().resolve()
        checkout = Path(__file__).resolve().parent.parent
        home = checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()
        return home / "instance"

    @property
    def uploads(self) -> Path:
        """The folder of the files, absolute."""
        return (
            Path(self.UPLOADS).expanduser().resolve() if self.UPLOADS else self.instance / "uploads"
        )

    @property
    def database_url(self) -> str:
        return self.DATABASE_URL or f"sqlite:///{self.instance / 'app.sqlite'}"


def load(config: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings from `config`, else from the environment, else their defaults."""
    values = {}
    for item in fields(Settings):
        raw = config.get(item.name, environ.get(PREFIX + item.name))
        if raw is not None:
            values[item.name] = _parse(item, raw)
    return Settings(**values)


def _parse(item: Field[Any], raw: Any) -> Any:
    if isinstance(item.default, tuple):
        parts = raw.split(",") if isinstance(raw, str) else raw
        return tuple(part.strip() for part in parts if part.strip())
    if isinstance(item.default, int):
        try:
            return int(raw)
        except ValueError:
            raise ConfigError(f"{PREFIX}{item.name} is {raw!r}: use a whole number.") from None
    return str(raw).strip()


def _check_apps(names: tuple[str, ...]) -> None:
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise ConfigError(f"{PREFIX}APPS is {name!r}: use names of packages, as in a.b,c.")


def _check_timezone(name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ConfigError(
            f"{PREFIX}TIMEZONE is {name!r}: use a name such as UTC or Europe/Berlin."
        ) from None


def _check_key(key: str) -> None:
    if not key:
        state = "empty"
    elif len(key) < SHORTEST_KEY:
        state = f"shorter than {SHORTEST_KEY} characters"
    elif len(set(key)) < 8 or _is_well_known(key):
        state = "a default that others know"
    else:
        return
    raise ConfigError(
        f"{PREFIX}SECRET_KEY is {state}, which production refuses: set it to what this prints:"
        f" {MAKE_A_KEY}"
    )


def _is_well_known(key: str) -> bool:
    """Made of the words of placeholders alone: change-me, django-insecure-key, dev_secret_key."""
    rest = key.lower()
    for word in (
        *WELL_KNOWN_KEYS,
        "production",
        "django",
        "flask",
        "please",
        "your",
        "here",
        "this",
        "me",
    ):
        rest = rest.replace(word, "")
    return not any(character.isalnum() for character in rest)
