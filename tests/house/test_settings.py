"""The settings: where they come from and what is refused, each refusal naming its setting."""

from __future__ import annotations

import secrets

import pytest

from webapp import config
from webapp.config import PREFIX, ConfigError, Settings

GOOD_KEY = secrets.token_hex(32)


def test_defaults_serve_the_example_app_from_a_file_in_instance() -> None:
    settings = config.load({}, {})
    assert settings.APPS == ("webapp.catalog",)
    assert settings.database_url == f"sqlite:///{settings.instance / 'app.sqlite'}"


def test_the_environment_sets_what_create_app_is_not_given() -> None:
    environ = {f"{PREFIX}PAGE_SIZE": "50", f"{PREFIX}TIMEZONE": "Asia/Tokyo"}
    settings = config.load({"PAGE_SIZE": 10}, environ)
    assert (settings.PAGE_SIZE, settings.TIMEZONE) == (10, "Asia/Tokyo")


def test_apps_are_separated_by_commas() -> None:
    assert config.load({}, {f"{PREFIX}APPS": "shop, club.members ,"}).APPS == (
        "shop",
        "club.members",
    )


def test_a_relative_instance_path_becomes_absolute() -> None:
    assert Settings(INSTANCE_PATH="data").instance.is_absolute()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "prod"),
        ("PAGE_SIZE", "0"),
        ("PAGE_SIZE", "501"),
        ("PAGE_SIZE", "many"),
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "../../etc/passwd"),
        ("TIMEZONE", ""),
        ("MAX_CONTENT_LENGTH", "10"),
        ("APPS", ".shop"),
        ("APPS", "shop; club"),
        ("SITE_URL", "admin.example.org"),
        ("SITE_URL", "https://admin.example.org/below"),
        ("SITE_URL", "javascript://admin.example.org"),
        ("MAIL_URL", "http://mail.example.org"),
        ("MAIL_URL", "smtp://mail.example.org:port"),
        ("MAIL_URL", "mail.example.org"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"^{PREFIX}{name} is .*: use .*$"):
        config.load({}, {PREFIX + name: value})


@pytest.mark.parametrize(
    "key",
    [
        "",
        "   ",
        "short",
        "dev",
        "change-me-please-change-me",
        "your_secret_key_here",
        "django-insecure-secret-key",
        "Your-Production-Secret-Key",
        "a" * 64,
    ],
)
def test_production_refuses_a_key_that_others_can_guess(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{PREFIX}SECRET_KEY is .*secrets.token_hex.*$"):
        config.load({}, {f"{PREFIX}ENV": "production", f"{PREFIX}SECRET_KEY": key})


@pytest.mark.parametrize(
    "key",
    [GOOD_KEY, secrets.token_urlsafe(16), "correct horse battery"],
    ids=["hexadecimal", "for an address", "words"],
)
def test_production_accepts_a_key_of_ones_own(key: str) -> None:
    settings = config.load({"ENV": "production", "SECRET_KEY": key}, {})
    assert settings.SECRET_KEY == key


MAIL = {
    "MAIL_URL": "smtp://name:secret@mail.example.org",
    "MAIL_FROM": "admin@example.org",
    "SITE_URL": "https://admin.example.org",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAIL_FROM", ""), ("MAIL_FROM", "nobody"), ("MAIL_FROM", "a@b\r\nBcc: c"), ("SITE_URL", "")],
)
def test_mail_needs_a_sender_and_the_address_of_the_site(name: str, value: str) -> None:
    assert config.load(MAIL, {}).MAIL_FROM == "admin@example.org"
    with pytest.raises(ConfigError, match=f"^{PREFIX}{name} is .*: use .*$") as refused:
        config.load(MAIL | {name: value}, {})
    assert "secret" not in str(refused.value)


def test_a_bad_address_of_a_mail_server_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as refused:
        config.load(MAIL | {"MAIL_URL": "smpt://name:secret@mail.example.org"}, {})
    assert "secret" not in str(refused.value)


def test_links_of_production_are_by_https() -> None:
    given = {"ENV": "production", "SECRET_KEY": GOOD_KEY, "SITE_URL": "http://admin.example.org"}
    with pytest.raises(ConfigError, match=f"^{PREFIX}SITE_URL is .*: use https"):
        config.load(given, {})
