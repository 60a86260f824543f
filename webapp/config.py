"""The settings: their names, defaults and meaning, read from a mapping or the environment."""

from __future__ import annotations

import os
import zoneinfo
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "VERSIONED_ADMIN_"
ENVIRONMENTS = ("development", "production")
SHORTEST_KEY = 16
BOOLEANS = {
    "1": True,
    "true": True,
    "yes": True,
    "0": False,
    "false": False,
    "no": False,
    "": False,
}
#: This machine's names for itself.
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
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
    SESSION_HOURS: int = _setting(12, "hours after which everybody signs in again, 1 to 720")
    IDLE_MINUTES: int = _setting(
        120, "minutes without a page after which one signs in again, 5 to 1440"
    )
    SECOND_STEP: tuple[str, ...] = _setting(
        (),
        "roles that need a second step at the sign-in, separated by commas, such as"
        " `administrator,auditor`; all others may have one",
    )
    PROXIES: int = _setting(
        0, "proxies before the application whose `X-Forwarded-` headers are believed, 0 to 5"
    )
    HOSTS: tuple[str, ...] = _setting(
        (), "host names that are answered, separated by commas; empty: any"
    )
    SITE_URL: str = _setting(
        "",
        "address that people open the site with, such as `https://admin.example.org`; links in"
        " mails begin with it",
    )
    MAIL_URL: str = _setting(
        "",
        "server for links to a new password: `smtp://user:password@host:587` (with STARTTLS) or"
        " `smtps://…:465`; empty: nothing is mailed, and administrators make such links",
    )
    MAIL_FROM: str = _setting("", "address that mails come from; needed with `MAIL_URL`")
    DEMO: bool = _setting(
        False, "the command `demo` sets it: accounts without passwords; refused in production"
    )

    def __post_init__(self) -> None:
        if self.ENV not in ENVIRONMENTS:
            raise ConfigError(f"{PREFIX}ENV is {self.ENV!r}: use one of {', '.join(ENVIRONMENTS)}.")
        if not 1 <= self.PAGE_SIZE <= 500:
            raise ConfigError(f"{PREFIX}PAGE_SIZE is {self.PAGE_SIZE}: use a number from 1 to 500.")
        if self.MAX_CONTENT_LENGTH < 1024:
            raise ConfigError(
                f"{PREFIX}MAX_CONTENT_LENGTH is {self.MAX_CONTENT_LENGTH}: use 1024 bytes or more."
            )
        _check_range(self, "SESSION_HOURS", 1, 720)
        _check_range(self, "IDLE_MINUTES", 5, 1440)
        _check_range(self, "PROXIES", 0, 5)
        _check_apps(self.APPS)
        _check_timezone(self.TIMEZONE)
        _check_site(self.SITE_URL, self.ENV)
        _check_mail(self)
        if self.ENV == "production":
            _check_key(self.SECRET_KEY)
            if self.DEMO:
                raise ConfigError(
                    f"{PREFIX}DEMO lets everybody in without a password, which production refuses:"
                    " unset it."
                )

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
    if isinstance(item.default, bool):
        if str(raw).strip().lower() not in BOOLEANS:
            raise ConfigError(f"{PREFIX}{item.name} is {raw!r}: use one of 1, 0, yes, no.")
        return BOOLEANS[str(raw).strip().lower()]
    if isinstance(item.default, int):
        try:
            return int(raw)
        except ValueError:
            raise ConfigError(f"{PREFIX}{item.name} is {raw!r}: use a whole number.") from None
    return str(raw).strip()


def check_flask(given: Mapping[str, Any], *, debug: bool) -> None:
    """Refuse for production what Flask's own settings would open. Raises `ConfigError`."""
    if debug or given.get("DEBUG"):
        raise ConfigError(
            "FLASK_DEBUG shows the program's insides and runs code from the browser, which"
            " production refuses: unset it."
        )
    for name in ("SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "WTF_CSRF_ENABLED"):
        if not given.get(name, True):
            raise ConfigError(
                f"{name} is off, so that others could use what a person is signed in to, which"
                " production refuses: leave it out."
            )


def _check_range(settings: Settings, name: str, least: int, most: int) -> None:
    value = getattr(settings, name)
    if not least <= value <= most:
        raise ConfigError(f"{PREFIX}{name} is {value}: use a number from {least} to {most}.")


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


def _check_site(url: str, env: str) -> None:
    parts = urlsplit(url)
    schemes = ("https",) if env == "production" else ("https", "http")
    plain = not (parts.path or parts.query or parts.fragment or parts.username)
    if url and not (parts.scheme in schemes and parts.hostname and plain):
        raise ConfigError(
            f"{PREFIX}SITE_URL is {url!r}: use {' or '.join(schemes)}, the host and nothing after"
            " it, as in https://admin.example.org."
        )


def _check_mail(settings: Settings) -> None:
    if not settings.MAIL_URL:
        return
    try:
        parts = urlsplit(settings.MAIL_URL)
        works = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.port != 0
    except ValueError:
        works = False
    if not works:  # the text may hold a password, so it is not shown
        raise ConfigError(
            f"{PREFIX}MAIL_URL is no address of a mail server: use"
            " smtp://user:password@host:587 or smtps://user:password@host:465."
        )
    name, at, host = settings.MAIL_FROM.rpartition("@")
    if not (name and at and host) or any(character <= " " for character in settings.MAIL_FROM):
        raise ConfigError(
            f"{PREFIX}MAIL_FROM is {settings.MAIL_FROM!r}: use the address that mails come from."
        )
    if not settings.SITE_URL:
        raise ConfigError(
            f"{PREFIX}SITE_URL is empty: use the address of this site, which links in mails name."
        )


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
