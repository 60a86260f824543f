"""The secret key that an installation makes for itself."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from webapp import create_app, instance
from webapp.config import ConfigError


def test_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = instance.secret_key(tmp_path / "instance")
    file = tmp_path / "instance" / "secret_key"
    assert len(first) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert instance.secret_key(tmp_path / "instance") == first


def test_racing_processes_get_the_same_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        keys = set(pool.map(instance.secret_key, [tmp_path] * 16))
    assert len(keys) == 1
    assert os.listdir(tmp_path) == ["secret_key"]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 40])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret_key").write_bytes(content)
    with pytest.raises(ConfigError, match=r"secret_key .*remove"):
        instance.secret_key(tmp_path)


def test_a_key_of_ones_own_and_a_database_elsewhere_need_no_folder(
    tmp_path: Path, sqlite_url: str
) -> None:
    folder = tmp_path / "instance"
    app = create_app(
        {"SECRET_KEY": "x" * 32, "DATABASE_URL": sqlite_url, "INSTANCE_PATH": str(folder)}
    )
    assert app.config["SECRET_KEY"] == "x" * 32
    assert not folder.exists()
